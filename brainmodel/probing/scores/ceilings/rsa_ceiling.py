"""Noise ceiling of RSA from several subjects, through rsatoolbox.

Nili et al. (2014), PLoS Comput. Biol. 10:e1003553: upper = mean correlation of each subject with
the mean of all, lower = with the mean of the others.
"""

from brainmodel.optional import optional
from brainmodel.probing.recordings import DissimilarityData
from brainmodel.probing.scores.ceilings.ceiling import Ceiling


def subject_ceiling(data: DissimilarityData, method: str = "spearman") -> Ceiling:
    """Lower and upper bound for a model of these matrices, one per subject.

    Args:
        data: one matrix per subject (`mean_over_sessions` first).
        method: of comparison, by rsatoolbox's name.

    Raises:
        ValueError: if there are fewer than two matrices.
    """
    if len(data.matrices) < 2:
        raise ValueError(
            f"{data.source}: {len(data.matrices)} matrix, and a ceiling needs 2 subjects or more: "
            "bring more subjects, or ask for no ceiling."
        )
    inference, rdm = optional("rsatoolbox.inference"), optional("rsatoolbox.rdm")
    low, high = inference.boot_noise_ceiling(rdm.RDMs(data.pairs), method=method)
    return Ceiling(float(low), float(high))
