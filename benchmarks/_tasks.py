"""The two tasks of Marschall, Cho & Savin (2020), JMLR 21(135), as endless streams of windows."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

BLOCK = 1000  # steps made at once


class Task(ABC):
    """A stream of inputs and targets, and the loss of a read-out.

    Attributes:
        name: of the task.
        alpha: leak of the network that learns it.
        inputs: number of inputs.
        outputs: number of outputs.
        floors: losses to compare with, by what a network knows that has them.
    """

    name: str
    alpha: float
    inputs: int
    outputs: int
    floors: dict[str, float]

    @abstractmethod
    def blocks(self, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs and targets of stretches of `BLOCK` steps, [time, batch, ...] each, for ever."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Loss of each step and stream, [time, batch], of read-outs [time, batch, output]."""

    def windows(
        self, steps: int, batch: int, generator: torch.Generator
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The stream in windows of so many steps, which must divide a block's."""
        for inputs, targets in self.blocks(batch, generator):
            yield from zip(inputs.split(steps), targets.split(steps), strict=True)


class Add(Task):
    """y(t) = .5 + .5 x(t - first) - .25 x(t - second), of a coin x tossed anew at each step.

    Inputs are x and 1 - x, targets y and 1 - y, the loss is the cross-entropy of a softmax.

    Args:
        alpha: leak of the network.
        first: lag of the one toss, in tosses.
        second: lag of the other.
        slowness: steps for which each toss lasts, the task's time constant.
    """

    inputs = outputs = 2
    floors = {"nothing": 0.6616, "the first lag": 0.5192, "both lags": 0.4545}

    def __init__(self, alpha: float, first: int, second: int, slowness: int):
        self.name, self.alpha, self.slowness = f"Add, alpha {alpha:g}", alpha, slowness
        self.first, self.second = first, second

    def blocks(self, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """See `Task.blocks`."""
        past = torch.zeros(self.second, batch)
        while True:
            new = torch.rand(BLOCK // self.slowness, batch, generator=generator).round()
            tosses = torch.cat([past, new])
            count, past = len(new), tosses[len(new) :]
            one, other = (
                tosses[self.second - lag : self.second - lag + count]
                for lag in (self.first, self.second)
            )
            target = 0.5 + 0.5 * one - 0.25 * other
            yield self._pair(new), self._pair(target)

    def _pair(self, signal: Tensor) -> Tensor:
        pair = torch.stack([signal, 1 - signal], 2)
        return pair.repeat_interleave(self.slowness, 0)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """See `Task.loss`."""
        return -(target * output.log_softmax(2)).sum(2)


class Mimic(Task):
    """The read-out of another network like the one that learns, with fixed random weights.

    Inputs are coins, the loss is the mean square of the read-out's errors.

    Args:
        alpha: leak of both networks.
        units: of the network that is mimicked.
        size: number of inputs, and of outputs.
    """

    floors: dict[str, float] = {}

    def __init__(self, alpha: float = 1.0, units: int = 32, size: int = 32):
        self.name, self.alpha, self.units = "Mimic", alpha, units
        self.inputs = self.outputs = size

    def blocks(self, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """See `Task.blocks`."""

        def random(rows: int, columns: int) -> Tensor:
            return torch.randn(rows, columns, generator=generator) / columns**0.5

        into, out = random(self.units, self.inputs), random(self.outputs, self.units)
        recurrent = torch.linalg.qr(random(self.units, self.units))[0]
        rate = torch.zeros(batch, self.units)
        while True:
            inputs = torch.rand(BLOCK, batch, self.inputs, generator=generator).round()
            rates = []
            for x in inputs:
                current = torch.tanh(x @ into.t() + rate @ recurrent.t())
                rate = (1 - self.alpha) * rate + self.alpha * current
                rates.append(rate)
            yield inputs, torch.stack(rates) @ out.t()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """See `Task.loss`."""
        return (output - target).square().mean(2)


TASKS: list[Task] = [Add(1.0, 5, 9, slowness=1), Add(0.5, 2, 4, slowness=2), Mimic()]
