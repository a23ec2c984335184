"""The noise ceiling signal-to-noise ratio, ncsnr, per neuron; ragged repeats included.

Allen et al. (2022), Nat. Neurosci. 25:116, Methods: noise variance = the mean over stimuli of the
variance over repeats; signal variance = variance of the means minus the noise left in them;
ncsnr = sqrt(signal / noise); the share of the variance of an average of n repeats that a perfect
model explains is ncsnr^2 / (ncsnr^2 + 1/n). With ragged repeats 1/n is averaged over stimuli.
"""

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Responses


def ncsnr(responses: Responses) -> Floats:
    """[neuron] standard deviation of signal over that of noise in one repeat.

    Infinite where repeats do not differ; 0 where there is no signal.

    Raises:
        ValueError: if a neuron has no stimulus with two repeats.
    """
    there = np.isfinite(responses.repeats)
    count = there.sum(1)
    if not (count >= 2).any(0).all():
        raise ValueError(
            f"{(~(count >= 2).any(0)).sum()} neurons have no stimulus with 2 repeats: "
            "leave them out, or ask for no noise ceiling."
        )
    mean = responses.mean
    spread = np.where(there, responses.repeats - mean[:, None], 0.0)
    noise = (spread**2).sum((0, 1)) / (count - 1).clip(0).sum(0)
    signal = np.nanvar(mean, axis=0, ddof=1) - noise * np.nanmean(1 / count.clip(1), axis=0)
    signal = np.where(signal > 0, signal, 0)
    noiseless = np.where(signal > 0, np.inf, 0.0)
    return np.sqrt(np.divide(signal, noise, out=noiseless, where=noise > 0))


def explainable(ratio: Floats, repeats: Floats | float) -> Floats:
    """Share of variance of a mean over `repeats` that a perfect model explains, from ncsnr."""
    with np.errstate(divide="ignore"):
        return 1 / (1 + 1 / (ratio**2 * np.asarray(repeats, float)))
