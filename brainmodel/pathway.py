"""Pathways: what crosses from one area to another, when, and in which shape.

A pathway only routes. The synapses it ends on belong to the area it ends in.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

import torch
from einops import rearrange, reduce, repeat
from torch import Tensor, nn

Kind = Literal["feedforward", "feedback", "lateral"]
Signal = Literal["rate", "prediction", "error"]


class Adapter(nn.Module, ABC):
    """Changes the shape of a signal on its way."""

    @abstractmethod
    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of what comes out for a source shape (both without the batch).

        Raises:
            ValueError: if the adapter cannot take such a source.
        """

    @abstractmethod
    def forward(self, signal: Tensor) -> Tensor:
        """The signal [batch, *source] in its new shape [batch, *shape(source)]."""


class Pool(Adapter):
    """Mean over squares of `factor` x `factor` pixels."""

    def __init__(self, factor: int = 2):
        super().__init__()
        if factor < 1:
            raise ValueError(f"Pool.factor: need 1 or more, got {factor}")
        self.factor = factor

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        if len(source) != 3 or source[1] % self.factor or source[2] % self.factor:
            raise ValueError(f"Pool({self.factor}) needs a map divisible by it, got {list(source)}")
        return (source[0], source[1] // self.factor, source[2] // self.factor)

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        pattern = "b c (h p) (w q) -> b c h w"
        return reduce(signal, pattern, "mean", p=self.factor, q=self.factor)


class Upsample(Adapter):
    """Each pixel becomes a square of `factor` x `factor`; a dense signal, a map of one value."""

    def __init__(self, factor: int = 2):
        super().__init__()
        if factor < 1:
            raise ValueError(f"Upsample.factor: need 1 or more, got {factor}")
        self.factor = factor

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        height, width = source[1:] if len(source) == 3 else (1, 1)
        return (source[0], height * self.factor, width * self.factor)

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        maps = signal if signal.dim() == 4 else signal[:, :, None, None]
        return repeat(maps, "b c h w -> b c (h p) (w q)", p=self.factor, q=self.factor)


class Flatten(Adapter):
    """A map becomes a dense signal."""

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        return (prod(source),)

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return rearrange(signal, "b ... -> b (...)")


class Mix(Adapter):
    """A fixed 1 x 1 mixture of channels, random with rows of unit length; never learnt.

    Args:
        source: number of channels that come in.
        target: number of channels that go out.
        seed: of the mixture.
    """

    weight: Tensor

    def __init__(self, source: int, target: int, seed: int = 0):
        super().__init__()
        if source < 1 or target < 1:
            raise ValueError(f"Mix: need 1 or more channels in and out, got {source} and {target}")
        generator = torch.Generator().manual_seed(seed)
        weight = torch.randn(target, source, generator=generator)
        self.register_buffer("weight", weight / weight.norm(dim=1, keepdim=True))

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        if source[0] != self.weight.shape[1]:
            raise ValueError(f"Mix takes {self.weight.shape[1]} channels, got {list(source)}")
        return (self.weight.shape[0], *source[1:])

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return torch.einsum("oc,bc...->bo...", self.weight, signal)


@dataclass
class Pathway:
    """One pathway.

    Args:
        source: name of the area, or of the input, it comes from.
        target: name of the area it ends in.
        kind: feedforward pathways make up the drive of their target; feedback and lateral ones
            are messages, which take part in its prediction and its currents.
        signal: what it carries of its source; an input has only a "rate".
        delay: in steps; 0 acts in the same step. Unless given, 0 for feedforward, else 1.
        adapters: shape changes in order; unless given, found from the two shapes (pool, upsample
            or flatten).
    """

    source: str
    target: str
    kind: Kind = "feedforward"
    signal: Signal = "error"
    delay: int | None = None
    adapters: list[Adapter] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """The delay in steps."""
        if self.delay is not None:
            return self.delay
        return 0 if self.kind == "feedforward" else 1


class Route(nn.Module):
    """The adapters of a pathway in order.

    Args:
        adapters: what changes the shape; empty to find out.
        source: shape of the signal.
        units: shape of the units of the target.

    Raises:
        ValueError: if the shapes cannot be joined.
    """

    def __init__(self, adapters: Sequence[Adapter], source: Sequence[int], units: Sequence[int]):
        super().__init__()
        self.adapters = nn.ModuleList(adapters or infer(tuple(source), tuple(units)))
        self.shape = tuple(source)
        for adapter in self.adapters:
            self.shape = adapter.shape(self.shape)  # type: ignore[operator]
        if len(self.shape) != len(units) or self.shape[1:] != tuple(units[1:]):
            raise ValueError(
                f"adapters make {list(self.shape)} of {list(source)}, but units {list(units)} "
                f"need [n{''.join(f', {k}' for k in units[1:])}]"
            )

    def forward(self, signal: Tensor) -> Tensor:
        """The signal [batch, *source] as a message [batch, *shape]."""
        for adapter in self.adapters:
            signal = adapter(signal)
        return signal


def infer(source: tuple[int, ...], units: tuple[int, ...]) -> list[Adapter]:
    """Adapters that bring a signal to the height and width of some units.

    Raises:
        ValueError: if one height is not a whole multiple of the other.
    """
    if len(units) == 1:
        return [] if len(source) == 1 else [Flatten()]
    height = source[1] if len(source) == 3 else 1
    square = units[1] == units[2] and (len(source) == 1 or source[1] == source[2])
    if len(source) == 3 and source[1:] == units[1:]:
        return []
    if square and units[1] % height == 0:
        return [Upsample(units[1] // height)]
    if square and height % units[1] == 0:
        return [Pool(height // units[1])]
    raise ValueError(f"no pooling or upsampling by a whole factor takes {source} to {units}")
