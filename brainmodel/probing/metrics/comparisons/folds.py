"""Folds of cross-validation that keep groups together and share no frame."""

from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole

FEWEST = 3  # samples of a fold: one correlates with nothing, two always do


class FoldedFeatures(NamedTuple):
    """Features, and the fold and the group of each sample."""

    features: Floats
    fold_of: Whole
    groups: Whole

    def keep(self, samples: NDArray[np.bool_]) -> "FoldedFeatures":
        """The chosen samples, in the folds they were in."""
        return FoldedFeatures(self.features[samples], self.fold_of[samples], self.groups[samples])


def grouped_folds(groups: Whole, folds: int, seed: int = 0) -> Whole:
    """[sample] the fold of each sample; groups stay whole, folds are of similar size.

    Args:
        groups: [sample] what stays together.
        folds: how many.
        seed: of dealing groups to folds.

    Raises:
        ValueError: if there are fewer than two folds, or fewer groups than folds, or too few
            samples in one.
    """
    names, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if folds < 2 or len(names) < folds:
        raise ValueError(
            f"folds is {folds} and there are {len(names)} groups of stimuli: "
            "give at least 2 folds and no more than groups."
        )
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]  # large groups first
    fold_of, load = np.zeros(len(names), int), np.zeros(folds, int)
    for group in order:
        fold_of[group] = load.argmin()
        load[fold_of[group]] += sizes[group]
    if load.min() < FEWEST:
        raise ValueError(
            f"folds is {folds} and {len(which)} samples leave {load.min()} in a fold, in which "
            f"nothing can be said to correlate: give fewer folds or more stimuli, {FEWEST} or more "
            "in each fold."
        )
    return fold_of[which]


def refuse_leakage(frames: NDArray[np.generic], fold_of: Whole) -> None:
    """Require that no frame is in two folds.

    Args:
        frames: [sample, ...] what was shown.
        fold_of: [sample].

    Raises:
        ValueError: if two samples with equal frames are in different folds.
    """
    first: dict[bytes, int] = {}
    for sample, frame in enumerate(frames):
        twin = first.setdefault(blake2b(frame.tobytes()).digest(), sample)
        if fold_of[twin] != fold_of[sample]:
            raise ValueError(
                f"stimuli {twin} and {sample} are the same frame in folds {fold_of[twin]} and "
                f"{fold_of[sample]}: give them one group, or make them repeats of one stimulus."
            )
