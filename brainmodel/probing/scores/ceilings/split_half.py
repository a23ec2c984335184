"""Noise ceilings from halves of the repeats, ragged repeats included.

Two random halves of the repeats are averaged and compared with the metric itself. What they share
is the signal; what the mean over all repeats shares with itself is the signal and the noise that
is left in it. So a noiseless model is expected to score sqrt(shared by halves / shared by the mean
with itself): for correlations this is what Spearman (1910) and Brown (1910) say, and it holds for
matrices as well, whose noise falls faster than with the number of repeats (`Metric.agreement`).

The repeats of all stimuli are halved alike, as far as they are there: the first of all, the second
of all, ... A drift from repeat to repeat then lies in each half, and in the mean, alike for all
stimuli, and is not taken for noise.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import MeanResponses, Metric, Responses
from brainmodel.probing.scores.ceilings.ceiling import Ceiling


class SplitHalves(NamedTuple):
    """What halves of the repeats say of an area, on the scale of a correlation; [1] or [neuron]."""

    low: Floats  # how well one half agrees with the other
    high: Floats  # how well the mean over all repeats would agree with noiseless responses


def split_half_ceiling(
    metric: Metric, responses: Responses, draws: int = 20, seed: int = 0
) -> Ceiling:
    """The ceiling of a metric for a brain area; see `split_halves`."""
    found = split_halves(metric, responses, draws, seed)
    return Ceiling(*(metric.on_scale(float(np.mean(end))) for end in found))


def split_halves(
    metric: Metric, responses: Responses, draws: int = 20, seed: int = 0
) -> SplitHalves:
    """What halves of the repeats say of a brain area.

    Args:
        metric: on whose scale.
        responses: with at least two repeats of at least four samples.
        draws: random ways to halve the repeats; what they say is averaged.
        seed: of the halving.

    Raises:
        ValueError: if there are too few repeats.
    """
    responses = _about_one(responses)
    repeats = repeated(responses)
    whole, count = np.nanmean(repeats, axis=1), np.isfinite(repeats[:, :, 0]).sum(axis=1)
    spread = np.nansum((repeats - whole[:, None]) ** 2) / (count - 1).sum() / whole.shape[1]
    more, less = spread / ((count + 1) // 2), spread / (count // 2)
    mean = MeanResponses(whole, spread / count)
    found = [
        metric.agreement(MeanResponses(first, more), MeanResponses(second, less), mean)
        for first, second in halves(responses, draws, seed)
    ]
    low, squared = np.mean(found, axis=0)
    return SplitHalves(low, np.sqrt(np.clip(squared, 0, 1)))


def _about_one(responses: Responses) -> Responses:
    """In a unit in which they vary by about one, a power of two: nothing is rounded."""
    values = responses.repeats
    spread = float(np.sqrt(np.nanmean((values - np.nanmean(values, axis=(0, 1))) ** 2)))
    if not 0 < spread < np.inf:
        return responses
    return responses._replace(repeats=np.ldexp(values, -int(np.frexp(spread)[1])))


def halves(responses: Responses, draws: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Means over two random halves of the repeats, `draws` times; of samples with two or more.

    The halves of an odd number of repeats differ by one.
    """
    repeats = repeated(responses)
    random = np.random.default_rng(seed)
    missing = np.asarray(np.isnan(repeats).any(axis=2))
    for _ in range(draws):
        place = np.broadcast_to(random.permutation(missing.shape[1]), missing.shape)
        order = np.argsort(np.where(missing, missing.shape[1], place), axis=1)
        shuffled = np.take_along_axis(repeats, order[:, :, None], axis=1)
        first, second = (np.nanmean(shuffled[:, k::2], axis=1) for k in (0, 1))
        yield first, second


def repeated(responses: Responses) -> Floats:
    """[sample, repeat, neuron] of the samples with two repeats or more.

    Raises:
        ValueError: if they are fewer than four.
    """
    found = responses.repeats[responses.shown.sum(1) >= 2]
    if len(found) < 4:
        raise ValueError(
            f"only {len(found)} stimuli have 2 repeats or more, too few for a noise ceiling: ask "
            "for none (scoring.halvings: 0), or bring single repeats instead of averages."
        )
    return found
