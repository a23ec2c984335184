"""The order of areas within a step, and which areas can be swept through a window one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from torch import nn

from brainmodel.pathways.pathway import Pathway


def check_pathways(
    areas: Iterable[str], inputs: Iterable[str], pathways: Mapping[str, Pathway]
) -> None:
    """Refuse pathways that do not fit the areas.

    Raises:
        ValueError: for an unknown source or target, a negative delay, a name that is not an
            identifier or is taken, or an area without a feedforward pathway.
    """
    areas, inputs = list(areas), list(inputs)
    _check_names(areas, inputs, pathways)
    for name, pathway in pathways.items():
        where = f"pathways.{name}"
        if pathway.source not in [*areas, *inputs]:
            raise ValueError(
                f"{where}.source: there is no {pathway.source!r}; areas: {', '.join(areas)}; "
                f"inputs: {', '.join(inputs)}"
            )
        if pathway.target not in areas:
            raise ValueError(
                f"{where}.target: there is no area {pathway.target!r}; there are {', '.join(areas)}"
            )
        if pathway.steps < 0:
            raise ValueError(f"{where}.delay: need 0 or more steps, got {pathway.delay}")
        if name in ("drive", "error", "recurrent", "rate", "bias"):
            raise ValueError(f"{where}: the name {name!r} is taken by the area's own synapses")
    for area in areas:
        if not any(p.target == area and p.kind == "feedforward" for p in pathways.values()):
            raise ValueError(
                f"areas.{area}: has no drive; add a feedforward pathway that ends there"
            )


def with_signals(
    pathways: Mapping[str, Pathway], inputs: Iterable[str], predicting: Iterable[str]
) -> dict[str, Pathway]:
    """Pathways, sorted by name, with what each carries written out.

    Args:
        pathways: by name.
        inputs: names of the inputs.
        predicting: names of the areas that have predictions and errors.

    Raises:
        ValueError: for a signal that the source does not have.
    """
    inputs, predicting = set(inputs), set(predicting)
    found = {}
    for name, pathway in sorted(pathways.items()):
        signal = pathway.signal or ("error" if pathway.source in predicting else "rate")
        if signal != "rate" and pathway.source not in predicting:
            kind = "an input" if pathway.source in inputs else "an area without a predictor"
            raise ValueError(
                f"pathways.{name}.signal: {pathway.source} is {kind} and has no {signal}; give rate"
            )
        found[name] = replace(pathway, signal=signal)
    return found


def _check_names(areas: list[str], inputs: list[str], pathways: Iterable[str]) -> None:
    for name in [*areas, *pathways]:
        if not name.isidentifier():
            raise ValueError(f"name {name!r}: areas and pathways need letters, digits, underscores")
        if name == "groups" or hasattr(nn.ModuleDict(), name):
            raise ValueError(f"name {name!r}: it is taken; choose another for this area or pathway")
    for name in areas:
        if name in inputs:
            raise ValueError(f"areas.{name}: an input has this name; choose another")


def acting_order(areas: Iterable[str], pathways: Mapping[str, Pathway]) -> list[str]:
    """Areas in the order in which they act within a step; alphabetical where it is free.

    Raises:
        ValueError: if pathways without a delay form a cycle; the message names it.
    """
    ahead: dict[str, set[str]] = {area: set() for area in sorted(areas)}
    for pathway in pathways.values():
        if pathway.steps == 0 and pathway.source in ahead:
            ahead[pathway.target].add(pathway.source)
    try:
        sorter = TopologicalSorter({area: sorted(before) for area, before in ahead.items()})
        return list(sorter.static_order())
    except CycleError as error:
        raise ValueError(
            f"pathways: the cycle {' -> '.join(error.args[1])} has no delay; give one of its "
            "pathways delay: 1 or more"
        ) from None


def stages(acting: Sequence[str], pathways: Mapping[str, Pathway]) -> list[list[str]]:
    """Areas grouped by the cycles they share, in an order such that no pathway runs back.

    Areas of one stage must be stepped together. An area alone in its stage may be swept through
    the whole window before the next stage begins.

    Args:
        acting: areas in acting order.
        pathways: by name.
    """
    reach = {area: {area} for area in acting}
    for _ in acting:
        for pathway in pathways.values():
            for area in acting:
                if pathway.source in reach[area]:
                    reach[area].add(pathway.target)
    groups: list[list[str]] = []
    for area in acting:
        if not any(area in group for group in groups):
            groups.append([b for b in acting if b in reach[area] and area in reach[b]])
    after = {
        k: {j for j, lower in enumerate(groups) if j != k and groups[k][0] in reach[lower[0]]}
        for k in range(len(groups))
    }
    return [groups[k] for k in TopologicalSorter(after).static_order()]
