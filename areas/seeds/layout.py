"""How units of several seeds lie in one dimension: part by part, and within each seed by seed.

    parts 2 + 1, two seeds a and b:      a0 a1 b0 b1 | a2 b2

One seed alone has the parts side by side. A part is what stays together: a population, or what one
pathway brings to a drive.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from areas.cell import Cell

MIXES = (
    "{name} normalises over all units of an area, which would mix seeds: train the seeds one by one"
)


class SeedLayout(NamedTuple):
    """Where the elements of each seed lie in a dimension.

    Args:
        seeds: how many there are.
        parts: how many elements of one seed each part has.
    """

    seeds: int
    parts: tuple[int, ...]

    @property
    def whole(self) -> int:
        """How many elements there are, of all seeds."""
        return self.seeds * sum(self.parts)

    def times(self, count: int) -> "SeedLayout":
        """The layout of so many of these dimensions side by side."""
        return SeedLayout(self.seeds, self.parts * count or (0,))

    def apart(self, signal: Tensor, dim: int) -> Tensor:
        """The dimension as two: [..., element, ...] to [..., seed, element of one seed, ...].

        Args:
            signal: with `whole` elements along the dimension.
            dim: which it is, 0 or more.
        """
        if len(self.parts) == 1:
            return signal.unflatten(dim, (self.seeds, -1))
        if len(set(self.parts)) == 1:
            each = signal.unflatten(dim, (-1, self.seeds, self.parts[0]))
            return each.transpose(dim, dim + 1).flatten(dim + 1, dim + 2)
        pieces = signal.split([self.seeds * part for part in self.parts], dim)
        return torch.cat([piece.unflatten(dim, (self.seeds, -1)) for piece in pieces], dim + 1)

    def together(self, signal: Tensor, dim: int) -> Tensor:
        """Back from `apart`."""
        if len(self.parts) == 1:
            return signal.flatten(dim, dim + 1)
        if len(set(self.parts)) == 1:
            each = signal.unflatten(dim + 1, (-1, self.parts[0]))
            return each.transpose(dim, dim + 1).flatten(dim, dim + 2)
        pieces = signal.split(self.parts, dim + 1)
        return torch.cat([piece.flatten(dim, dim + 1) for piece in pieces], dim)

    def streams(self, signal: Tensor, dim: int) -> Tensor:
        """Seeds as streams: [..., batch, element, ...] to [..., seed * batch, element, ...].

        Args:
            signal: its streams lie in the dimension before the elements.
            dim: that of the elements, 1 or more.
        """
        return self.apart(signal, dim).transpose(dim - 1, dim).flatten(dim - 1, dim)


def layout_of_units(cell: Cell, units: int, seeds: int) -> SeedLayout:
    """How units of several seeds lie, so that each is of the kind that it is alone.

    Args:
        cell: of the units.
        units: of one seed; of maps, channels.
        seeds: how many there are.

    Raises:
        ValueError: for a cell that would mix units of several seeds, or lays them out otherwise.
    """
    name = type(cell).__name__
    if cell.normalised:
        raise ValueError(f"cell: {MIXES.format(name=name)}")
    alone, places = cell.constant_values(units), cell.places(units)
    ends = {0, units, *(at.stop for at in places.values())}
    ends |= {k for k in range(1, units) if (alone[:, k] != alone[:, k - 1]).any()}
    found = SeedLayout(seeds, tuple(b - a for a, b in pairwise(sorted(ends))))
    wanted = {n: slice(seeds * at.start, seeds * at.stop) for n, at in places.items()}
    every = found.apart(cell.constant_values(seeds * units), 1)
    if cell.places(seeds * units) != wanted or bool((every != alone[:, None]).any()):
        raise ValueError(
            f"cell: {seeds} seeds of {units} units cannot be one area, for {name} divides "
            f"{seeds * units} units otherwise; take as many units as its shares divide evenly, or "
            "train the seeds one by one"
        )
    return found


def beside(layouts: Sequence[SeedLayout]) -> SeedLayout:
    """The layout of dimensions side by side, such as pathways that make up a drive."""
    return SeedLayout(layouts[0].seeds, sum((layout.parts for layout in layouts), ()))
