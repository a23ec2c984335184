"""The battery: phenomena in trained brains, beside untrained ones and ones without feedback.

    value      mean over brains of the mean over samples (units, movies) that tell anything
    interval   95 %: of two brains or more Student's, over the means of brains; of a single one a
               percentile bootstrap of its samples, which says nothing of another brain
               Where brains are the samples, and half of them learnt what is not due in the other
               half: the mean of the means of both halves, with Welch's interval
    effect     Cohen's d: (mean trained - mean untrained) / pooled standard deviation of samples

A phenomenon is PRESENT in an area if its index lies above its absence and above the untrained
brain's, both beyond their intervals; there BEFORE LEARNING if above its absence only; REVERSED if
below its absence; else it cannot be told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from brainmodel.brain import Brain
from brainmodel.data import StreamModule
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics.bootstrap import interval
from brainmodel.wiring.outside import ByAddress

DRAWS = 1000
PRESENT, BEFORE, REVERSED = "present", "there before learning", "reversed"
CANNOT_TELL = "cannot tell"
TRAINED, UNTRAINED, BLOCKED = "trained", "untrained", "feedback blocked"


class Estimate(NamedTuple):
    """A mean with its interval of 95 %."""

    value: float
    low: float
    high: float

    def above(self, other: "Estimate | float") -> bool:
        """Whether it lies above a number, or above another's interval."""
        return self.low > (other.high if isinstance(other, Estimate) else other)

    def below(self, other: float) -> bool:
        """Whether it lies below a number."""
        return self.high < other


class AreaAnswer(NamedTuple):
    """A phenomenon in an area."""

    phenomenon: str
    area: str
    brains: int
    samples: int  # of trained brains that tell anything, in all
    trained: Estimate
    untrained: Estimate | None
    blocked: Estimate | None  # without feedback, of the trained brains
    fall: Estimate | None  # what blocking takes away, sample by sample
    effect: float | None
    outcome: str


class Subject(NamedTuple):
    """A brain, and what it learnt from, where that matters."""

    brain: Brain
    exposure: StreamModule | None = None


Measured = dict[str, list[Mapping[str, Showing]]]
"""By what was done (trained, untrained, feedback blocked), for each brain, by area."""


def measure(
    phenomenon: Phenomenon,
    trained: Sequence[Subject],
    untrained: Sequence[Subject],
    tick: Callable[[], object] = lambda: None,
) -> Measured:
    """What all brains show.

    Args:
        phenomenon: what they are asked for.
        trained: brains of one kind.
        untrained: the same, as they were drawn; with what they would have learnt from.
        tick: is called after each brain.
    """
    silent = feedback_of(trained[0].brain)
    asked: list[tuple[str, Sequence[Subject], ByAddress | None]] = [
        (TRAINED, trained, None),
        (UNTRAINED, untrained, None),
        *([(BLOCKED, trained, silent)] if silent else []),
    ]
    found: Measured = {}
    for what, subjects, gains in asked:
        for brain, exposure in subjects:
            own = phenomenon if exposure is None else phenomenon.after(exposure)
            found.setdefault(what, []).append(own.measure(brain, gains))
            tick()
    return found


def feedback_of(brain: Brain) -> dict[str, float]:
    """Gains of 0 for all pathways that bring feedback."""
    return {name: 0.0 for name, pathway in brain.pathways.items() if pathway.kind == "feedback"}


def compare(name: str, phenomenon: Phenomenon, found: Measured) -> list[AreaAnswer]:
    """A row for each area.

    Args:
        name: of the phenomenon.
        phenomenon: it.
        found: what all brains show.
    """
    areas = list(found[TRAINED][0])
    return [row for area in areas if (row := _compare(name, phenomenon, found, area))]


def _compare(name: str, phenomenon: Phenomenon, found: Measured, area: str) -> AreaAnswer | None:
    shown = {what: [own[area] for own in brains if area in own] for what, brains in found.items()}
    samples = {what: [_samples(own) for own in brains] for what, brains in shown.items()}
    halves = {what: [own.half for own in brains] for what, brains in shown.items()}
    trained = _estimate(samples[TRAINED], halves[TRAINED])
    if trained is None:
        return None
    untrained = _estimate(samples.get(UNTRAINED, []), halves.get(UNTRAINED, []))
    blocked, fall = None, None
    if BLOCKED in samples:
        pairs = zip(samples[TRAINED], samples[BLOCKED], strict=True)
        blocked = _estimate(samples[BLOCKED], halves[BLOCKED])
        fall = _estimate([a - b for a, b in pairs], halves[TRAINED])
    return AreaAnswer(
        phenomenon=name,
        area=area,
        brains=len(samples[TRAINED]),
        samples=sum(int(np.isfinite(own).sum()) for own in samples[TRAINED]),
        trained=trained,
        untrained=untrained,
        blocked=blocked,
        fall=fall,
        effect=effect_size(samples[TRAINED], samples.get(UNTRAINED, [])),
        outcome=outcome(trained, untrained, phenomenon.absent),
    )


def outcome(trained: Estimate, untrained: Estimate | None, absent: float) -> str:
    """The verdict in a word or two; see the head of this file."""
    if trained.above(absent):
        return PRESENT if untrained is None or trained.above(untrained) else BEFORE
    return REVERSED if trained.below(absent) else CANNOT_TELL


def estimate(brains: Sequence[Floats], draws: int = DRAWS, seed: int = 0) -> Estimate | None:
    """The mean over brains of the mean over samples, with its interval; None where nothing is told.

    The sample is the brain: of several the interval is Student's, as a bootstrap of few brains is
    too narrow.

    Args:
        brains: of each the samples, [sample]; those that are not finite tell nothing.
        draws: of the bootstrap, of a single brain's samples.
        seed: of it.
    """
    told = [own[np.isfinite(own)] for own in brains]
    told = [own for own in told if len(own)]
    if not told:
        return None
    if len(told) > 1:
        return over_halves([np.array([own.mean() for own in told])])
    (only,) = told
    random, value = np.random.default_rng(seed), float(only.mean())
    return Estimate(value, *interval(value, _resampled(only, draws, random)))


def over_halves(halves: Sequence[Floats]) -> Estimate | None:
    """The mean of the means of halves of brains, with Welch's interval of 95 %.

    Of brains that are not halved, it is their mean and Student's interval.

        s^2 = sum_h s_h^2 / (n_h H^2),   df = s^4 / sum_h (s_h^2 / (n_h H^2))^2 / (n_h - 1)

    However many brains there are in each, what differs between halves by nothing but what was due
    cancels. Welch (1947), doi:10.1093/biomet/34.1-2.28.

    Args:
        halves: of each half, [brain]; those that are not finite tell nothing.

    Returns:
        None if a half has fewer than two brains that tell anything.
    """
    told = [own[np.isfinite(own)] for own in halves]
    if min(map(len, told)) < 2:
        return None
    value = float(np.mean([own.mean() for own in told]))
    parts = np.array([own.var(ddof=1) / len(own) for own in told]) / len(told) ** 2
    if not parts.sum() > 0:
        return Estimate(value, value, value)
    freedom = parts.sum() ** 2 / sum(
        part**2 / (len(own) - 1) for part, own in zip(parts, told, strict=True)
    )
    reach = float(stats.t.ppf(0.975, freedom) * np.sqrt(parts.sum()))
    return Estimate(value, value - reach, value + reach)


def _samples(shown: Showing) -> Floats:
    return np.asarray(shown.strength, float)


def _estimate(brains: Sequence[Floats], halves: Sequence[int | None]) -> Estimate | None:
    """Over brains and their samples; over halves of brains where these are told."""
    known = sorted({half for half in halves if half is not None})
    if not known:
        return estimate(brains)
    pairs = list(zip(brains, halves, strict=True))
    of_half = [[own for own, mine in pairs if mine == half] for half in known]
    return over_halves([np.concatenate(own) for own in of_half])


def _resampled(samples: Floats, draws: int, random: np.random.Generator) -> Floats:
    """Means of samples drawn with replacement, [draw]."""
    return samples[random.integers(len(samples), size=(draws, len(samples)))].mean(1)


def effect_size(trained: Sequence[Floats], untrained: Sequence[Floats]) -> float | None:
    """Cohen's d over all samples; None where either has fewer than two, or none varies."""
    both = [np.concatenate([[], *side]) for side in (trained, untrained)]
    one, other = (samples[np.isfinite(samples)] for samples in both)
    if min(len(one), len(other)) < 2:
        return None
    spread = (len(one) - 1) * one.var(ddof=1) + (len(other) - 1) * other.var(ddof=1)
    pooled = spread / (len(one) + len(other) - 2)
    return float((one.mean() - other.mean()) / np.sqrt(pooled)) if pooled > 0 else None
