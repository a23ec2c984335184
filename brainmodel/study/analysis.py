"""The numbers of a study: means over seeds, paired differences, shares of the variance.

The sample is the seed: it draws weights and streams. Scores are arrays [seed, *factors], not a
number where a cell failed, and a seed counts only where all cells are there that a number is made
of.

    mean, difference    t interval over seeds (`over_brains`), differences paired by seed
    share of a factor   eta^2 = SS_factor / SS_total of the balanced analysis of variance in which
                        seeds are blocks; its interval is the 2.5th to 97.5th percentile of
                        bootstrap draws of whole seeds; p by F = MS_factor / MS_rest
    rest                all interactions with seeds: what no factor explains
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy import stats

from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics import PairedDifference, over_brains

DRAWS = 2000
FEWEST = 3  # seeds for which a bootstrap over them says anything
ROUNDING = 1e-12  # relative to the largest: differences below it are none
SEEDS, REST = (0,), ()
"""Effects that belong to no factor: of the seeds, and what is left."""
CANNOT_TELL = "cannot tell"


class VarianceShare(NamedTuple):
    """How much of the variance an effect explains."""

    effect: tuple[int, ...]  # axes of the factors that act together; SEEDS, or REST
    share: float
    low: float | None  # 95 % interval; None with fewer than `FEWEST` seeds
    high: float | None
    p: float | None  # None where there is nothing to test against


def by_seed(scores: Floats, axis: int, level: int) -> Floats:
    """[seed] mean over the cells of a level; not a number where one of them failed.

    Args:
        scores: [seed, *factors].
        axis: of the factor, from 1 on.
        level: of the factor.
    """
    return np.take(scores, level, axis).reshape(len(scores), -1).mean(1)


def over_seeds(values: Floats) -> PairedDifference | None:
    """Mean of one value per seed, with its t interval; None if no seed has one."""
    there = values[np.isfinite(values)]
    if not len(there):
        return None
    alike = np.ptp(there) <= ROUNDING * np.abs(there).max()
    return over_brains(np.full(len(there), there.mean()) if alike else there)


def paired(scores: Floats, axis: int, one: int, other: int) -> PairedDifference | None:
    """What one level of a factor scores above another, paired by seed."""
    return over_seeds(by_seed(scores, axis, one) - by_seed(scores, axis, other))


def verdict(difference: PairedDifference | None, above: str, below: str) -> str:
    """What a difference shows: `above` or `below` where its interval leaves 0 out."""
    if difference is None or difference.low is None or difference.high is None:
        return CANNOT_TELL
    return above if difference.low > 0 else below if difference.high < 0 else CANNOT_TELL


def sums_of_squares(scores: Floats) -> dict[tuple[int, ...], float]:
    """Sums of squares of every effect of the factors, of the seeds and of the rest.

    Args:
        scores: [seed, *factors], complete.
    """
    found = {effect: _sum_of_squares(scores, effect) for effect in _effects(scores.ndim)}
    found[SEEDS] = _sum_of_squares(scores, SEEDS)
    total = float(np.square(scores - scores.mean()).sum())
    found[REST] = max(0.0, total - sum(found.values()))
    return found


def _effects(axes: int) -> Iterator[tuple[int, ...]]:
    """Factors one by one, then their interactions."""
    for size in range(1, axes):
        yield from combinations(range(1, axes), size)


def _sum_of_squares(scores: Floats, effect: Sequence[int]) -> float:
    """Of the marginal means over all but some axes, less those of fewer of these axes."""
    left = scores
    for axis in range(scores.ndim):
        means = left.mean(axis, keepdims=True)
        left = left - means if axis in effect else np.broadcast_to(means, left.shape)
    return float(np.square(left).sum())


def variance_shares(scores: Floats, draws: int = DRAWS) -> list[VarianceShare]:
    """Which share of the variance each effect explains; empty if there is no variance.

    Args:
        scores: [seed, *factors]; seeds that lack a cell are left out.
        draws: of the bootstrap over seeds.
    """
    whole = scores[np.isfinite(scores).reshape(len(scores), -1).all(1)]
    if not len(whole) or np.ptp(whole) == 0:
        return []
    parts = sums_of_squares(whole)
    total = sum(parts.values())
    drawn = _drawn_shares(whole, draws) if len(whole) >= FEWEST else {}
    return [
        VarianceShare(effect, part / total, *_ends(drawn.get(effect)), _p(whole, parts, effect))
        for effect, part in parts.items()
    ]


def _drawn_shares(scores: Floats, draws: int) -> dict[tuple[int, ...], Floats]:
    """Shares in bootstrap draws of whole seeds, by effect; draws without variance are left out."""
    random = np.random.default_rng(0)
    found: dict[tuple[int, ...], list[float]] = {}
    for chosen in random.integers(len(scores), size=(draws, len(scores))):
        parts = sums_of_squares(scores[chosen])
        total = sum(parts.values())
        for effect, part in parts.items() if total > 0 else ():
            found.setdefault(effect, []).append(part / total)
    return {effect: np.array(shares) for effect, shares in found.items()}


def _ends(drawn: Floats | None) -> tuple[float | None, float | None]:
    if drawn is None:
        return None, None
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _p(
    scores: Floats, parts: dict[tuple[int, ...], float], effect: tuple[int, ...]
) -> float | None:
    """By the F test against the rest; None for seeds, for the rest, and where nothing is left."""
    seeds, cells = len(scores), scores[0].size
    rest = (seeds - 1) * (cells - 1)
    freedom = int(np.prod([scores.shape[axis] - 1 for axis in effect]))
    if (
        effect in (SEEDS, REST)
        or not rest
        or not freedom
        or parts[REST] <= ROUNDING * sum(parts.values())
    ):
        return None
    return float(stats.f.sf(parts[effect] / freedom / (parts[REST] / rest), freedom, rest))
