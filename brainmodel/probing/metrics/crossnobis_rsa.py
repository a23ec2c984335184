"""RSA on crossnobis distances: cross-validated over repeats, whitened by the noise between neurons.

Walther et al. (2016), NeuroImage 137:188; through rsatoolbox. Distances are zero in expectation
where two stimuli do not differ, whatever the noise. Compared by whitened cosine similarity.
"""

from typing import ClassVar

import numpy as np

from brainmodel.optional import optional
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Responses
from brainmodel.probing.metrics.whitened_rsa import WhitenedRSA


class CrossnobisRSA(WhitenedRSA):
    """Whitened cosine of squared Euclidean (model) and crossnobis (brain) distances.

    It has no ceiling: halves of the repeats leave no repeats to cross-validate their distances by.

    Args:
        partitions: parts of the repeats that are cross-validated; each sample needs as many
            repeats.
        seed: of dealing repeats to parts.
    """

    has_ceiling: ClassVar[bool] = False

    def __init__(self, partitions: int = 2, seed: int = 0) -> None:
        if partitions < 2:
            raise ValueError(f"partitions is {partitions}: give 2 or more.")
        self.partitions, self.seed = partitions, seed

    def brain_side(self, responses: Responses) -> Floats:
        return crossnobis(responses, self.partitions, self.seed)


def crossnobis(responses: Responses, partitions: int = 2, seed: int = 0) -> Floats:
    """[pair] crossnobis distances, per neuron.

    Raises:
        ValueError: if a sample has fewer repeats than there are partitions, or there is
            one neuron.
    """
    data, rdm = optional("rsatoolbox.data"), optional("rsatoolbox.rdm")
    there = responses.shown
    if there.sum(1).min() < partitions:
        raise ValueError(
            f"a stimulus has {there.sum(1).min()} repeats and crossnobis needs {partitions}: "
            "leave such stimuli out, or use a distance without cross-validation."
        )
    if responses.repeats.shape[2] < 2:
        raise ValueError(
            "1 neuron has no noise that it shares, by which crossnobis is whitened: bring 2 or "
            "more, or use a distance without cross-validation."
        )
    part = np.where(there, _deal(there, partitions, seed), -1)
    means = [
        np.nanmean(np.where((part == p)[:, :, None], responses.repeats, np.nan), axis=1)
        for p in range(partitions)
    ]
    samples = len(there)
    described = data.Dataset(
        np.concatenate(means),
        obs_descriptors={
            "sample": np.tile(np.arange(float(samples)), partitions),
            "part": np.repeat(np.arange(float(partitions)), samples),
        },
    )
    found = rdm.calc_rdm(
        described,
        method="crossnobis",
        descriptor="sample",
        cv_descriptor="part",
        noise=noise_precision(responses),
    )
    return found.get_vectors()[0]


def noise_precision(responses: Responses) -> Floats:
    """[neuron, neuron] inverse of the shrunk covariance of the residuals around the means."""
    residuals = responses.repeats - responses.mean[:, None]
    there = responses.shown
    freedom = int(there.sum() - len(there))
    noise = optional("rsatoolbox.data.noise")
    return noise.prec_from_residuals(residuals[there], dof=freedom, method="shrinkage_diag")


def _deal(there: np.ndarray, partitions: int, seed: int) -> Whole:
    """[sample, repeat] the part of each repeat that is present, dealt evenly and at random."""
    draw = np.where(there, np.random.default_rng(seed).random(there.shape), 2)
    return np.argsort(np.argsort(draw, axis=1), axis=1) % partitions
