"""Alignment of two kernels, with bootstrap and permutation as matrix products.

HSIC of two kernels K, L (Gretton et al., 2005) needs three numbers: sum_ij w_i w_j K_ij L_ij,
sum_i w_i (Kw)_i (Lw)_i and (w'Kw)(w'Lw), where sample i is drawn w_i times. `combine` turns them
into the biased or the debiased estimate; the alignment is HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from brainmodel.probing.metric import Comparison, Floats, Whole
from brainmodel.probing.pair_correlation import quadratic


class Terms(NamedTuple):
    """The three numbers of HSIC, [draw] each, and how many samples were drawn."""

    product: Floats
    rows: Floats
    totals: Floats
    samples: Floats


Combine = Callable[[Terms], Floats]


def biased(terms: Terms) -> Floats:
    """tr(KHLH), Gretton et al. (2005), eq. 9, without its constant factor."""
    n = terms.samples
    return terms.product - 2 / n * terms.rows + terms.totals / n**2


def debiased(terms: Terms) -> Floats:
    """Song et al. (2012), J. Mach. Learn. Res. 13:1393, eq. 5, without its constant factor.

    The kernels must have zero diagonals.
    """
    n = terms.samples
    return terms.product - 2 / (n - 2) * terms.rows + terms.totals / ((n - 1) * (n - 2))


class KernelAlignment(Comparison):
    """Normalised HSIC of two kernels.

    Args:
        model, brain: [sample, sample] kernels of centred features; zero diagonals if debiased.
        combine: `biased` or `debiased`.
    """

    def __init__(self, model: Floats, brain: Floats, combine: Combine) -> None:
        self.model, self.brain, self.combine = model, brain, combine
        self.value = float(self.reweighted(np.ones((1, len(model))))[0])

    def reweighted(self, weights: Floats) -> Floats:
        model, brain = self.model, self.brain
        pairs = [(model, brain), (model, model), (brain, brain)]
        cross, own, other = (self.combine(terms(k, m, weights)) for k, m in pairs)
        return cross / np.sqrt(np.clip(own * other, np.finfo(float).tiny, None))

    def permuted(self, orders: Whole) -> Floats:
        one = np.ones((1, len(self.model)))
        scale = np.sqrt(
            self.combine(terms(self.model, self.model, one))
            * self.combine(terms(self.brain, self.brain, one))
        )
        model_rows, brain_rows = self.model.sum(0), self.brain.sum(0)
        totals = np.full(len(orders), model_rows.sum() * brain_rows.sum())
        found = Terms(
            np.array([np.vdot(self.model, self.brain[np.ix_(o, o)]) for o in orders]),
            np.array([model_rows @ brain_rows[o] for o in orders]),
            totals,
            np.full(len(orders), float(len(self.model))),
        )
        return self.combine(found) / scale


def terms(first: Floats, second: Floats, weights: Floats) -> Terms:
    """The numbers of HSIC(first, second) under weights [draw, sample]."""
    by_first, by_second = weights @ first, weights @ second
    return Terms(
        quadratic(first * second, weights),
        (weights * by_first * by_second).sum(1),
        (weights * by_first).sum(1) * (weights * by_second).sum(1),
        weights.sum(1),
    )
