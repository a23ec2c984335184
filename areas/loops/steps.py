"""The steps of a cell over a window, and their reverse, by tensor calls.

`Forward` and `Reverse` are what `dynamics` gives: a window whose steps are taken one by one, or
many in a row with the recurrent synapses in between. `fused_steps` has them as native loops; here
they are taken by tensor calls, which any device and any operation can do.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from areas.loops.chunks import at_once
from areas.loops.pointwise import Pointwise
from areas.synapses import Synapses

CHUNK = 2**18  # elements of currents whose derivatives are taken at once, to stay in the cache


class Recurrence(NamedTuple):
    """What brings the units' own emission back to them."""

    synapses: Synapses
    reached: slice  # of the current dimension [current * unit]


class Forward(ABC):
    """Steps of a window, one by one."""

    def __init__(
        self,
        dynamics: Pointwise,
        currents: Tensor,
        carried: Sequence[Tensor],
        results: Sequence[Tensor],
        kernel: Any,
    ):
        self.dynamics, self.currents, self.kernel = dynamics, currents, kernel
        self.carried, self.results = carried, results

    @abstractmethod
    def step(self, t: int, carried: Sequence[Tensor] | None = None) -> None:
        """Take step t.

        Args:
            t: the step.
            carried: the carried fields it finds, [batch, *units] each, contiguous, where they are
                not those the step before left (a stream was reset).
        """

    def run(self, start: int, stop: int, recurrence: Recurrence) -> None:
        """Take the steps from `start` up to `stop`, each after the recurrent currents into it.

        Args:
            start: the first step; those before it have been taken.
            stop: the step before which to end.
            recurrence: the area's recurrent synapses.
        """
        add = recurrence.synapses.adder()
        emitted = self.results[self.dynamics.emitted]
        for t in range(start, stop):
            add(emitted[t], self.currents[t][:, recurrence.reached])
            self.step(t)


class TensorForward(Forward):
    """Steps by tensor calls."""

    def step(self, t: int, carried: Sequence[Tensor] | None = None) -> None:
        """See `Forward.step`."""
        carried = carried or [field[t] for field in self.carried]
        new = self.dynamics.make(*self.dynamics.split(self.currents[t]), *carried)
        for result, value in zip(self.results, new, strict=True):
            result[t + 1] = value


class Reverse(ABC):
    """Reverse steps of a window, one by one.

    Attributes:
        currents_bar: derivatives by the currents, [time, batch, current * unit, ...], filled step
            by step.
    """

    def __init__(
        self,
        dynamics: Pointwise,
        currents: Tensor,
        carried: Sequence[Tensor],
        rate_bar: Tensor,
        carried_bar: Sequence[Tensor],
        kernel: Any,
    ):
        self.dynamics, self.currents, self.kernel = dynamics, currents, kernel
        self.carried, self.rate_bar, self.carried_bar = carried, rate_bar, carried_bar
        self.currents_bar = torch.empty_like(currents)

    @abstractmethod
    def step(self, t: int) -> None:
        """Take the reverse of step t."""

    def run(self, start: int, stop: int, recurrence: Recurrence | None = None) -> None:
        """Take the reverse of the steps before `stop` down to `start`.

        Args:
            start: the step to take last.
            stop: the step after the one to take first; those from it on have been taken.
            recurrence: the area's recurrent synapses, through which derivatives go back from each
                step to what was emitted at the step before; unless given, they do not. With it,
                `start` is at least 1: what came before the window is kept elsewhere.
        """
        for t in reversed(range(start, stop)):
            self.step(t)
            if recurrence is not None:
                reached = self.currents_bar[t][:, recurrence.reached]
                recurrence.synapses.add_transpose(reached, self.emitted_bar(t - 1))

    def emitted_bar(self, t: int) -> Tensor:
        """Derivative by what was emitted at step t, [batch, *units]; to be added to in place."""
        name, carried = self.dynamics.cell.emitted, self.dynamics.cell.carried
        return self.rate_bar[t] if name == "rate" else self.carried_bar[carried.index(name)]


class TensorReverse(Reverse):
    """Reverse steps by tensor calls, from derivatives taken for a stretch of steps at once."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.first = self.currents.shape[0]
        self.rows: list[list[list[Tensor | None]]] = []

    def step(self, t: int) -> None:
        """See `Reverse.step`."""
        if t < self.first:
            size, device = self.currents[0].numel(), self.currents.device
            length = at_once(t + 1, size, CHUNK, device)
            self.first = t + 1 - length
            self._differentiate(self.first, t + 1)
        cell = self.dynamics.cell
        bars = dict(zip(cell.carried, self.carried_bar, strict=True))
        rate_bar = self.rate_bar[t]
        bars["rate"] = rate_bar + bars["rate"] if "rate" in bars else rate_bar
        befores = [torch.zeros_like(rate_bar) for _ in self.carried_bar]
        targets = [*self.currents_bar[t].chunk(len(cell.currents), dim=1), *befores]
        for target, row in zip(targets, self.rows[t - self.first], strict=True):
            target.zero_()
            for name, derivative in zip(self.dynamics.outputs, row, strict=True):
                if derivative is not None:
                    target.addcmul_(derivative, bars[name])
        for bar, before in zip(self.carried_bar, befores, strict=True):
            bar.copy_(before)

    def _differentiate(self, start: int, stop: int) -> None:
        """rows[t][input][output] = derivative of the output by the input, pointwise, or None."""
        carried = [field[start:stop] for field in self.carried]
        columns = self.dynamics.slopes(self.currents[start:stop], carried)
        table = [
            [None if d is None else d.unbind(0) for d in row] for row in zip(*columns, strict=True)
        ]
        self.rows = [
            [[None if d is None else d[k] for d in row] for row in table]
            for k in range(stop - start)
        ]
