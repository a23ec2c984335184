"""Alignment of two kernels, with bootstrap and permutation as matrix products.

HSIC of two kernels K, L (Gretton et al., 2005) needs three sums: sum_ij w_i w_j K_ij L_ij,
sum_i w_i (Kw)_i (Lw)_i and (w'Kw)(w'Lw), where sample i is drawn w_i times. `combine` turns them
into the biased or the debiased estimate; the alignment is HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.pair_correlation import Square, quadratic
from brainmodel.probing.metrics.metric import Comparison


class HsicSums(NamedTuple):
    """The three sums of HSIC, and how many samples were drawn; [draw] each."""

    product: Floats
    rows: Floats
    totals: Floats
    samples: Floats


Combine = Callable[[HsicSums], Floats]


def biased(sums: HsicSums) -> Floats:
    """tr(KHLH), Gretton et al. (2005), eq. 9, without its constant factor."""
    n = sums.samples
    return sums.product - 2 / n * sums.rows + sums.totals / n**2


def debiased(sums: HsicSums) -> Floats:
    """Song et al. (2012), J. Mach. Learn. Res. 13:1393, eq. 5, without its constant factor.

    The kernels must have zero diagonals.
    """
    n = sums.samples
    return sums.product - 2 / (n - 2) * sums.rows + sums.totals / ((n - 1) * (n - 2))


class KernelAlignment(Comparison):
    """Normalised HSIC of two kernels.

    Args:
        model, brain: [sample, sample] kernels of centred features; zero diagonals if debiased.
        combine: `biased` or `debiased`.
    """

    def __init__(self, model: Square, brain: Square, combine: Combine) -> None:
        self.model, self.brain, self.combine = model, brain, combine
        own = [float(combine(hsic_sums(side, side, once(side)))[0]) for side in (model, brain)]
        self.scale = float(np.sqrt(max(own[0] * own[1], np.finfo(float).tiny)))
        self.value = float(combine(hsic_sums(model, brain, once(model)))[0]) / self.scale

    def reweighted(self, weights: Floats) -> Floats:
        model, brain = self.model, self.brain
        pairs = [(model, brain), (model, model), (brain, brain)]
        cross, own, other = (self.combine(hsic_sums(k, m, weights)) for k, m in pairs)
        return cross / np.sqrt(np.clip(own * other, np.finfo(float).tiny, None))

    def permuted(self, orders: Whole) -> Floats:
        model, brain = self.model.values, self.brain.values
        model_rows, brain_rows = model.sum(0), brain.sum(0)
        totals = np.full(len(orders), model_rows.sum() * brain_rows.sum())
        found = HsicSums(
            np.array([np.vdot(model, brain[np.ix_(o, o)]) for o in orders]),
            np.array([model_rows @ brain_rows[o] for o in orders]),
            totals,
            np.full(len(orders), float(len(model))),
        )
        return self.combine(found) / self.scale


def once(kernel: Square) -> Floats:
    """[1, sample] weights of a draw in which each sample comes once."""
    return np.ones((1, len(kernel.values)))


def hsic_sums(first: Square, second: Square, weights: Floats) -> HsicSums:
    """The sums of HSIC(first, second) under weights [draw, sample]."""
    if len(weights) == 1:  # not worth keeping
        a, b = (Square(side.values).drawn(weights) for side in (first, second))
    else:
        a, b = first.drawn(weights), second.drawn(weights)
    same = first is second
    product = a.squares if same else quadratic(first.values * second.values, weights)
    rows = (weights * a.rows * b.rows).sum(1)
    return HsicSums(product, rows, a.total * b.total, weights.sum(1))
