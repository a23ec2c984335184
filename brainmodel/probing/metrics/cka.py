"""Debiased linear centred kernel alignment.

Kornblith et al. (2019), arXiv:1905.00414, eq. 4-5, with the unbiased HSIC of Song et al. (2012) as
in Nguyen et al. (2021), arXiv:2010.15327, eq. 3. 1 for rotated or scaled copies, 0 in expectation
for independent noise. The usual, biased estimate gives .33 on noise of 100 samples x 50 units.
"""

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.kernel_alignment import KernelAlignment, debiased
from brainmodel.probing.metrics.comparisons.pair_correlation import Square
from brainmodel.probing.metrics.metric import Comparison, Metric, Responses


class CKA(Metric[Square, Square]):
    """Debiased linear CKA; invariant to rotation, shift and isotropic scale of either side."""

    def model_side(self, features: Floats, groups: Whole) -> Square:
        return Square(centred_kernel(features))

    def brain_side(self, responses: Responses) -> Square:
        return Square(centred_kernel(responses.mean))

    def compare(self, model: Square, brain: Square) -> Comparison:
        return KernelAlignment(model, brain, debiased)

    def halves(self, first: Floats, second: Floats) -> Floats:
        one, other = Square(centred_kernel(first)), Square(centred_kernel(second))
        return np.array([KernelAlignment(one, other, debiased).value])


def centred_kernel(features: Floats) -> Floats:
    """Inner products of centred features [sample, unit], with a zero diagonal, of mean square one.

    Raises:
        ValueError: if there are fewer than four samples, or no unit varies.
    """
    centred = np.asarray(features, float) - np.mean(features, axis=0)
    if len(centred) < 4 or not np.any(centred):
        raise ValueError(
            f"features of shape {np.shape(features)} give no kernel: "
            "bring at least 4 samples and a unit that varies."
        )
    kernel = centred @ centred.T
    np.fill_diagonal(kernel, 0)
    return kernel / np.sqrt((kernel**2).mean())
