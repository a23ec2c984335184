"""Correlation of two dissimilarity matrices, with bootstrap and permutation as matrix products.

If stimulus i is drawn w_i times, the pair (i, j) is drawn w_i w_j times (pairs of a stimulus with
itself are left out), so every sum that a correlation needs is a quadratic form w' M w: all draws
are one matrix product. Ranks, where used, are those of the full set.
"""

import numpy as np

from brainmodel.probing.metric import Comparison, Floats, Whole


class PairCorrelation(Comparison):
    """Pearson correlation over the pairs of two square matrices with zero diagonals.

    Args:
        model, brain: [sample, sample], symmetric.
        value: the score itself.
    """

    def __init__(self, model: Floats, brain: Floats, value: float) -> None:
        self.model, self.brain, self.value = model, brain, value

    def reweighted(self, weights: Floats) -> Floats:
        a, b = self.model, self.brain
        pairs = weights.sum(1) ** 2 - (weights**2).sum(1)
        sums = (quadratic(matrix, weights) / pairs for matrix in (a * b, a * a, b * b, a, b))
        ab, aa, bb, sum_a, sum_b = sums
        scale = np.sqrt((aa - sum_a**2) * (bb - sum_b**2))
        return (ab - sum_a * sum_b) / scale

    def permuted(self, orders: Whole) -> Floats:
        pairs = len(self.model) * (len(self.model) - 1)
        a, b = self.model, self.brain
        mean = a.sum() * b.sum() / pairs**2
        scale = np.sqrt(
            ((a * a).sum() / pairs - (a.sum() / pairs) ** 2)
            * ((b * b).sum() / pairs - (b.sum() / pairs) ** 2)
        )
        products = np.array([np.vdot(a, b[np.ix_(order, order)]) for order in orders])
        return (products / pairs - mean) / scale


def quadratic(matrix: Floats, weights: Floats) -> Floats:
    """[draw] w' M w for weights [draw, sample]."""
    return ((weights @ matrix) * weights).sum(1)
