"""Whitened RSA: dissimilarities compared under the covariance of their estimation errors.

Diedrichsen et al. (2021), arXiv:2007.02789. Whitened cosine similarity of squared Euclidean
dissimilarities, computed by rsatoolbox; it equals a (biased) linear CKA, which gives bootstrap and
permutation. Unbiased together with cross-validated distances (`CrossnobisRSA`).
"""

import numpy as np
from scipy.spatial.distance import squareform

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.kernel_alignment import KernelAlignment, biased
from brainmodel.probing.metrics.comparisons.pair_correlation import Square
from brainmodel.probing.metrics.metric import Comparison, Metric, Responses
from brainmodel.probing.metrics.rsa import compare_pairs, dissimilarities


class WhitenedRSA(Metric[Floats, Floats]):
    """Whitened cosine similarity (rsatoolbox's "cosine_cov") of squared Euclidean distances."""

    def model_side(self, features: Floats, groups: Whole) -> Floats:
        return dissimilarities(features, "euclidean")

    def brain_side(self, responses: Responses) -> Floats:
        return dissimilarities(responses.mean, "euclidean")

    def compare(self, model: Floats, brain: Floats) -> Comparison:
        comparison = KernelAlignment(Square(kernel_of(model)), Square(kernel_of(brain)), biased)
        comparison.value = compare_pairs(model, brain, "cosine_cov")
        return comparison

    def halves(self, first: Floats, second: Floats) -> Floats:
        one, other = (dissimilarities(half, "euclidean") for half in (first, second))
        return np.array([compare_pairs(one, other, "cosine_cov")])


def kernel_of(pairs: Floats) -> Floats:
    """The kernel with these squared distances: -1/2 H D H."""
    kernel = -0.5 * squareform(pairs)
    kernel -= kernel.mean(0)
    return kernel - kernel.mean(1, keepdims=True)
