"""Confidence by bootstrap: over stimuli (whole groups of them), over subjects, over both."""

from collections.abc import Sequence

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Comparison


def stimulus_weights(groups: Whole, draws: int, seed: int) -> Floats:
    """[draw, sample] how often each sample is drawn when groups are drawn with replacement."""
    names, which = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return counts[:, which].astype(float)


def interval(value: float, draws: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap draws, moved so that the draws' mean is the value.

    A stimulus drawn twice is like itself, which shifts measures of alikeness; the shift is not
    part of the uncertainty.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws - draws.mean(), [tail, 1 - tail])
    return float(value + low), float(value + high)


def over_subjects(
    comparisons: Sequence[Comparison], weights: Floats, seed: int
) -> tuple[float, Floats]:
    """Mean score over subjects, and its draws [draw] over stimuli and subjects at once.

    Args:
        comparisons: one per subject, over the same samples.
        weights: [draw, sample] from `stimulus_weights`, or ones for subjects alone.
        seed: of drawing subjects.
    """
    scores = np.stack([comparison.reweighted(weights) for comparison in comparisons])
    subjects = len(comparisons)
    drawn = np.random.default_rng(seed).integers(subjects, size=(len(weights), subjects))
    by_draw = np.take_along_axis(scores.T, drawn, axis=1).mean(1)
    return float(np.mean([comparison.value for comparison in comparisons])), by_draw


class SubjectMean(Comparison):
    """The mean over subjects, whose draws are over subjects and stimuli at once."""

    def __init__(self, comparisons: Sequence[Comparison], seed: int) -> None:
        self.comparisons, self.seed = comparisons, seed
        self.value = float(np.mean([comparison.value for comparison in comparisons]))

    def reweighted(self, weights: Floats) -> Floats:
        return over_subjects(self.comparisons, weights, self.seed)[1]

    def permuted(self, orders: Whole) -> Floats:
        return np.mean([comparison.permuted(orders) for comparison in self.comparisons], axis=0)
