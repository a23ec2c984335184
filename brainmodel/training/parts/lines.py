"""Lines between processes: the signals that areas tell areas of other parts, and when.

A signal goes a window at once where no pathway leads back from the areas that hear it. Where areas
of several parts share a cycle, they step together as one process would step them, and signals go as
steps go. Of a cycle with D steps of delay in all through n parts, signals of k = D // (n + 1) steps
(1 or more) go in one message: while they are on their way, each part has steps left to compute.

Each process takes the acts of the whole brain in their order, leaving out those of others. So
nobody waits for what waits for him.
"""

from collections.abc import Mapping
from typing import NamedTuple

from brainmodel.pathways.pathway import COMPARED, Pathway
from brainmodel.wiring.order import Act
from brainmodel.wiring.wiring import Wiring

Placement = Mapping[str, int]
"""The part of each area, by name."""


class Line(NamedTuple):
    """A signal that one process tells another; however many pathways carry it, it goes once."""

    source: str  # area
    signal: str
    to: int  # part
    shape: tuple[int, ...]  # of the signal at one step of one stream
    delay: int | None = None  # steps; the least of those that hear it in a cycle, None if none do
    together: int | None = None  # steps in one message; None for all of a window

    @property
    def name(self) -> str:
        """Of the input that the signal is, in the brain of the process that hears it."""
        return f"{self.source}_{self.signal}"

    def __str__(self) -> str:
        """For a log."""
        when = "a window" if self.together is None else f"{self.together} steps"
        return (
            f"part {self.to} the {self.signal} of {self.source} {list(self.shape)}, {when} at once"
        )


def lines_between(brain: Wiring, placement: Placement) -> list[Line]:
    """All lines between parts, sorted; the same on every process.

    Args:
        brain: the whole.
        placement: of its areas.
    """
    stage_of = {area: k for k, stage in enumerate(brain.stages) for area in stage}
    delays: dict[tuple[str, str, int], list[int]] = {}
    for way in crossing(brain, placement):
        own = delays.setdefault((way.source, way.carries, placement[way.target]), [])
        if stage_of[way.source] == stage_of[way.target]:
            own.append(way.steps)
    together = [_together(brain, placement, stage) for stage in brain.stages]
    lines = []
    for (source, signal, to), own in sorted(delays.items()):
        line = Line(source, signal, to, _shape(brain, source, signal))
        if own:
            line = line._replace(delay=min(own), together=together[stage_of[source]])
        lines.append(line)
    return lines


def crossing(brain: Wiring, placement: Placement) -> list[Pathway]:
    """The pathways that lead from part to part."""
    ways = brain.pathways.values()
    return [p for p in ways if p.source in placement and placement[p.source] != placement[p.target]]


def own_stages(
    brain: Wiring, placement: Placement, lines: list[Line], part: int
) -> list[list[str]]:
    """The stages of the whole brain as a part goes through them, with the lines it steps with."""
    stages = []
    for stage in brain.stages:
        live = [line for line in lines if line.source in stage and line.delay is not None]
        own = [area for area in stage if placement[area] == part]
        names = {x.name: None for x in live if part in (x.to, placement[x.source])}
        if own:
            stages.append([*own, *names])
    return stages


def own_acts(brain: Wiring, placement: Placement, lines: list[Line], part: int) -> list[Act]:
    """The acts of the whole brain in a step that are of a part, and when it hears and tells."""
    live = [line for line in lines if line.delay is not None]
    heard = [line for line in live if line.to == part]
    acts = [Act(line.name, "hear") for line in heard if line.delay]  # what was sent steps ago
    for act in brain.acts:
        made = [
            line
            for line in live
            if line.source == act.area
            and act.part == ("compare" if line.signal in COMPARED else "move")
        ]
        if placement[act.area] == part:
            acts += [act, *dict.fromkeys(Act(line.name, "tell") for line in made)]
        else:
            acts += [Act(line.name, "hear") for line in made if line.to == part and not line.delay]
    return acts


def _together(brain: Wiring, placement: Placement, stage: list[str]) -> int:
    """How many steps of signals go in one message between parts of a stage."""
    parts = sorted({placement[area] for area in stage})
    ways = {(p, q): float("inf") for p in parts for q in parts}
    for way in crossing(brain, placement):
        if way.source in stage and way.target in stage:
            pair = placement[way.source], placement[way.target]
            ways[pair] = min(ways[pair], way.steps)
    for by in parts:  # Floyd & Warshall: least delays from part to part
        for p in parts:
            for q in parts:
                ways[p, q] = min(ways[p, q], ways[p, by] + ways[by, q])
    around = min(ways[p, p] for p in parts)
    return 1 if around == float("inf") else max(1, int(around) // (len(parts) + 1))


def _shape(brain: Wiring, source: str, signal: str) -> tuple[int, ...]:
    area = brain.area(source)
    shapes = {"rate": area.units, "prediction": area.drive, "error": area.errors}
    return tuple(shapes[signal])
