"""Representational drift: do the same stimuli call up the same activity at a later stage?

    likeness    correlation over units of the rates to one stimulus at one step, at two stages of a
                brain, mean over stimuli and steps; rates are less their mean over both of these
    geometry    correlation of the distances between stimuli (of whole courses) at the two stages
    score       mean size of prediction errors; its change from the first stage to the second

Units may change their parts (low likeness) while distances stay (high geometry) and the score, too:
that is drift. Where the score changes it is learning. Another brain, whose units have no
counterparts, is what likeness comes down to.

Sources: Deitch, Rubin & Ziv (2021), "Representational drift in the mouse visual cortex",
doi:10.1016/j.cub.2021.07.062; Rule, O'Leary & Harvey (2019), doi:10.1016/j.conb.2019.08.005.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy.spatial.distance import pdist

from brainmodel.figures import INK
from brainmodel.probing.activity import Presentation
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.array_types import Floats
from brainmodel.probing.drawing import COLOURS, GREY, panels
from brainmodel.probing.recordings import RecordedOrNot, Stimuli
from brainmodel.probing.statistics import over_brains

CAPTION = (
    "<b>Drift.</b> Likeness of population vectors (blue) and of distances between stimuli (red) "
    "between two stages of the same brain, by the steps of training between them; grey: likeness "
    "of different brains. A point for each pair of stages, mean over brains."
)
OTHERS = "other brains"


class StagePair(NamedTuple):
    """Two stages of a brain, or two brains of a stage."""

    area: str
    stages: tuple[int, int]
    brain: str  # "other brains" for two
    likeness: float
    geometry: float
    score: float | None  # change of the mean size of errors; None where nothing is predicted


class Drift(Analysis):
    """Likeness of activity between stages of training, and whether the score changed meanwhile."""

    signals = ("rate", "error")

    def check(self, recording: RecordedOrNot, stimuli: Stimuli, presentation: Presentation) -> None:
        if len(stimuli.frames) < 3:
            raise ValueError(
                f"{recording.source}: {len(stimuli.frames)} stimuli have no geometry: give 3 or "
                "more, or leave drift out."
            )

    def __call__(self, evidence: Evidence) -> Section:
        pairs = list(stage_pairs(evidence))
        if not any(pair.brain != OTHERS for pair in pairs):
            raise ValueError(
                "drift: no brain is there at two stages; give checkpoints of several stages, whose "
                "seeds are known."
            )
        return Section(
            "Representational drift",
            {"drift": _rows(pairs)},
            {"drift": Illustration(_drawn(pairs), CAPTION)},
        )


def stage_pairs(evidence: Evidence) -> Iterator[StagePair]:
    """Of all areas: of each brain all pairs of stages, and of each last stage pairs of brains."""
    rates: dict[tuple[str, str, int], Floats] = {}  # by area, brain and stage
    errors: dict[tuple[str, str, int], float] = {}
    for source, areas in evidence.activity.items():
        if source.model == "baseline" or source.stage is None or not source.brain:
            continue
        for area, values in areas.items():
            place = area, source.brain, source.stage
            if source.signal == "rate":
                rates[place] = np.asarray(values, float)
            elif source.signal == "error":
                errors[place] = float(np.abs(values).mean())
    for one, other in combinations(sorted(rates, key=lambda place: (place[0], place[2])), 2):
        if one[0] != other[0]:
            continue
        if one[1] == other[1]:
            known = one in errors and other in errors and max(errors[one], errors[other]) > 0
            score = errors[other] - errors[one] if known else None
            yield _pair(one[0], (one[2], other[2]), one[1], rates[one], rates[other], score)
        elif one[2] == other[2]:
            yield _pair(one[0], (one[2], other[2]), OTHERS, rates[one], rates[other], None)


def _pair(
    area: str, stages: tuple[int, int], brain: str, one: Floats, other: Floats, score: float | None
) -> StagePair:
    return StagePair(area, stages, brain, likeness(one, other), geometry(one, other), score)


def likeness(one: Floats, other: Floats) -> float:
    """Mean correlation of population vectors [stimulus, step, unit]; NaN where none varies."""
    sides = [values - values.mean((0, 1)) for values in (one, other)]
    sides = [values - values.mean(2, keepdims=True) for values in sides]
    together = (sides[0] * sides[1]).sum(2)
    size = np.sqrt((sides[0] ** 2).sum(2) * (sides[1] ** 2).sum(2))
    told = size > 1e-12
    return float((together[told] / size[told]).mean()) if told.any() else float("nan")


def geometry(one: Floats, other: Floats) -> float:
    """Correlation of distances between stimuli, of [stimulus, step, unit]; NaN if none differ."""
    distances = [pdist(values.reshape(len(values), -1)) for values in (one, other)]
    if min(float(np.ptp(own)) for own in distances) <= 1e-12:
        return float("nan")
    return float(np.corrcoef(distances[0], distances[1])[0, 1])


def _grouped(pairs: Sequence[StagePair]) -> dict[tuple[str, bool, tuple[int, int]], Any]:
    """Pairs by area, whether they are of one brain, and stages."""
    groups: dict[tuple[str, bool, tuple[int, int]], list[StagePair]] = {}
    for pair in pairs:
        groups.setdefault((pair.area, pair.brain != OTHERS, pair.stages), []).append(pair)
    return groups


def _rows(pairs: Sequence[StagePair]) -> list[dict[str, Any]]:
    """A row for each area and pair of stages; intervals over brains."""
    rows = []
    for (area, same, stages), group in _grouped(pairs).items():
        row: dict[str, Any] = {"area": area, "stages": f"{stages[0]} to {stages[1]}"}
        row |= {"of": "the same brains" if same else OTHERS, "pairs": len(group)}
        measured = {
            "likeness": [pair.likeness for pair in group],
            "geometry": [pair.geometry for pair in group],
            "change of score": [pair.score for pair in group if pair.score is not None],
        }
        for what, values in measured.items():
            told = np.array([v for v in values if np.isfinite(v)])
            found = over_brains(told) if len(told) else None
            row[what] = None if found is None else found.value
            known = same and found is not None and found.low is not None
            row[f"95 %, {what}"] = f"{found.low:.3f} to {found.high:.3f}" if known else ""  # type: ignore[union-attr]
        rows.append(row)
    return rows


def _drawn(pairs: Sequence[StagePair]) -> Figure:
    """A panel for each area."""
    areas = list(dict.fromkeys(pair.area for pair in pairs))
    figure, axes = panels(len(areas), min(4, len(areas)), 2.7, 2.1)
    for panel, area in zip(axes, areas, strict=True):
        for (own, same, stages), group in _grouped(pairs).items():
            if own != area:
                continue
            apart = stages[1] - stages[0]
            alike = np.mean([pair.likeness for pair in group])
            panel.plot([apart], [alike], "o", color=COLOURS[0] if same else GREY, ms=5)
            if same:
                panel.plot([apart], [np.mean([p.geometry for p in group])], "s", color=COLOURS[1])
        panel.set_ylim(-0.2, 1.05)
        panel.set_title(area, fontsize=9, color=INK, loc="left")
        panel.set_xlabel("steps of training apart", fontsize=8, color=INK)
    axes[0].set_ylabel("correlation", fontsize=8, color=INK)
    return figure
