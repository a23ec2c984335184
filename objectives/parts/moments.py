"""Mean and covariance over the samples that count."""

from jaxtyping import Float
from torch import Tensor

from objectives.parts.shapes import Counted, FeatureMatrix, Features


def covariance(
    values: Features, counted: Counted, center: Float[Tensor, " feature"]
) -> FeatureMatrix:
    """Unbiased covariance [feature, feature] around a center; zeros for fewer than two samples.

    Args:
        values: [sample, feature].
        counted: [sample] bool, which samples count.
        center: [feature].
    """
    around = (values - center) * counted.unsqueeze(1)
    return around.T @ around / (counted.sum() - 1).clamp(min=1)


def mean_of_counted(values: Features, counted: Counted) -> Float[Tensor, " feature"]:
    """Mean [feature] of values [sample, feature] over those counted [sample] bool; 0 of none."""
    return (values * counted.unsqueeze(1)).sum(0) / counted.sum().clamp(min=1)


def off_diagonal(matrix: FeatureMatrix) -> FeatureMatrix:
    """The square matrix with zeros on its diagonal."""
    return matrix - matrix.diagonal().diag()
