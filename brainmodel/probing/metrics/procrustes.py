"""Procrustes (shape) distance: the angle left after the best rotation, fitted on other stimuli.

Williams et al. (2021), arXiv:2110.14739: theta = arccos of <XQ, Y> / (|X| |Y|), Q orthogonal. On
the stimuli Q was fitted to, theta is biased downwards (noise can be rotated onto noise); here Q
comes from the training folds. 0 for a rotated, scaled or shifted copy, pi/2 for unrelated sides.
"""

from functools import cached_property
from typing import ClassVar

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.folds import FoldedFeatures, grouped_folds
from brainmodel.probing.metrics.comparisons.influence import influential, left_out_influence
from brainmodel.probing.metrics.comparisons.prediction_comparison import centre_within
from brainmodel.probing.metrics.metric import (
    Comparison,
    Metric,
    Responses,
    ratio,
    require_varying,
)


class Rotated(Comparison):
    """A model area, rotated onto a brain area fold by fold."""

    def __init__(self, model: FoldedFeatures, responses: Floats) -> None:
        self.model, self.responses = model, responses
        rotated = centre_within(rotate_held_out(model, responses), model.fold_of)
        self.value = angle(rotated, centre_within(responses, model.fold_of))

    def reweighted(self, weights: Floats) -> Floats:
        """To first order, rotations included."""
        return influential(self.value, self._influence, weights)

    @cached_property
    def _influence(self) -> Floats:
        return left_out_influence(
            lambda kept: Rotated(self.model.keep(kept), self.responses[kept]).value,
            self.model.groups,
        )

    def permuted(self, orders: Whole) -> Floats:
        """Rotations are fitted anew to each order of the responses."""
        shuffled = (self.responses[order] for order in orders)
        return np.array([Rotated(self.model, responses).value for responses in shuffled])


class Procrustes(Metric[FoldedFeatures, Floats]):
    """Angular Procrustes distance in radians, with rotations fitted on the other folds.

    Args:
        folds: of cross-validation.
        seed: of dealing groups to folds.
    """

    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, np.pi)

    def __init__(self, folds: int = 5, seed: int = 0) -> None:
        self.folds, self.seed = folds, seed

    def model_side(self, features: Floats, groups: Whole) -> FoldedFeatures:
        fold_of = grouped_folds(groups, self.folds, self.seed)
        require_varying(features)
        return FoldedFeatures(np.asarray(features, float), fold_of, groups)

    def brain_side(self, responses: Responses) -> Floats:
        return responses.mean

    def compare(self, model: FoldedFeatures, brain: Floats) -> Comparison:
        return Rotated(model, brain)

    def shared(self, first: Floats, second: Floats) -> Floats:
        """The inner product; halves of one area need no rotation."""
        return np.array([((first - first.mean(0)) * (second - second.mean(0))).sum()])

    def on_scale(self, correlation: float) -> float:
        return float(np.arccos(np.clip(correlation, -1, 1)))


def procrustes_distance(first: Floats, second: Floats) -> float:
    """Angle in radians between two sides [sample, unit] after the best rotation; not held out."""
    a, b = first - first.mean(0), second - second.mean(0)
    shared = np.linalg.svd(a.T @ b, compute_uv=False).sum()
    return float(np.arccos(np.clip(shared / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1)))


def rotate_held_out(model: FoldedFeatures, responses: Floats) -> Floats:
    """Features rotated onto responses [sample, neuron], by rotations of the other folds."""
    rotated = np.empty_like(responses)
    for fold in np.unique(model.fold_of):
        test = model.fold_of == fold
        features, targets = model.features[~test], responses[~test]
        mean = features.mean(0)
        left, _, right = np.linalg.svd((features - mean).T @ targets, full_matrices=False)
        rotated[test] = (model.features[test] - mean) @ left @ right
    return rotated


def angle(first: Floats, second: Floats) -> float:
    """Angle in radians between centred sides; a right one where one of them does not vary."""
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    cosine = ratio(np.atleast_1d((first * second).sum()), np.atleast_1d(lengths), 0.0)[0]
    return float(np.arccos(np.clip(cosine, -1, 1)))
