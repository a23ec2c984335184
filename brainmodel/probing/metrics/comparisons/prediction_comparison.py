"""Comparison by held-out predictions of each neuron, for encoding models of any kind.

The score of a neuron is the Pearson correlation of its held-out predictions and responses within a
fold, averaged over folds; the score of an area is the mean over neurons. Given the training set, a
held-out fold of unrelated responses correlates zero in expectation; correlations pooled over folds
do not (a training mean opposes the mean of its fold, and chance hits are shrunk less than misses).

A stimulus takes part twice: it is predicted in its fold, and it trains the predictors of the other
folds. Both count in how far a score would be off with other stimuli (`comparisons/influence.py`).
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.influence import influential
from brainmodel.probing.metrics.metric import Comparison, ratio, rounding

SampleInfluence = Callable[["PredictionComparison"], Floats]
"""Takes a comparison, returns the influence [sample] on its value of each sample."""


class PredictionComparison(Comparison):
    """How well a cross-validated predictor predicts an area.

    Args:
        predict: takes responses [sample, neuron], returns held-out predictions of the same shape.
        responses: [sample, neuron].
        fold_of: [sample].
        influence: finds the influence of samples when bootstrap draws are asked for.
    """

    def __init__(
        self,
        predict: Callable[[Floats], Floats],
        responses: Floats,
        fold_of: Whole,
        influence: SampleInfluence,
    ) -> None:
        self.predict, self.responses, self.fold_of = predict, responses, fold_of
        self.influence = influence
        self.observed = standardise_within(responses, fold_of)
        self.predictions = predict(responses)
        self.predicted = standardise_within(self.predictions, fold_of)
        by_neuron = (self.predicted * self.observed).mean(0)
        self.neurons, self.value = by_neuron, float(by_neuron.mean())

    def reweighted(self, weights: Floats) -> Floats:
        """To first order, fits included."""
        return influential(self.value, self._influence, weights)

    @cached_property
    def _influence(self) -> Floats:
        return self.influence(self)

    def by_fold(self) -> Floats:
        """[sample, neuron] correlations within the fold of the sample."""
        found = np.empty_like(self.predicted)
        for fold in np.unique(self.fold_of):
            rows = self.fold_of == fold
            found[rows] = (self.predicted[rows] * self.observed[rows]).mean(0)
        return found

    def when_predicted(self) -> Floats:
        """[sample] influence on the score as a sample that is predicted.

        Of a correlation r of z-scores a, b: ab - r (a^2 + b^2) / 2.
        """
        a, b, r = self.predicted, self.observed, self.by_fold()
        influence = a * b - r * (a**2 + b**2) / 2 + r - (a * b).mean(0)
        return influence.mean(1) / len(a)

    def slope(self) -> Floats:
        """[sample, neuron] derivative of the score by the prediction."""
        deviation, least = np.empty_like(self.predicted), np.empty_like(self.predicted)
        for fold in np.unique(self.fold_of):
            rows = self.fold_of == fold
            deviation[rows] = self.predictions[rows].std(0)
            least[rows] = rounding(self.predictions[rows])
        moved = self.observed - self.by_fold() * self.predicted
        return ratio(moved, deviation * self.predicted.size, least * self.predicted.size)

    def example(self, neuron: int) -> tuple[Floats, Floats]:
        """See the parent."""
        return self.observed[:, neuron], self.predicted[:, neuron]

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
        centred[rows] = ratio(centred[rows], spread, rounding(values[rows]))
    return centred


def centre_within(values: Floats, fold_of: Whole) -> Floats:
    """Values [sample, neuron] less the mean of their fold."""
    centred = np.array(values, float)
    for fold in np.unique(fold_of):
        centred[fold_of == fold] -= centred[fold_of == fold].mean(0)
    return centred


def covariances(first: Floats, second: Floats) -> Floats:
    """[column] covariance of like columns of two sides."""
    return ((first - first.mean(0)) * (second - second.mean(0))).mean(0)
