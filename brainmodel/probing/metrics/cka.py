"""Debiased linear centred kernel alignment.

Kornblith et al. (2019), arXiv:1905.00414, eq. 4-5, with the unbiased HSIC of Song et al. (2012) as
in Nguyen et al. (2021), arXiv:2010.15327, eq. 3. 1 for rotated or scaled copies, 0 in expectation
for independent noise. The usual, biased estimate gives .33 on noise of 100 samples x 50 units.
"""

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.kernel_alignment import (
    KernelAlignment,
    debiased,
    hsic_sums,
    once,
)
from brainmodel.probing.metrics.comparisons.pair_correlation import Square
from brainmodel.probing.metrics.metric import Comparison, Metric, Responses, varies


class CKA(Metric[Square, Square]):
    """Debiased linear CKA; invariant to rotation, shift and isotropic scale of either side."""

    def model_side(self, features: Floats, groups: Whole) -> Square:
        return Square(centred_kernel(features))

    def brain_side(self, responses: Responses) -> Square:
        return Square(centred_kernel(responses.mean))

    def compare(self, model: Square, brain: Square) -> Comparison:
        return KernelAlignment(model, brain, debiased)

    def shared(self, first: Floats, second: Floats) -> Floats:
        one, other = Square(kernel(first)), Square(kernel(second))
        return debiased(hsic_sums(one, other, once(one)))


def centred_kernel(features: Floats) -> Floats:
    """The kernel of features [sample, unit], of mean square one.

    Raises:
        ValueError: if there are fewer than four samples, or no unit varies.
    """
    if len(features) < 4 or not varies(features):
        raise ValueError(
            f"features of shape {np.shape(features)} give no kernel: "
            "bring at least 4 samples and a unit that varies."
        )
    found = kernel(features)
    return found / np.sqrt((found**2).mean())


def kernel(features: Floats) -> Floats:
    """Inner products of centred features [sample, unit], with a zero diagonal."""
    centred = np.asarray(features, float) - np.mean(features, axis=0)
    found = centred @ centred.T
    np.fill_diagonal(found, 0)
    return found
