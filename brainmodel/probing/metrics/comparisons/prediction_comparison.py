"""Comparison by held-out predictions of each neuron, for encoding models of any kind.

The score of a neuron is the Pearson correlation of its held-out predictions and responses within a
fold, averaged over folds; the score of an area is the mean over neurons. Given the training set, a
held-out fold of unrelated responses correlates zero in expectation; correlations pooled over folds
do not (a training mean opposes the mean of its fold, and chance hits are shrunk less than misses).
"""

from collections.abc import Callable

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Comparison


class PredictionComparison(Comparison):
    """How well a cross-validated predictor predicts an area.

    Args:
        predict: takes responses [sample, neuron], returns held-out predictions of the same shape.
        responses: [sample, neuron].
        fold_of: [sample].
    """

    def __init__(
        self, predict: Callable[[Floats], Floats], responses: Floats, fold_of: Whole
    ) -> None:
        self.predict, self.responses, self.fold_of = predict, responses, fold_of
        self.observed = standardise_within(responses, fold_of)
        self.predicted = standardise_within(predict(responses), fold_of)
        by_neuron = (self.predicted * self.observed).mean(0)
        self.neurons, self.value = by_neuron, float(by_neuron.mean())

    def reweighted(self, weights: Floats) -> Floats:
        """Predictions stay; held-out samples are drawn again."""
        p, o = self.predicted, self.observed
        total = weights.sum(1, keepdims=True)
        po, pp, oo, sum_p, sum_o = (weights @ m / total for m in (p * o, p * p, o * o, p, o))
        scale = np.sqrt(np.clip((pp - sum_p**2) * (oo - sum_o**2), 0, None))
        return _ratio(po - sum_p * sum_o, scale).mean(1)

    def permuted(self, orders: Whole) -> Floats:
        """The predictor is fitted anew to each order of the responses."""
        shuffled = (self.responses[order] for order in orders)
        return np.array([held_out_score(self.predict, r, self.fold_of).mean() for r in shuffled])


def held_out_score(
    predict: Callable[[Floats], Floats], responses: Floats, fold_of: Whole
) -> Floats:
    """[neuron] correlation of held-out predictions and responses, mean over folds."""
    predicted = standardise_within(predict(responses), fold_of)
    return (predicted * standardise_within(responses, fold_of)).mean(0)


def standardise_within(values: Floats, fold_of: Whole) -> Floats:
    """Values [sample, neuron] of mean 0 and variance 1 in each fold; 0 where they do not vary."""
    centred = centre_within(values, fold_of)
    for fold in np.unique(fold_of):
        rows = fold_of == fold
        spread = np.broadcast_to(centred[rows].std(0), centred[rows].shape)
        centred[rows] = _ratio(centred[rows], spread)
    return centred


def centre_within(values: Floats, fold_of: Whole) -> Floats:
    """Values [sample, neuron] less the mean of their fold."""
    centred = np.array(values, float)
    for fold in np.unique(fold_of):
        centred[fold_of == fold] -= centred[fold_of == fold].mean(0)
    return centred


def correlations(first: Floats, second: Floats) -> Floats:
    """[column] Pearson correlation of like columns of two sides; 0 where one does not vary."""
    a, b = first - first.mean(0), second - second.mean(0)
    return _ratio((a * b).sum(0), np.sqrt((a * a).sum(0) * (b * b).sum(0)))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Quotient; 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 1e-12)
