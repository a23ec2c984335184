"""Significance: permutation p values, and the false discovery rate over a map of them."""

import numpy as np
from scipy import special, stats

from brainmodel.probing.array_types import Floats, Whole


def orders(groups: Whole, draws: int, seed: int) -> Whole:
    """[draw, sample] random orders of the samples; groups move as blocks.

    Steps of a movie depend on each other, so whole groups change places, with groups of their size.

    Raises:
        ValueError: if no two groups have the same size, or there is only one.
    """
    names, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    rows = [np.flatnonzero(which == group) for group in range(len(names))]
    alike = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    if max(map(len, alike)) < 2:
        raise ValueError(
            f"{len(names)} groups of sizes {sorted(sizes.tolist())} cannot be permuted: "
            "cut movies to one length, or ask for no permutations."
        )
    random = np.random.default_rng(seed)
    found = np.tile(np.arange(len(groups)), (draws, 1))
    for order in found:
        for same in alike:
            for to, source in zip(same, random.permutation(same), strict=True):
                order[rows[to]] = rows[source]
    return found


def p_value(value: float, null: Floats) -> float:
    """One-sided p of a value that should be large: (1 + null at least as large) / (1 + null).

    Phipson & Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9:39: never zero.
    """
    return float((1 + np.sum(null >= value)) / (1 + len(null)))


def orders_there_are(groups: Whole) -> float:
    """How many orders groups [sample] can be brought into, those of a size among themselves."""
    sizes = np.unique(groups, return_counts=True)[1]
    counts = np.unique(sizes, return_counts=True)[1]
    return float(np.exp(special.gammaln(counts + 1.0).sum()))


def tail_p(value: float, null: Floats, there_are: float = np.inf) -> float:
    """One-sided p of a value that should be large, from few permutations.

    The tail of a distribution with the mean, the variance and the skewness of the null (Pearson's
    type III; Winkler et al., 2016, NeuroImage 141:502), so that p goes on below 1 / permutations.
    Skewness to the left, which would end the tail, counts as none. The tail is not followed below
    1 / permutations^2: as many decades as were counted; nor below one of the orders that there are,
    in as many of which the value is found again.

    Args:
        value: found in the given order.
        null: [draw] found in random orders.
        there_are: orders of these samples.
    """
    spread = float(null.std(ddof=1))
    if not spread > 0:
        return max(p_value(value, null), 1 / there_are)
    skew = max(0.0, float(stats.skew(null)))
    tail = float(stats.pearson3.sf((value - null.mean()) / spread, skew))
    return max(tail, len(null) ** -2.0, 1 / there_are)


def false_discovery_rate(p: Floats) -> Floats:
    """q values, Benjamini & Hochberg (1995): reject where q <= the allowed rate. NaN stays NaN."""
    q = np.full(len(p), np.nan)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(np.asarray(p)[tested])]
    scaled = np.asarray(p)[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1)
    return q
