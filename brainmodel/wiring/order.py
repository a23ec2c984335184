"""The order of acts within a step, and which areas can be swept through a window one by one.

An area acts twice in a step. It COMPARES: it predicts its drive, sees it, and has an error. Then it
MOVES: its units have currents, and new states. A drive, and a message that ends on the predictor,
are needed by the first act, a message onto the units alone by the second. So in one step errors may
go all the way up before rates come all the way down.

An environment has one act: it replies, to what was sent at earlier steps, and so waits for nobody.
Where other processes have areas of the brain, they are heard and told in acts, too (`elsewhere`).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from typing import Literal, NamedTuple, TypeVar

from brainmodel.pathways.pathway import Pathway

Node = TypeVar("Node", bound=Hashable)


class Act(NamedTuple):
    """What an area, an environment or another process does at one moment of a step."""

    area: str
    part: Literal["compare", "move", "reply", "hear", "tell"]


def acts(
    areas: Iterable[str], pathways: Mapping[str, Pathway], environments: Iterable[str] = ()
) -> list[Act]:
    """All acts of a step in an order in which each has what it needs.

    Args:
        areas: in the order in which they act where that is free.
        pathways: by name, written out.
        environments: names.

    Raises:
        ValueError: if acts wait for each other; the message names the areas.
    """
    areas = list(areas)
    ahead: dict[Act, list[Act]] = {Act(name, "reply"): [] for name in environments}
    for area in areas:
        ahead[Act(area, "compare")] = []
        ahead[Act(area, "move")] = [Act(area, "compare")]
    for pathway in _instant(areas, pathways):
        made = Act(pathway.source, "move" if pathway.moved else "compare")
        ahead[Act(pathway.target, "compare" if pathway.early else "move")].append(made)
    return _sorted(ahead, lambda act: act.area)


def acting_order(areas: Iterable[str], pathways: Mapping[str, Pathway]) -> list[str]:
    """Areas, each behind those that its comparison waits for; alphabetical where it is free.

    Raises:
        ValueError: if pathways without a delay form a cycle; the message names it.
    """
    ahead: dict[str, set[str]] = {area: set() for area in sorted(areas)}
    for pathway in _instant(ahead, pathways):
        if pathway.early:
            ahead[pathway.target].add(pathway.source)
    return _sorted({area: sorted(before) for area, before in ahead.items()}, str)


def _instant(areas: Iterable[str], pathways: Mapping[str, Pathway]) -> list[Pathway]:
    """Pathways between areas that have no delay."""
    known = set(areas)
    return [p for p in pathways.values() if p.steps == 0 and p.source in known]


def _sorted(ahead: Mapping[Node, Iterable[Node]], area: Callable[[Node], str]) -> list[Node]:
    """Nodes, each behind those `ahead` of it; `area` says of whom a node is."""
    try:
        return list(TopologicalSorter(ahead).static_order())
    except CycleError as error:
        names = [name for name, _ in groupby(map(area, error.args[1]))]
        cycle = " -> ".join(names if len(names) > 1 else 2 * names)
        raise ValueError(
            f"pathways: the cycle {cycle} has no delay; give one of its pathways delay: 1 or more"
        ) from None


def stages(acting: Sequence[str], pathways: Mapping[str, Pathway]) -> list[list[str]]:
    """Areas grouped by the cycles they share, in an order such that no pathway runs back.

    Areas of one stage must be stepped together. An area alone in its stage may be swept through
    the whole window before the next stage begins.

    Args:
        acting: environments, and areas in acting order.
        pathways: by name.
    """
    reach = {area: {area} for area in acting}
    for _ in acting:
        for pathway in pathways.values():
            for area in acting:
                if not reach[area].isdisjoint(pathway.heard):
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
