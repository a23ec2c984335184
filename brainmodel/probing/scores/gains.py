"""What learning gains: paired differences of scores, the question of a probe.

A trained area less the same area of the same brain before it learnt anything, and less each
baseline. Positive is better, of distances too. Each side is at the lag where it is best. Both have
seen the same stimuli, so draws of stimuli are subtracted one by one; the sample is the brain and
the stimulus (`statistics/over_brains.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.scores.score import Score
from brainmodel.probing.scores.score_table import ScoreTable
from brainmodel.probing.statistics import false_discovery_rate, over_brains

UNTRAINED = "untrained"


@dataclass(frozen=True, kw_only=True)
class Gain:
    """By how much a trained area is better than something; its fields are columns of gains.csv."""

    metric: str
    brain_area: str
    label: str  # of the model area
    over: str  # "untrained", or the baseline
    score: float  # of the trained area, mean over brains
    other: float  # of what it is compared with
    gain: float  # how much better the trained area is
    low: float | None  # 95 % interval, over stimuli, and over brains where there are several
    high: float | None
    p: float | None  # two-sided; over brains, of one over stimuli
    brains: int
    paired: bool  # each brain with itself before training; otherwise with the mean of the others
    q: float | None = None  # false discovery rate over the areas of a metric, by what they are over

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the 95 % interval, where there is one."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def as_row(self) -> dict[str, Any]:
        """Values by column."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def gains_of(table: ScoreTable) -> list[Gain]:
    """What the trained areas of a table, at their last stage, gain over all else in it."""
    found = []
    for metric in table.metrics:
        for area in table.of(metric=metric).brain_areas:
            mine = table.of(metric=metric, brain_area=area).latest
            for trained in mine.of(model="trained").at_best_lag().values():
                found += _gains(trained.scores, mine)
    return _with_false_discovery_rates(found)


def _gains(trained: tuple[Score, ...], table: ScoreTable) -> Iterator[Gain]:
    """Of one area in one or more brains."""
    label = trained[0].label
    if untrained := table.of(model="untrained").at_best_lag().get(label):
        by_brain = {score.brain: score for score in untrained if score.brain}
        paired = all(score.brain in by_brain for score in trained)
        others = [[by_brain[s.brain]] if paired else list(untrained) for s in trained]
        yield _gain(trained, others, UNTRAINED, table.sign, paired)
    for name, baseline in table.of(model="baseline").at_best_lag().items():
        yield _gain(trained, [[baseline.best()]] * len(trained), name, table.sign, True)


def _gain(
    trained: tuple[Score, ...], others: list[list[Score]], over: str, sign: int, paired: bool
) -> Gain:
    """Of one area over something, others by brain."""
    other = [float(np.mean([score.score for score in each])) for each in others]
    mine = np.array([score.score for score in trained])
    drawn = [_draws([t]) for t in trained], [_draws(each) for each in others]
    draws = None
    if all(side is not None for sides in drawn for side in sides):
        draws = sign * (np.array(drawn[0], float) - np.array(drawn[1], float))
    found = over_brains(sign * (mine - other), draws)
    return Gain(
        metric=trained[0].metric,
        brain_area=trained[0].brain_area,
        label=trained[0].label,
        over=over,
        score=float(mine.mean()),
        other=float(np.mean(other)),
        gain=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        brains=found.brains,
        paired=paired,
    )


def _draws(scores: list[Score]) -> Floats | None:
    """[draw] mean over scores; None where one has none."""
    found = [score.detail.draws for score in scores if score.detail is not None]
    known = [draws for draws in found if draws is not None]
    return np.mean(known, axis=0) if len(known) == len(scores) else None


def _with_false_discovery_rates(gains: list[Gain]) -> list[Gain]:
    found = list(gains)
    for family in {(gain.metric, gain.over) for gain in gains}:
        mine = [k for k, gain in enumerate(gains) if (gain.metric, gain.over) == family]
        p = [np.nan if gains[k].p is None else gains[k].p for k in mine]
        for k, q in zip(mine, false_discovery_rate(np.array(p, float)), strict=True):
            found[k] = replace(gains[k], q=float(q) if np.isfinite(q) else None)
    return found
