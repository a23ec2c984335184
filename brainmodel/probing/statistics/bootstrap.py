"""Confidence by bootstrap over stimuli, whole groups of them at a time."""

from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole

NUDGE = 1e-3  # by which the weight of a group is raised to see what it does


class Draws(NamedTuple):
    """Bootstrap draws of groups of samples."""

    weights: Floats  # [draw, group] how often each is drawn
    nudged: Floats  # [group, sample] 1 for all samples, 1 + NUDGE for those of the group


def draws_of(groups: Whole, draws: int, seed: int) -> Draws:
    """Draws with replacement from the groups of samples, groups [sample]."""
    names, first, which = np.unique(groups, return_index=True, return_inverse=True)
    weights = stimulus_weights(groups, draws, seed)[:, first]
    return Draws(weights, 1 + NUDGE * (np.arange(len(names))[:, None] == which))


def stimulus_weights(groups: Whole, draws: int, seed: int) -> Floats:
    """[draw, sample] how often each sample is drawn when groups are drawn with replacement."""
    names, which = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return counts[:, which].astype(float)


def interval(value: float, draws: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap draws, moved so that the mean of the draws is the value."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws - draws.mean(), [tail, 1 - tail])
    return float(value + low), float(value + high)
