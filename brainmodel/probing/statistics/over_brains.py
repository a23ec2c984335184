"""What learning does, over brains: paired differences, their interval and p.

The sample is the brain, that is the seed its weights were drawn from, and the stimulus; never the
unit, of which a map of 16,384 has 16 kernels. The variance of a mean over brains and stimuli is
that over brains, and that over stimuli, less their interaction, which is in both; never less than
either (Schuett et al., 2023, eLife 12:e82566, eq. 6, with brains for subjects).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics.bootstrap import interval


class PairedDifference(NamedTuple):
    """A mean of differences, each of one brain."""

    value: float
    low: float | None  # 95 % interval, over stimuli and over brains; None where there is none
    high: float | None
    p: float | None  # two-sided: over brains where there are two or more, otherwise over stimuli
    brains: int


def over_brains(values: Floats, draws: Floats | None = None) -> PairedDifference:
    """Mean of paired differences.

    Args:
        values: [brain] the difference of each.
        draws: [brain, draw] bootstrap draws of the differences, the same stimuli in all brains.
    """
    count, value = len(values), float(np.mean(values))
    if count == 1:
        if draws is None or not draws.std() > 0:
            return PairedDifference(value, None, None, None, 1)
        p = 2 * stats.norm.sf(abs(value) / draws.std())
        return PairedDifference(value, *interval(value, draws[0]), float(p), 1)
    brains = float(np.var(values, ddof=1)) / count
    if not brains > 0:
        return PairedDifference(value, None, None, None, count)
    p = 2 * stats.t.sf(abs(value) / np.sqrt(brains), count - 1)
    variance = brains if draws is None else _crossed(brains, draws)
    freedom = (count - 1) * (variance / brains) ** 2  # Satterthwaite: that over stimuli is sure
    reach = float(stats.t.ppf(0.975, freedom) * np.sqrt(variance))
    return PairedDifference(value, value - reach, value + reach, float(p), count)


def _crossed(brains: float, draws: Floats) -> float:
    """Variance of the mean over brains and stimuli, from that over brains and draws of stimuli."""
    count, mean = len(draws), draws.mean(0)
    stimuli = float(mean.var())
    interaction = float((draws - mean).var(1).sum()) / (count * (count - 1))
    return max(brains, stimuli, brains + stimuli - interaction)
