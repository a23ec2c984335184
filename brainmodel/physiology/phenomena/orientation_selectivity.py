"""Selectivity for orientation: units respond to bars of some orientations and not of others.

OSI = | sum_k r_k exp(2 i theta_k) | / sum_k r_k        (Ringach, Shapley & Hawken 2002, eq. 1)
"""

import torch

from brainmodel.brain import Brain
from brainmodel.physiology.orientation import OrientationTuning, orientation_tuning
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.wiring.outside import ByAddress

ORIENTATIONS = 8


class OrientationSelectivity(Phenomenon):
    """Circular variance of the responses to drifting gratings of the best spatial frequency."""

    title = "Orientation selectivity"
    index = "1 - circular variance over orientations"
    published = "macaque V1: median .39 (circular variance .61; Ringach et al. 2002)"
    cycles = (2, 3, 4, 6, 8)
    axis = "orientation from the best one, degrees"

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [180.0 * (k - ORIENTATIONS // 2) / ORIENTATIONS for k in range(ORIENTATIONS)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        found = orientation_tuning(brain, self.cycles, orientations=ORIENTATIONS, gains=gains)
        return {name: Showing(own.selectivity, _around_best(own)) for name, own in found.items()}


def _around_best(tuning: OrientationTuning) -> torch.Tensor:
    """Responses by the distance from the best orientation, mean over units, each of largest 1."""
    _, orientations, units = tuning.responses.shape
    each = torch.arange(units)
    best = tuning.responses.amax(1).argmax(0)
    tuned = tuning.responses[best, :, each]  # [unit, orientation]
    shift = torch.arange(orientations) - orientations // 2
    turned = tuned.gather(1, (tuned.argmax(1)[:, None] + shift) % orientations)
    scaled = turned / tuned.amax(1, keepdim=True).clamp_min(1e-12)
    return scaled[tuning.responsive].mean(0)
