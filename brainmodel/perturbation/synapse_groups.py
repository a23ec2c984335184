"""Groups of synapses by address, as perturbations of plasticity and lesions name them.

V1.drive  V1.error  V1.recurrent  V1.bias     synapses onto the units of an area, by source
V1.LM_V1                                      those from a pathway onto its units
LM_V1                                         those from a pathway, onto units and prediction,
                                              and what the pathway itself learns
V1.predictor                                  all that ends on its prediction
V1.read_out                                   what its objectives learn (read-outs, critics)
V1.E.recurrent                                those onto one of its populations
V1                                            all that the area learns, its rule included
V1.E                                          all synapses onto one of its populations
"""

from collections.abc import Collection

import torch
from torch import Tensor, nn

from areas import Area
from areas.keys import BIAS, belongs_to_predictor, makes, of_predictor, of_units
from brainmodel.wiring.parameter_names import full_name
from brainmodel.wiring.plastic import PREDICTOR
from brainmodel.wiring.wiring import Wiring

READ_OUT = "read_out"


def group_of(brain: Wiring, address: str) -> dict[str, Tensor]:
    """Which weights an address means: by name of a parameter of the brain, 1 where it is meant.

    Args:
        brain: the brain.
        address: see above.

    Raises:
        ValueError: if there are no such synapses.
    """
    name, *rest = address.split(".")
    if address in brain.pathways:
        return _of_pathway(brain, address)
    if name not in brain.areas:
        there = ", ".join([*brain.areas, *brain.pathways])
        raise ValueError(f"there is no area or pathway {name!r}; there are {there}")
    area, members = brain.area(name), None
    places = area.cell.places(area.units[0])
    if rest and rest[0] in places:
        members = area.cell.members(rest.pop(0), area.units[0])
    if len(rest) > 1 and places and members is None:
        raise ValueError(f"there is no population {rest[0]!r}; there are {', '.join(places)}")
    if len(rest) > 1:
        raise ValueError(f"there is nothing behind {address.removesuffix('.' + rest[-1])!r}")
    if not rest and members is None:
        return _whole(brain, name)
    keys = {of_units(source) for source in (*area.synapses, BIAS)}
    if rest:
        known = [*area.synapses, BIAS]
        known += [PREDICTOR, READ_OUT] if members is None else []
        if rest[0] not in known:
            told = [*known, *(f"{place}.{known[0]}" for place in places)]
            raise ValueError(f"there are no synapses {rest[0]!r}; there are {', '.join(told)}")
        if rest[0] == READ_OUT:
            return _all(brain.objectives[name], f"objectives.{name}")
        if rest[0] == PREDICTOR:
            keys = {key for key in area.weights() if belongs_to_predictor(key)}
        else:
            keys = {of_units(rest[0])}
    return _of_keys(area, name, keys, members)


def _of_pathway(brain: Wiring, name: str) -> dict[str, Tensor]:
    """Synapses from a pathway, whatever they end on."""
    target = brain.pathways[name].target
    area = brain.area(target)
    if brain.pathways[name].kind == "feedforward":
        return {full_name(target, key): meant for key, meant in _from_drive(brain, name).items()}
    keys = {of_units(name), of_predictor(name)}
    return _of_keys(area, target, keys, None) | _all(brain.route(name), f"routes.{name}")


def _from_drive(brain: Wiring, name: str) -> dict[str, Tensor]:
    """Synapses from one of the pathways that make up a drive: their columns."""
    target = brain.pathways[name].target
    area = brain.area(target)
    if "drive" not in area.synapses:
        raise ValueError(f"{target} has no synapses from its drive, only from its errors")
    names = brain.arrivals(target)["drive"]
    sizes = [brain.route(each).shape[0] for each in names]
    first = sum(sizes[: names.index(name)])
    meant = torch.zeros_like(area.synapses["drive"].weight)
    meant[:, first : first + brain.route(name).shape[0]] = 1
    return {of_units("drive"): meant}


def _whole(brain: Wiring, name: str) -> dict[str, Tensor]:
    """All that an area learns."""
    found = _all(brain.areas[name], f"areas.{name}") | _all(brain.rules[name], f"rules.{name}")
    found |= _all(brain.objectives[name], f"objectives.{name}")
    scope = getattr(brain, "scope", None)
    own = set() if scope is None else set(scope.synapses_of(name))
    named = brain.named_parameters()
    return found | {full: torch.ones_like(p) for full, p in named if p in own}


def _all(part: nn.Module, prefix: str) -> dict[str, Tensor]:
    return {name: torch.ones_like(p) for name, p in part.named_parameters(prefix=prefix)}


def _of_keys(
    area: Area, name: str, keys: Collection[str], members: Tensor | None
) -> dict[str, Tensor]:
    """Weights of some keys, and what makes them; those that end on some units, if these are given.

    Raises:
        ValueError: for weights of some units, if they are made of others.
    """
    found = {}
    for key, weight in area.weights().items():
        if makes(key) not in keys:
            continue
        if members is not None and makes(key) != key:
            raise ValueError("has weights that are made of others; name all synapses of the source")
        meant = torch.ones_like(weight)
        if members is not None:
            onto = members.repeat(len(weight) // len(members)).to(weight)
            meant = meant * onto.view(-1, *[1] * (weight.dim() - 1))
        found[full_name(name, key)] = meant
    return found
