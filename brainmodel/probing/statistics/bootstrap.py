"""Confidence by bootstrap over stimuli, whole groups of them at a time."""

import numpy as np

from brainmodel.probing.array_types import Floats, Whole


def stimulus_weights(groups: Whole, draws: int, seed: int) -> Floats:
    """[draw, sample] how often each sample is drawn when groups are drawn with replacement."""
    names, which = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return counts[:, which].astype(float)


def interval(value: float, draws: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap draws, moved so that the mean of the draws is the value.

    A stimulus that is drawn twice is like itself, which shifts measures of alikeness; this shift
    is not part of the uncertainty.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws - draws.mean(), [tail, 1 - tail])
    return float(value + low), float(value + high)
