"""Whitened RSA: dissimilarities compared under the covariance of their estimation errors.

Diedrichsen et al. (2021), arXiv:2007.02789. Whitened cosine similarity of squared Euclidean
dissimilarities, computed by rsatoolbox; it equals a (biased) linear CKA, which gives bootstrap and
permutation. Unbiased together with cross-validated distances (`CrossnobisRSA`).
"""

import numpy as np
from scipy.spatial.distance import squareform

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.kernel_alignment import (
    KernelAlignment,
    biased,
    hsic_sums,
    once,
)
from brainmodel.probing.metrics.comparisons.pair_correlation import Square
from brainmodel.probing.metrics.metric import (
    Agreement,
    Comparison,
    MeanResponses,
    Metric,
    Responses,
    ratio,
)
from brainmodel.probing.metrics.rsa import compare_pairs, dissimilarities, square_over


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

    def shared(self, first: Floats, second: Floats) -> Floats:
        one, other = (Square(patterns_kernel(half)) for half in (first, second))
        return biased(hsic_sums(one, other, once(one)))

    def agreement(
        self, first: MeanResponses, second: MeanResponses, whole: MeanResponses
    ) -> Agreement:
        """See the parent. The cosine has no mean taken off, so what noise adds to every distance
        stays, and counts: c, by which it adds to the diagonal of a centred kernel K. With S the
        noiseless kernel, <K1, K2> = |S|^2 + (c1 + c2) tr S + c1 c2 (n - 1).
        """
        a, b, y = (s.values - s.values.mean(0) for s in (first, second, whole))
        trace, free = (a * b).sum() / a.shape[1], len(a) - 1
        ca, cb, cy = (((side**2).sum() / side.shape[1] - trace) / free for side in (a, b, y))
        both = self.shared(a, b)
        signal = both - (ca + cb) * trace - ca * cb * free
        own = self.shared(a, a) * self.shared(b, b)
        square = square_over(float(signal[0]), cy * trace, cy**2 * min(free, a.shape[1]))
        squared = ratio(np.array([square]), self.shared(y, y))
        return Agreement(ratio(both, np.sqrt(own)), squared)


def patterns_kernel(patterns: Floats) -> Floats:
    """Inner products of centred patterns [sample, unit], per unit, as in rsatoolbox's distances."""
    centred = patterns - patterns.mean(0)
    return centred @ centred.T / patterns.shape[1]


def kernel_of(pairs: Floats) -> Floats:
    """The kernel with these squared distances: -1/2 H D H."""
    kernel = -0.5 * squareform(pairs)
    kernel -= kernel.mean(0)
    return kernel - kernel.mean(1, keepdims=True)
