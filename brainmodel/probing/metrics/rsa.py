"""Representational similarity analysis, Kriegeskorte et al. (2008), through rsatoolbox.

Dissimilarity matrices of both sides over the same stimuli, compared by Pearson (`RSA`) or Spearman
(`SpearmanRSA`) correlation over the pairs. Matrices and scores are rsatoolbox's own; confidence
and permutation reuse them (see `comparisons/pair_correlation.py`).
"""

from typing import ClassVar, NamedTuple

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from brainmodel.optional import optional
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.pair_correlation import PairCorrelation, Square
from brainmodel.probing.metrics.metric import (
    Agreement,
    Comparison,
    MeanResponses,
    Metric,
    Responses,
    varies,
)

DISSIMILARITIES = ("correlation", "euclidean")


class DissimilarityPairs(NamedTuple):
    """Dissimilarities of one side."""

    vector: Floats  # [pair] as rsatoolbox orders them
    square: Square  # [sample, sample], ranked where ranks are compared


class RSA(Metric[DissimilarityPairs, DissimilarityPairs]):
    """Pearson correlation of dissimilarity matrices.

    Args:
        dissimilarity: rsatoolbox's "correlation" (1 - Pearson r) or "euclidean" (squared, per
            unit) distance of the mean responses to two stimuli.
    """

    comparison: ClassVar[str] = "corr"  # rsatoolbox's name

    def __init__(self, dissimilarity: str = "correlation") -> None:
        if dissimilarity not in DISSIMILARITIES:
            raise ValueError(f"dissimilarity is {dissimilarity!r}: choose among {DISSIMILARITIES}.")
        self.dissimilarity = dissimilarity

    def model_side(self, features: Floats, groups: Whole) -> DissimilarityPairs:
        return self.known_side(dissimilarities(features, self.dissimilarity))

    def known_side(self, vector: Floats) -> DissimilarityPairs:
        """The side whose dissimilarities [pair] are known."""
        return DissimilarityPairs(vector, Square(self._square(vector)))

    def brain_side(self, responses: Responses) -> DissimilarityPairs:
        return self.model_side(responses.mean, responses.groups)

    def compare(self, model: DissimilarityPairs, brain: DissimilarityPairs) -> Comparison:
        value = compare_pairs(model.vector, brain.vector, self.comparison)
        return PairCorrelation(model.square, brain.square, value)

    def shared(self, first: Floats, second: Floats) -> Floats:
        """Covariance of the dissimilarities."""
        one, other = (dissimilarities(half, self.dissimilarity) for half in (first, second))
        return np.array([np.mean((one - one.mean()) * (other - other.mean()))])

    def agreement(
        self, first: MeanResponses, second: MeanResponses, whole: MeanResponses
    ) -> Agreement:
        """See the parent. Noise adds to Euclidean distances, more where there are fewer repeats,
        which is alike in both halves and taken off; it shrinks correlation distances, those of
        halves more than those of the mean, and ranks have no scale, which is made up for.
        """
        sides = (first, second, whole)
        one, other, full = (dissimilarities(s.values, self.dissimilarity) for s in sides)
        halves = compare_pairs(one, other, self.comparison)
        if self.dissimilarity == "correlation":
            shrunk = norms(first.values) * norms(second.values) / norms(whole.values) ** 2
            squared = halves * one.std() * other.std() / full.var() * shrunk
            return Agreement(np.array([halves]), np.array([squared]))
        added = [pair_sums(side.noise) for side in sides]
        one, other = one - added[0], other - added[1]
        signal = compare_pairs(one, other, self.comparison) * one.std() * other.std()
        seen = np.cov((one + other) / 2, added[2])[0, 1]
        square = square_over(signal, seen, added[2].var())
        return Agreement(np.array([halves]), np.array([square / full.var()]))

    def _square(self, pairs: Floats) -> Floats:
        return squareform(pairs)


class SpearmanRSA(RSA):
    """Spearman correlation of dissimilarity matrices; see RSA."""

    comparison: ClassVar[str] = "spearman"

    def _square(self, pairs: Floats) -> Floats:
        return squareform(rankdata(pairs))


def square_over(signal: float, more: float, most: float) -> float:
    """(signal + more)^2 / signal, where little signal may be found to be none or less.

    Args:
        signal: variance that halves of the repeats share.
        more: covariance of it with what noise adds to the mean over all.
        most: variance of that; more^2 / signal is below it, if both are known without error.
    """
    rest = min(more**2 / signal, most) if signal > 0 else most * (more != 0)
    return signal + 2 * more + rest


def pair_sums(values: Floats) -> Floats:
    """[pair] sums of values [sample], as rsatoolbox orders pairs."""
    rows, columns = np.triu_indices(len(values), 1)
    return values[rows] + values[columns]


def norms(patterns: Floats) -> float:
    """Mean squared norm of patterns [sample, unit], each less its mean."""
    return float(np.var(patterns, axis=1).mean())


def dissimilarities(patterns: Floats, kind: str) -> Floats:
    """[pair] dissimilarities of patterns [sample, unit].

    Raises:
        ValueError: if dissimilarities are undefined (rsatoolbox returns NaN) or all alike.
    """
    data, rdm = optional("rsatoolbox.data"), optional("rsatoolbox.rdm")
    described = data.Dataset(np.asarray(patterns, float))
    with np.errstate(invalid="ignore"):  # refused below
        pairs = rdm.calc_rdm(described, method=kind).get_vectors()[0]
    if not np.isfinite(pairs).all() or np.ptp(pairs) == 0 or not varies(patterns):
        flat = int((np.ptp(patterns, axis=1) == 0).sum())
        raise ValueError(
            f"the {kind} distances of {patterns.shape[0]} patterns of {patterns.shape[1]} units "
            f"are undefined or all alike ({flat} patterns are flat): leave flat stimuli out, bring "
            "more units, or use euclidean distances."
        )
    return pairs


def compare_pairs(first: Floats, second: Floats, method: str) -> float:
    """How alike two vectors of dissimilarities are, by a method of rsatoolbox."""
    rdm = optional("rsatoolbox.rdm")
    return float(rdm.compare(rdm.RDMs(first[None]), rdm.RDMs(second[None]), method=method)[0, 0])
