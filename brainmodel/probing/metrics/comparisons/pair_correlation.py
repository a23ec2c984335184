"""Correlation of two dissimilarity matrices, with bootstrap and permutation as matrix products.

If stimulus i is drawn w_i times, the pair (i, j) is drawn w_i w_j times (pairs of a stimulus with
itself are left out), so every sum that a correlation needs is a quadratic form w' M w: all draws
are one matrix product. Ranks, where used, are those of the full set.
"""

from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Comparison


class DrawnSums(NamedTuple):
    """Sums over one matrix M that bootstrap draws need, whatever it is compared with."""

    rows: Floats  # [draw, sample] M w
    total: Floats  # [draw] w' M w
    squares: Floats  # [draw] w' (M * M) w


class Square:
    """A symmetric matrix [sample, sample]; sums over it alone are computed once for all draws.

    In a map each matrix is compared with many others under the same draws.
    """

    def __init__(self, values: Floats) -> None:
        self.values = values
        self._known: tuple[Floats, DrawnSums] | None = None

    def drawn(self, weights: Floats) -> DrawnSums:
        """The sums for weights [draw, sample]; those for the last array given are kept."""
        if self._known is None or self._known[0] is not weights:
            rows = weights @ self.values
            squares = quadratic(self.values**2, weights)
            self._known = weights, DrawnSums(rows, (rows * weights).sum(1), squares)
        return self._known[1]


class PairCorrelation(Comparison):
    """Pearson correlation over the pairs of two square matrices with zero diagonals.

    Args:
        model, brain: [sample, sample].
        value: the score itself.
    """

    def __init__(self, model: Square, brain: Square, value: float) -> None:
        self.model, self.brain, self.value = model, brain, value

    def reweighted(self, weights: Floats) -> Floats:
        a, b = self.model.drawn(weights), self.brain.drawn(weights)
        pairs = weights.sum(1) ** 2 - (weights**2).sum(1)
        ab = quadratic(self.model.values * self.brain.values, weights)
        sums = (ab, a.squares, b.squares, a.total, b.total)
        ab, aa, bb, sum_a, sum_b = (found / pairs for found in sums)
        scale = np.sqrt((aa - sum_a**2) * (bb - sum_b**2))
        return (ab - sum_a * sum_b) / scale

    def permuted(self, orders: Whole) -> Floats:
        a, b = self.model.values, self.brain.values
        pairs = len(a) * (len(a) - 1)
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
