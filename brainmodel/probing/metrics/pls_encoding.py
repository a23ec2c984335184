"""Cross-validated encoding by partial least squares (PLS), as Schrimpf et al. (2018) do it."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.folds import FoldedFeatures, grouped_folds
from brainmodel.probing.metrics.comparisons.influence import left_out_influence
from brainmodel.probing.metrics.comparisons.prediction_comparison import (
    PredictionComparison,
    covariances,
    held_out_score,
)
from brainmodel.probing.metrics.metric import Metric, Responses, require_varying

EXHAUSTED = 1e-7  # of the first component's scores; less is rounding of single precision


class PLSEncoding(Metric[FoldedFeatures, Floats]):
    """Mean over neurons of the correlation of held-out PLS predictions and responses.

    Args:
        components: of PLS (scikit-learn's, by singular vectors); no more than units or training
            samples allow. Where the units have fewer dimensions, as many as these.
        folds: of cross-validation.
        seed: of dealing groups to folds.
    """

    def __init__(self, components: int = 25, folds: int = 5, seed: int = 0) -> None:
        if components < 1:
            raise ValueError(f"components is {components}: give 1 or more.")
        self.components, self.folds, self.seed = components, folds, seed

    def model_side(self, features: Floats, groups: Whole) -> FoldedFeatures:
        fold_of = grouped_folds(groups, self.folds, self.seed)
        require_varying(features)
        room = min(features.shape[1], int(np.bincount(fold_of)[0] * (self.folds - 1)) - 1)
        if self.components > room:
            raise ValueError(
                f"components is {self.components}: {features.shape[0]} samples of "
                f"{features.shape[1]} units allow {room} at most."
            )
        return FoldedFeatures(np.asarray(features, float), fold_of, groups)

    def brain_side(self, responses: Responses) -> Floats:
        return responses.mean

    def compare(self, model: FoldedFeatures, brain: Floats) -> PredictionComparison:
        def score_of(kept: NDArray[np.bool_]) -> float:
            part = model.keep(kept)
            predict = partial(_predict, part, self.components)
            return float(held_out_score(predict, brain[kept], part.fold_of).mean())

        return PredictionComparison(
            partial(_predict, model, self.components),
            brain,
            model.fold_of,
            lambda _: left_out_influence(score_of, model.groups),
        )

    def shared(self, first: Floats, second: Floats) -> Floats:
        return covariances(first, second)


def _predict(model: FoldedFeatures, components: int, responses: Floats) -> Floats:
    """[sample, neuron] predictions of each fold from the others."""
    predicted = np.empty_like(responses)
    for fold in np.unique(model.fold_of):
        test = model.fold_of == fold
        fitted = _fit(model.features[~test], responses[~test], components)
        predicted[test] = fitted.predict(model.features[test])
    return predicted


def _fit(features: Floats, responses: Floats, components: int) -> Any:
    """scikit-learn's regression with as many components as there are, at the most.

    By singular vectors: its power method begins from the first neuron and stops within 1e-3.
    """
    from sklearn.cross_decomposition import PLSRegression

    pls = PLSRegression(components, scale=False)
    pls.algorithm = "svd"
    fitted = pls.fit(features, responses)
    sizes = np.linalg.norm(fitted.x_scores_, axis=0)
    there = int((sizes > EXHAUSTED * sizes[0]).sum())
    return fitted if there in (0, components) else _fit(features, responses, there)
