"""Reverse predictivity: how well the neurons of a brain area predict each unit of a model area.

Muzellec & Kar (2025), bioRxiv 2025.08.08.669382. Encoding asks whether the brain's dimensions are
among the model's; this asks whether the model's are among the brain's. A model with dimensions of
its own scores well there and badly here. Everything is as in `RidgeEncoding` with the sides
exchanged: folds that keep groups together, a penalty for each unit, chosen inside the training set.

Noise is on the side that predicts. How far it holds a score down depends on how many neurons say
the same, which halves of the repeats do not tell: there is no ceiling. Compare models of the same
recording (trained and untrained, pixels), for which it is the same.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.prediction_comparison import PredictionComparison
from brainmodel.probing.metrics.metric import (
    Comparison,
    Metric,
    Responses,
    require_varying,
    rounding,
)
from brainmodel.probing.metrics.ridge_encoding import PENALTIES, RidgeEncoding, RidgeFolds


class ReverseComparison(Comparison):
    """The units of a model area as predicted by the neurons of a brain area.

    Args:
        predicted: the comparison of predictions with the units.

    Attributes:
        units: [unit] the score of each that varies, of those that were chosen.
    """

    def __init__(self, predicted: PredictionComparison) -> None:
        self.predicted = predicted
        self.value, self.units = predicted.value, predicted.neurons

    def reweighted(self, weights: Floats) -> Floats:
        return self.predicted.reweighted(weights)

    def permuted(self, orders: Whole) -> Floats:
        """Neurons stay, and units come in the opposite order, which makes the same pairs."""
        return self.predicted.permuted(np.argsort(orders, axis=1))


class ReversePredictivity(Metric[Floats, RidgeFolds]):
    """Mean over units of the correlation of their activity and held-out predictions of it.

    Units that do not vary count as little as neurons that do not.

    Args:
        folds, penalties, seed: as in `RidgeEncoding`; the seed is that of choosing units, too.
        units: how many of a model area are asked about, at the most; they are chosen at random.

    Raises:
        ValueError: if penalties are not positive, or no unit is asked about.
    """

    has_ceiling: ClassVar[bool] = False

    def __init__(
        self,
        folds: int = 5,
        penalties: Sequence[float] = PENALTIES,
        seed: int = 0,
        units: int = 1000,
    ) -> None:
        if units < 1:
            raise ValueError(f"units is {units}: give 1 or more.")
        self.ridge = RidgeEncoding(folds, penalties, seed)
        self.folds, self.seed, self.units = folds, seed, units

    def model_side(self, features: Floats, groups: Whole) -> Floats:
        """[sample, unit] of the units that are asked about."""
        features = np.asarray(features, float)
        require_varying(features)
        varying = np.flatnonzero(np.ptp(features, axis=0) > rounding(features))
        order = np.random.default_rng(self.seed).permutation(len(varying))
        return features[:, varying[np.sort(order[: self.units])]]

    def brain_side(self, responses: Responses) -> RidgeFolds:
        """The neurons, decomposed fold by fold."""
        return self.ridge.model_side(responses.mean, responses.groups)

    def compare(self, model: Floats, brain: RidgeFolds) -> ReverseComparison:
        return ReverseComparison(self.ridge.compare(brain, model))

    def shared(self, first: Floats, second: Floats) -> Floats:
        """Not defined.

        Raises:
            ValueError: always.
        """
        raise ValueError("ReversePredictivity has no ceiling from halves of repeats: ask for none.")
