"""Where a perturbation acts: units, some currents of units, or what arrives over a pathway.

V1             an area                    LM_V1         what arrives over a pathway
V1.SST         one of its populations     V1.E.apical   a current of one population
V1.apical      a current of all units, where the area's cell has no populations
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from brainmodel.wiring.wiring import Wiring


class Addressed(NamedTuple):
    """What an address means in a brain."""

    address: str
    name: str  # of the area or pathway
    pathway: bool
    within: bool  # whether currents of units are meant, and not the units themselves
    shape: tuple[int, ...]  # of all units of the area, or of the pathway's messages
    share: Tensor  # [*shape], 1 for each unit that is meant, 0 for others
    currents: Bool[Tensor, "current unit"]  # which currents of which units are meant


def place_of(brain: Wiring, address: str, share: float = 1.0, seed: int = 0) -> Addressed:
    """What an address means.

    Args:
        brain: the brain.
        address: see above.
        share: of the units, or of the places of a message, that are meant, in (0, 1].
        seed: which of them; another draws others.

    Raises:
        ValueError: if there is no such thing, or the share of it is none.
    """
    name, *rest = address.split(".")
    if address in brain.pathways:
        shape = tuple(brain.route(address).shape)
        currents = torch.zeros(0, shape[0], dtype=torch.bool)
        return Addressed(
            address, address, True, False, shape, _some(shape, None, share, seed), currents
        )
    if name not in brain.areas:
        there = ", ".join([*brain.areas, *brain.pathways])
        raise ValueError(
            f"there is no area or pathway {name!r}; there are {there}, populations as "
            "AREA.POPULATION, and currents as AREA.CURRENT or AREA.POPULATION.CURRENT"
        )
    area = brain.area(name)
    places = area.cell.places(area.units[0])
    lacks = "" if places else f"{name} has no populations, and "
    if len(rest) > 1 + bool(places):
        raise ValueError(f"{lacks}there is nothing behind {'.'.join((name, *rest[:-1]))!r}")
    members = area.cell.members(rest[0], area.units[0]) if rest and places else None
    within = len(rest) == 1 + bool(places)
    try:
        currents = area.cell.receives("drive", area.units[0], ".".join(rest))
    except ValueError as error:
        raise ValueError(lacks + str(error).removeprefix("target: ")) from error
    drawn = _some(area.units, members, share, seed)
    return Addressed(address, name, False, within, area.units, drawn, currents)


def _some(
    shape: tuple[int, ...], members: Bool[Tensor, " unit"] | None, share: float, seed: int
) -> Tensor:
    """1 for a share of those that are meant, drawn at random; 0 for all others."""
    meant = torch.ones(shape, dtype=torch.bool)
    if members is not None:
        meant &= members.view(-1, *[1] * (len(shape) - 1))
    places = meant.flatten().nonzero()[:, 0]
    count = round(share * len(places))
    if count == 0:
        raise ValueError(f"share: {share} of {len(places)} units is none; give it more")
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(seed))
    found = torch.zeros(meant.numel())
    found[places[order[:count]]] = 1.0
    return found.view(shape)
