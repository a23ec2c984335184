"""Reduced-rank communication: along how few dimensions one area predicts another.

Semedo et al. (2019), Neuron 102:249. Ridge predictions of the target are projected on their
leading principal axes; the rank of the communication subspace is the smallest whose held-out score
lies within one standard error (over folds) of the best.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.prediction_comparison import (
    PredictionComparison,
    covariances,
)
from brainmodel.probing.metrics.comparisons.ridge import choose_penalties, predict
from brainmodel.probing.metrics.metric import Metric, Responses
from brainmodel.probing.metrics.ridge_encoding import (
    PENALTIES,
    RidgeEncoding,
    RidgeFolds,
    ridge_influence,
)


class Communication(NamedTuple):
    """Held-out share of the target's variance, by rank."""

    ranks: Whole  # [rank]
    explained: Floats  # [rank] mean over folds
    error: Floats  # [rank] standard error over folds
    rank: int  # the smallest within one standard error of the best


class ReducedRankEncoding(Metric[RidgeFolds, Floats]):
    """Mean over neurons of the correlation of held-out predictions of limited rank.

    Args:
        rank: dimensions that may pass.
        folds, penalties, seed: as in RidgeEncoding.
    """

    def __init__(
        self, rank: int, folds: int = 5, penalties: Sequence[float] = PENALTIES, seed: int = 0
    ) -> None:
        if rank < 1:
            raise ValueError(f"rank is {rank}: give 1 or more.")
        self.rank, self.folds = rank, folds
        self.ridge = RidgeEncoding(folds, penalties, seed)

    def model_side(self, features: Floats, groups: Whole) -> RidgeFolds:
        return self.ridge.model_side(features, groups)

    def brain_side(self, responses: Responses) -> Floats:
        return responses.mean

    def compare(self, model: RidgeFolds, brain: Floats) -> PredictionComparison:
        def fit(responses: Floats) -> Floats:
            return predict_ranks(model, responses, [self.rank])[0]

        def influence(comparison: PredictionComparison) -> Floats:
            axes = [leading_axes(model, fold, brain)[: self.rank] for fold in range(self.folds)]
            return ridge_influence(model, comparison, np.stack([a.T @ a for a in axes]))

        return PredictionComparison(fit, brain, model.fold_of, influence)

    def shared(self, first: Floats, second: Floats) -> Floats:
        return covariances(first, second)


def communication(
    source: Floats, target: Floats, ranks: Sequence[int], folds: int = 5, seed: int = 0
) -> Communication:
    """How many dimensions of `source` [sample, unit] matter to `target` [sample, neuron].

    Raises:
        ValueError: if a rank is not between 1 and the number of target neurons.
    """
    if not ranks or min(ranks) < 1 or max(ranks) > target.shape[1]:
        raise ValueError(f"ranks is {ranks!r}: give numbers from 1 to {target.shape[1]}.")
    groups = np.arange(len(source))
    metric = RidgeEncoding(folds, seed=seed)
    model = metric.model_side(source, groups)
    predicted = predict_ranks(model, target, ranks)
    explained = np.array([_explained(p, target, model.fold_of) for p in predicted])
    mean, error = explained.mean(1), explained.std(1, ddof=1) / np.sqrt(folds)
    enough = mean >= mean.max() - error[mean.argmax()]
    return Communication(np.array(ranks), mean, error, int(min(np.array(ranks)[enough])))


def predict_ranks(model: RidgeFolds, responses: Floats, ranks: Sequence[int]) -> Floats:
    """[rank, sample, neuron] held-out predictions of limited rank."""
    predicted = np.empty((len(ranks), *responses.shape))
    for fold, parts in enumerate(model.parts):
        train = model.fold_of != fold
        targets = responses[train]
        mean = targets.mean(0)
        chosen = choose_penalties(parts, targets, model.left_out[fold], model.penalties)
        axes = leading_axes(model, fold, responses)
        full = predict(parts, targets, chosen) - mean
        for index, rank in enumerate(ranks):
            predicted[index, ~train] = full @ axes[:rank].T @ axes[:rank] + mean
    return predicted


def leading_axes(model: RidgeFolds, fold: int, responses: Floats) -> Floats:
    """[axis, neuron] along which the fitted responses of a training set vary, the leading first."""
    parts, targets = model.parts[fold], responses[model.fold_of != fold]
    chosen = choose_penalties(parts, targets, model.left_out[fold], model.penalties)
    shrink = parts.squares[:, None] / (parts.squares[:, None] + chosen)
    fitted = shrink * (parts.left.T @ (targets - targets.mean(0)))  # the same axes as U times it
    return np.linalg.svd(fitted, full_matrices=False)[2]


def _explained(predicted: Floats, target: Floats, fold_of: Whole) -> Floats:
    """[fold] share of the target's variance in that fold."""
    shares = []
    for fold in np.unique(fold_of):
        rows = fold_of == fold
        left = ((target[rows] - predicted[rows]) ** 2).sum()
        shares.append(1 - left / ((target[rows] - target[rows].mean(0)) ** 2).sum())
    return np.array(shares)
