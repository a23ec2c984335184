"""Noise ceilings from halves of the repeats, ragged repeats included.

Two random halves of each stimulus' repeats are averaged and compared with the metric itself: c. The
reliability of the mean over all repeats follows from Spearman (1910) and Brown (1910),
rho = 2c / (1 + c), and the score of a noiseless model is expected at sqrt(rho).
"""

from collections.abc import Iterator

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Metric, Responses
from brainmodel.probing.scores.ceilings.ceiling import Ceiling


def split_half_ceiling(
    metric: Metric, responses: Responses, draws: int = 20, seed: int = 0
) -> Ceiling:
    """The ceiling of a metric for a brain area.

    Args:
        metric: on whose scale.
        responses: with at least two repeats of at least four samples.
        draws: random ways to halve the repeats; their scores are averaged.
        seed: of the halving.

    Raises:
        ValueError: if there are too few repeats.
    """
    agreement = np.mean([metric.halves(*pair) for pair in halves(responses, draws, seed)], axis=0)
    high = np.sqrt(np.clip(spearman_brown(agreement), 0, 1))
    return Ceiling(
        metric.on_scale(float(np.mean(agreement))), metric.on_scale(float(np.mean(high)))
    )


def halves(responses: Responses, draws: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Means over two random halves of the repeats, `draws` times; of samples with two or more.

    The halves of an odd number of repeats differ by one.
    """
    repeats = repeated(responses)
    random = np.random.default_rng(seed)
    missing = np.isnan(repeats).any(2)
    for _ in range(draws):
        order = np.argsort(np.where(missing, 2.0, random.random(missing.shape)), axis=1)
        shuffled = np.take_along_axis(repeats, order[:, :, None], axis=1)
        yield np.nanmean(shuffled[:, ::2], axis=1), np.nanmean(shuffled[:, 1::2], axis=1)


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


def spearman_brown(half: Floats) -> Floats:
    """Reliability of the whole from the correlation of its halves."""
    return 2 * half / (1 + half)
