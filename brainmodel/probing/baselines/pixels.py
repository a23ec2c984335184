"""Pixels, averaged over square patches."""

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines.baseline import Baseline


class Pixels(Baseline):
    """Mean of each channel over patches.

    Args:
        size: patches along the height and the width.
    """

    def __init__(self, size: int = 32) -> None:
        if size < 1:
            raise ValueError(f"size is {size}: give 1 patch or more.")
        self.size = size

    def __call__(self, movies: Floats) -> Floats:
        small = shrink(check_movies(movies), self.size)
        return small.reshape(*small.shape[:2], -1)


def check_movies(movies: Floats) -> Floats:
    """The movies, if they are [stimulus, time, height, width, channel] in [0, 1]."""
    if movies.ndim != 5 or movies.min() < 0 or movies.max() > 1:
        raise ValueError(
            f"movies has shape {movies.shape} and values from {movies.min():g} to "
            f"{movies.max():g}: give [stimulus, time, height, width, channel] in [0, 1]."
        )
    return movies


def shrink(movies: Floats, size: int) -> Floats:
    """Movies averaged over size x size patches; no smaller than they are."""
    down = _means(movies.shape[2], size).astype(movies.dtype)
    across = _means(movies.shape[3], size).astype(movies.dtype)
    return np.einsum("ih,nthwc,jw->ntijc", down, movies, across, optimize=True)


def _means(length: int, patches: int) -> Floats:
    """[patch, pixel] weights of means over equal patches; patch borders may cut a pixel."""
    patches = min(patches, length)
    edges = np.linspace(0, length, patches + 1)
    pixel = np.arange(length)
    upper = np.minimum(edges[1:, None], pixel + 1)
    overlap = np.clip(upper - np.maximum(edges[:-1, None], pixel), 0, None)
    return overlap / overlap.sum(1, keepdims=True)
