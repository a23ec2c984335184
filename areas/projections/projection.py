"""A projection: the group of synapses from one source, and all that can be said of it.

    which exist         blocks: from which population onto which current of which
    of which sign       Dale's law: what a synapse does, excite or inhibit, it does for ever
    how they begin      `areas.projections.beginnings`
    what makes them     `areas.projections.making`, where the weights are no parameters themselves

Signs hold under every optimizer: what it moved across 0 is put back to 0 after its step
(`Synapses.project`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from areas.cell import Cell
from areas.projections.beginnings import Beginning
from areas.projections.connectivity import Connectivity
from areas.synapses import Making, Synapses

Sign = Literal["excitatory", "inhibitory"]
SIGNS: dict[Sign | None, float] = {"excitatory": 1.0, "inhibitory": -1.0, None: 0.0}


def require_sign(sign: object) -> None:
    """Refuse what is no sign, with a ValueError."""
    if sign not in SIGNS:
        raise ValueError(f"sign: need excitatory, inhibitory or none, got {sign!r}")


@dataclass
class Block:
    """Some of the synapses of a projection.

    Args:
        source: population of the area's own units that they come from, of recurrent synapses; all
            unless given. Of others the pathway says it (`Pathway.population`).
        target: where they end: CURRENT, or in an area of populations POPULATION or
            POPULATION.CURRENT; on all unless given.
        sign: what they do, for ever; either unless given.
        connectivity: which of them exist; all unless given, except autapses in cells that have
            none.
        strength: factor of their weights at the beginning, > 0.

    Raises:
        ValueError: if the strength is not positive and finite, or the sign is none.
    """

    source: str = ""
    target: str = ""
    sign: Sign | None = None
    connectivity: Connectivity | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a strength that would turn or silence the synapses, and an unknown sign."""
        if not 0 < self.strength < float("inf"):
            raise ValueError(f"strength: need a number above 0, got {self.strength}")
        require_sign(self.sign)


@dataclass
class Projection:
    """All synapses from one source.

    Args:
        blocks: those that exist; one block of all unless given.
        begin: how their weights begin; uniform in +-1/sqrt(sources) unless given.
        made: what makes their weights; they are parameters themselves unless given.
    """

    blocks: list[Block] | None = None
    begin: Beginning | None = None
    made: Making | None = None

    @property
    def parts(self) -> list[Block]:
        """The blocks, one of all synapses where none are given."""
        return [Block()] if self.blocks is None else self.blocks


class Laid(NamedTuple):
    """What is said of every synapse of a projection, in the shape of its weights."""

    exists: Tensor  # bool
    sign: Tensor  # 1 or -1; 0 where either may be
    strength: Tensor


def reach_of(projection: Projection, cell: Cell, units: int, source: str) -> slice:
    """Which currents the synapses of a projection end on: no more than they need.

    Args:
        projection, cell, units, source: as of `lay`.

    Raises:
        ValueError: as of `lay`.
    """
    found = torch.zeros(len(cell.currents), dtype=torch.bool)
    allowed = cell.reach(source)
    for k, block in enumerate(projection.parts):
        with named(f"blocks.{k}." if len(projection.parts) > 1 else ""):
            ends = cell.receives(source, units, block.target)[allowed]
            if not ends.any():
                there = ", ".join(cell.currents[allowed])
                raise ValueError(
                    f"target: synapses of {source} cannot end on {block.target}, but on {there}"
                )
            found[allowed] |= ends.any(1)
    places = found.nonzero()
    if not len(places):
        raise ValueError("blocks: are none; give one or more")
    return slice(int(places[0]), int(places[-1]) + 1)


def lay(
    synapses: Synapses, projection: Projection, cell: Cell, units: int, source: str, reach: slice
) -> None:
    """Make the synapses onto an area's units what a projection says of them.

    Args:
        synapses: as `connect` made them, [current * unit, source, ...].
        projection: what is said of them.
        cell: of the units.
        units: how many there are; of maps, channels.
        source: "drive", "error", "recurrent", or a pathway.
        reach: the currents on which they end.

    Raises:
        ValueError: naming the option at fault.
    """
    shape = (reach.stop - reach.start, units, *synapses.weight.shape[1:])
    laid = _laid(projection.parts, cell, source, reach, shape)
    weight, begin = synapses.weight.detach(), projection.begin
    if begin is not None:
        weight = begin.draw(weight)
    weight = torch.where(laid.sign == 0, weight, weight.abs() * laid.sign) * laid.strength
    synapses.weight.data.copy_(weight)
    if not laid.exists.all():
        synapses.prune(laid.exists.to(weight), scale=begin is None)
    if laid.sign.any():
        synapses.restrict(laid.sign)
    if begin is not None:
        settled = begin.settle(synapses.weight.detach(), units, source == "recurrent")
        synapses.weight.data.copy_(settled)


def _laid(
    blocks: Sequence[Block], cell: Cell, source: str, reach: slice, shape: Sequence[int]
) -> Laid:
    exists = torch.zeros(shape, dtype=torch.bool)
    sign, strength = torch.zeros(shape), torch.ones(shape)
    for k, block in enumerate(blocks):
        with named(f"blocks.{k}." if len(blocks) > 1 else ""):
            ends = cell.receives(source, shape[1], block.target)[reach]
            mask = _existing(block, cell, shape, source, ends)
            if (mask & exists).any():
                raise ValueError(
                    "target: some of these synapses are in a block before, too; give blocks "
                    "targets or sources of their own"
                )
            exists |= mask
            strength[mask] = block.strength
            sign += mask * _signs(block, cell, shape, source == "recurrent")
    return Laid(*(values.flatten(0, 1) for values in (exists, sign, strength)))


def _existing(block: Block, cell: Cell, shape: Sequence[int], source: str, ends: Tensor) -> Tensor:
    """Which synapses a block has, [current, unit, source, *window], where it ends on `ends`."""
    _, units, sources, *window = shape
    own = source == "recurrent"
    rows, columns = ends.any(0), torch.ones(sources, dtype=torch.bool)
    if block.source:
        if not own:
            raise ValueError(
                "source: only recurrent synapses know from which population they come; of others "
                f"their pathway says it, as pathways.NAME.population: {block.source}"
            )
        with named("source: "):
            columns = cell.members(block.source, units)
    found = torch.zeros(units, sources, *window, dtype=torch.bool)
    some = None
    if block.connectivity is not None:
        some = block.connectivity.mask(int(rows.sum()), int(columns.sum()), window)
    pairs = (rows[:, None] & columns).nonzero(as_tuple=True)
    found[pairs] = True if some is None else some.bool().flatten(0, 1)
    if own:
        free = cell.may_reach_itself(units)
        if block.connectivity is not None:
            free = torch.full_like(free, block.connectivity.autapses)
        found[(..., *(width // 2 for width in window))].diagonal().logical_and_(free)
    if block.connectivity is not None and not found.any():
        raise ValueError("connectivity: leaves none of these synapses")
    return found & ends.view(*ends.shape, *[1] * (found.dim() - 1))


def _signs(block: Block, cell: Cell, shape: Sequence[int], own: bool) -> Tensor:
    """Signs of a block's synapses: its own, or by Dale's law those of the units they come from."""
    told = torch.tensor(SIGNS[block.sign])
    law = cell.signs(shape[1]) if own else None
    if law is None:
        return told
    columns = cell.members(block.source, shape[1]) if block.source else slice(None)
    if (told * law[columns] < 0).any():
        who = block.source or "some of its sources"
        raise ValueError(
            f"sign: {who} cannot be {block.sign}, its population has the other sign; leave it out"
        )
    law = torch.where(law == 0, told, law)
    return law.view(-1, *[1] * (len(shape) - 3))


@contextmanager
def named(place: str) -> Iterator[None]:
    """Puts the place of an option, which ends in a dot, before what is said of it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}{error}") from None
