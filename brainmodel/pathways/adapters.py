"""Adapters: how a signal changes its shape on its way along a pathway."""

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from brainmodel.memory import require_memory


class Adapter(nn.Module, ABC):
    """Changes the shape of a signal on its way."""

    def build(self, source: tuple[int, ...]) -> None:
        """Make what depends on the shape of the source, once; by default there is nothing.

        Raises:
            ValueError: if it cannot be made.
        """
        del source

    @abstractmethod
    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of what comes out for a source shape (both without the batch).

        Raises:
            ValueError: if the adapter cannot take such a source.
        """

    @abstractmethod
    def forward(self, signal: Tensor) -> Tensor:
        """The signal [batch, *source] in its new shape [batch, *shape(source)]."""

    def __init_subclass__(cls, **options: Any) -> None:
        """A kind that computes something else writes what it computes, unless it says how."""
        super().__init_subclass__(**options)
        if "forward" in vars(cls) and "into" not in vars(cls):
            cls.into = Adapter.into

    def into(self, signal: Tensor, out: Tensor) -> None:
        """Write what `forward` makes of a signal into `out`; autograd does not record it.

        Args:
            signal: [batch, *source].
            out: [batch, *shape(source)], contiguous.
        """
        out.copy_(self(signal))

    def picture(self, signal: Tensor) -> Tensor | None:
        """What came out, [batch, *shape(source)], as a picture of what went in; for figures.

        None, unless an adapter says otherwise: its numbers lie at no places, or mean other things.
        """
        return None


class Pool(Adapter):
    """Mean over squares of `factor` x `factor` pixels."""

    def __init__(self, factor: int = 2):
        super().__init__()
        if factor < 1:
            raise ValueError(f"{type(self).__name__}.factor: need 1 or more, got {factor}")
        self.factor = factor

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        if len(source) != 3 or source[1] % self.factor or source[2] % self.factor:
            raise ValueError(
                f"{type(self).__name__}({self.factor}) needs a map divisible by it, "
                f"got {list(source)}"
            )
        return (source[0], source[1] // self.factor, source[2] // self.factor)

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return F.avg_pool2d(signal, self.factor)

    def into(self, signal: Tensor, out: Tensor) -> None:
        """See `Adapter.into`; rows are added, then columns, which is a quarter of the time."""
        if self.factor == 1:
            out.copy_(signal)
            return
        rows = [signal[:, :, k :: self.factor] for k in range(self.factor)]
        total = rows[0] + rows[1]
        for row in rows[2:]:
            total += row
        columns = [total[..., k :: self.factor] for k in range(self.factor)]
        torch.add(columns[0], columns[1], out=out)
        for column in columns[2:]:
            out += column
        out /= self.factor**2

    def picture(self, signal: Tensor) -> Tensor:
        """See `Adapter.picture`: the same at another size."""
        return signal


class MaxPool(Pool):
    """Maximum over squares of `factor` x `factor` pixels."""

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return F.max_pool2d(signal, self.factor)


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
        return F.interpolate(_maps(signal), scale_factor=float(self.factor), mode="nearest")

    def into(self, signal: Tensor, out: Tensor) -> None:
        """See `Adapter.into`; at once, with nothing in between."""
        maps, squares = _maps(signal), (-1, self.factor)
        out.unflatten(3, squares).unflatten(2, squares).copy_(maps[:, :, :, None, :, None])

    def picture(self, signal: Tensor) -> Tensor:
        """See `Adapter.picture`: the same at another size."""
        return signal


def _maps(signal: Tensor) -> Tensor:
    """A signal as maps, [batch, channel, height, width]; a dense one as maps of one pixel."""
    return signal if signal.dim() == 4 else signal[:, :, None, None]


class Flatten(Adapter):
    """A map becomes a dense signal."""

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        return (prod(source),)

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return rearrange(signal, "b ... -> b (...)")


class Members(Adapter):
    """Some of the units of an area (of maps: channels), side by side, such as a population.

    Args:
        first, stop: the first of them, and the one after the last.

    Raises:
        ValueError: if these are none.
    """

    def __init__(self, first: int, stop: int):
        super().__init__()
        if not 0 <= first < stop:
            raise ValueError(f"Members: need 0 <= first < stop, got {first} and {stop}")
        self.first, self.stop = first, stop

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        if self.stop > source[0]:
            raise ValueError(f"Members ends at {self.stop}, but there are {source[0]} units")
        return (self.stop - self.first, *source[1:])

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return signal[:, self.first : self.stop]


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
        require_memory("Mix", f"{source} x {target}", source * target, "take fewer channels")
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
