"""What each sample does to a score: how sure the score is, without fitting it anew to every draw.

The influence of a sample is how the score rises with its weight, in the fits as in what they
predict (the infinitesimal jackknife; Efron, 2014, J. R. Stat. Soc. B 76:991). A score whose stimuli
are drawn w_i times is, to first order, its value and sum_i (w_i - 1) influence_i: a stimulus that
is drawn twice does not count as alike to itself, nor trains a fit on what it is asked of.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole

BLOCKS = 24  # left out one after the other where a score must be fitted anew


def influential(value: float, influence: Floats, weights: Floats) -> Floats:
    """[draw] the score when samples count `weights` [draw, sample] times."""
    return value + (weights - 1) @ influence


def left_out_influence(
    score_of: Callable[[NDArray[np.bool_]], float], groups: Whole, blocks: int = BLOCKS
) -> Floats:
    """[sample] influence on a score, by leaving out blocks of groups and scoring the rest.

    The influence of a block is dealt evenly to its groups, so that draws vary as the jackknife
    says.

    Args:
        score_of: takes a mask [sample] of what stays, returns the score.
        groups: [sample] what stays together.
        blocks: how many, or one for each group where those are fewer.
    """
    names, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    count = min(blocks, len(names))
    block_of = np.random.default_rng(0).permutation(np.arange(len(names)) % count)
    scores = np.array([score_of(block_of[which] != block) for block in range(count)])
    fall = (scores.mean() - scores) * np.sqrt((count - 1) / count)
    by_group = fall[block_of] / np.sqrt(np.bincount(block_of))[block_of]
    return (by_group / sizes)[which]
