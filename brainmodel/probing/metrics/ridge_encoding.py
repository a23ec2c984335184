"""Cross-validated ridge encoding: how well a model area predicts each neuron.

Folds keep groups together; each neuron's penalty is chosen inside the training set by leaving out
groups, in closed form (see `comparisons/ridge.py`).
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.folds import grouped_folds
from brainmodel.probing.metrics.comparisons.prediction_comparison import (
    PredictionComparison,
    covariances,
)
from brainmodel.probing.metrics.comparisons.ridge import (
    Decomposition,
    GroupLeftOut,
    centre_kernels,
    choose_penalties,
    decompose,
    decompose_kernel,
    influence_of_targets,
    leave_out,
    predict,
    residuals,
)
from brainmodel.probing.metrics.metric import Metric, Responses, require_varying

PENALTIES = tuple(10.0**power for power in range(-6, 7))


class RidgeFolds(NamedTuple):
    """A model area, decomposed fold by fold."""

    fold_of: Whole  # [sample]
    parts: list[Decomposition]  # by fold, of its training set
    left_out: list[list[GroupLeftOut]]  # by fold
    penalties: Floats  # in units of the features


class RidgeEncoding(Metric[RidgeFolds, Floats]):
    """Mean over neurons of the correlation of held-out predictions and responses.

    Args:
        folds: of cross-validation.
        penalties: to choose from, in units of the mean squared length of a centred sample, so that
            they mean the same at every scale of the features.
        seed: of dealing groups to folds.
    """

    def __init__(
        self, folds: int = 5, penalties: Sequence[float] = PENALTIES, seed: int = 0
    ) -> None:
        if not penalties or min(penalties) <= 0:
            raise ValueError(f"penalties is {penalties!r}: give positive numbers.")
        self.folds, self.penalties, self.seed = folds, np.array(penalties, float), seed

    def model_side(self, features: Floats, groups: Whole) -> RidgeFolds:
        features = np.asarray(features, float)
        fold_of = grouped_folds(groups, self.folds, self.seed)
        require_varying(features)
        penalties = self.penalties * float(features.var(0).sum())
        parts = decompose_folds(features, fold_of)
        left_out = [
            leave_out(part, groups[fold_of != fold], penalties) for fold, part in enumerate(parts)
        ]
        return RidgeFolds(fold_of, parts, left_out, penalties)

    def brain_side(self, responses: Responses) -> Floats:
        return responses.mean

    def compare(self, model: RidgeFolds, brain: Floats) -> PredictionComparison:
        predict, influence = partial(predict_held_out, model), partial(ridge_influence, model)
        return PredictionComparison(predict, brain, model.fold_of, influence)

    def shared(self, first: Floats, second: Floats) -> Floats:
        return covariances(first, second)


def decompose_folds(features: Floats, fold_of: Whole) -> list[Decomposition]:
    """By fold; the kernel is computed once for all folds where units outnumber samples."""
    folds = [fold_of == fold for fold in range(fold_of.max() + 1)]
    if len(features) > features.shape[1]:
        return [decompose(features[~test], features[test]) for test in folds]
    centred = features - features.mean(0)
    kernel = centred @ centred.T
    return [
        decompose_kernel(*centre_kernels(kernel[np.ix_(~t, ~t)], kernel[np.ix_(t, ~t)]))
        for t in folds
    ]


def predict_held_out(model: RidgeFolds, responses: Floats) -> Floats:
    """[sample, neuron] predictions of each fold from the others; penalties chosen in the others."""
    predicted = np.empty_like(responses)
    for fold, parts in enumerate(model.parts):
        train = model.fold_of != fold
        targets = responses[train]
        chosen = choose_penalties(parts, targets, model.left_out[fold], model.penalties)
        predicted[~train] = predict(parts, targets, chosen)
    return predicted


def ridge_influence(
    model: RidgeFolds, comparison: PredictionComparison, projection: Floats | None = None
) -> Floats:
    """[sample] influence on the score, penalties held.

    A training sample that counts more pulls its prediction towards itself by its residual, and
    those of held-out samples with it: the derivative of weighted ridge by the weight.

    Args:
        model: the features.
        comparison: of their predictions with responses.
        projection: by fold, [neuron, neuron] that predictions were multiplied with, if any.
    """
    slope, found = comparison.slope(), comparison.when_predicted()
    for fold, parts in enumerate(model.parts):
        train = model.fold_of != fold
        targets, turned = comparison.responses[train], slope[~train]
        if projection is not None:
            turned = turned @ projection[fold].T
        chosen = choose_penalties(parts, targets, model.left_out[fold], model.penalties)
        moved = influence_of_targets(parts, turned, chosen) * residuals(parts, targets, chosen)
        found[train] += moved.sum(1)
    return found
