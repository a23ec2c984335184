"""Unexpected against expected events: effect, selectivity index of each neuron, shuffle null.

Gillon et al. (2024), J. Neurosci. 44:e1009232023: index = (mean of unexpected - mean of expected)
/ sqrt((variance of unexpected + variance of expected) / 2), with its percentile among the indices
of shuffled labels. Take rates for somata, errors or feedback for apical dendrites.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats


class Selectivity(NamedTuple):
    """How differently neurons respond to unexpected and to expected events."""

    indices: Floats  # [neuron]; NaN for neurons that never vary
    percentile: Floats  # [neuron] share of shuffles below the index, 0 to 100
    constant: int  # neurons that never vary

    def share(self, tail: float = 2.5) -> tuple[float, float]:
        """Percent of neurons below and above all but `tail` percent of the shuffles."""
        place = self.percentile[np.isfinite(self.percentile)]
        return 100 * float(np.mean(place < tail)), 100 * float(np.mean(place > 100 - tail))


def unexpected_effect(expected: Floats, unexpected: Floats) -> Floats:
    """[neuron] mean of unexpected less mean of expected events [neuron, event]; NaN is left out."""
    return np.nanmean(unexpected, axis=1) - np.nanmean(expected, axis=1)


def selectivity(
    expected: Floats, unexpected: Floats, shuffles: int = 1000, seed: int = 0
) -> Selectivity:
    """Selectivity index of each neuron and its percentile among shuffled labels.

    Args:
        expected, unexpected: [neuron, event] responses to each event; NaN where a neuron lacks one.
        shuffles: of the labels, the same for all neurons.
        seed: of the shuffles.

    Raises:
        ValueError: if a neuron has fewer than two events of either kind.
    """
    events = np.concatenate([expected, unexpected], axis=1)
    label = np.asarray(np.arange(events.shape[1]) >= expected.shape[1])
    there, which = np.unique(np.isfinite(events), axis=0, return_inverse=True)
    index, place = np.full((2, len(events)), np.nan)
    for pattern, seen in enumerate(there):  # neurons that have the same events
        neurons = which == pattern
        index[neurons], place[neurons] = _index_and_percentile(
            events[np.ix_(neurons, seen)].T, label[seen], shuffles, seed
        )
    return Selectivity(index, place, int(np.isnan(index).sum()))


def _index_and_percentile(
    events: Floats, label: NDArray[np.bool_], shuffles: int, seed: int
) -> tuple[Floats, Floats]:
    """[neuron] indices and percentiles among shuffles, of events [event, neuron], none missing."""
    counts = int((~label).sum()), int(label.sum())
    if min(counts) < 2:
        raise ValueError(
            f"{counts[0]} expected and {counts[1]} unexpected events: bring at least 2 of each."
        )
    events = events - events.mean(0)
    index = _index(events, label[None])[0]
    random = np.random.default_rng(seed)
    null = _index(events, random.permuted(np.tile(label, (shuffles, 1)), axis=1))
    place = 100 * ((null < index).mean(0) + (null == index).mean(0) / 2)
    varies = np.ptp(events, axis=0) > 0
    return np.where(varies, index, np.nan), np.where(varies, place, np.nan)


def _index(events: Floats, labels: NDArray[np.bool_]) -> Floats:
    """[draw, neuron] for labels [draw, event], True where unexpected; by matrix products."""
    side = labels.astype(float)
    mean, variance = [], []
    for weights in (side, 1 - side):
        count = weights.sum(1, keepdims=True)
        mean.append(weights @ events / count)
        variance.append((weights @ events**2 / count - mean[-1] ** 2) * count / (count - 1))
    scale = np.sqrt(np.clip((variance[0] + variance[1]) / 2, 0, None))
    return np.divide(mean[0] - mean[1], scale, out=np.zeros_like(scale), where=scale > 1e-12)
