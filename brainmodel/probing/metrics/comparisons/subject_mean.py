"""The comparison of a model area with several subjects, each compared by itself."""

from collections.abc import Sequence

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Comparison
from brainmodel.probing.statistics import Draws


class SubjectMean(Comparison):
    """The mean score over subjects, whose draws are over subjects and stimuli at once.

    Args:
        comparisons: one per subject, over the same samples.
        seed: of drawing subjects.
    """

    def __init__(self, comparisons: Sequence[Comparison], seed: int) -> None:
        self.comparisons, self.seed = comparisons, seed
        self.value = float(np.mean([comparison.value for comparison in comparisons]))

    def reweighted(self, weights: Floats) -> Floats:
        return np.mean([comparison.reweighted(weights) for comparison in self.comparisons], axis=0)

    def drawn(self, draws: Draws) -> Floats:
        """See the parent; subjects are drawn as well, the same of all comparisons."""
        scores = np.stack([comparison.drawn(draws) for comparison in self.comparisons], axis=1)
        random = np.random.default_rng(self.seed)
        chosen = random.integers(scores.shape[1], size=scores.shape)
        return np.take_along_axis(scores, chosen, axis=1).mean(1)

    def permuted(self, orders: Whole) -> Floats:
        return np.mean([comparison.permuted(orders) for comparison in self.comparisons], axis=0)
