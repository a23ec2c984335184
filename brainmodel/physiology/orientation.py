"""Tuning to the orientation of drifting gratings.

    OSI = | sum_k r_k exp(2 i theta_k) | / sum_k r_k        1 - circular variance, in [0, 1]

at the spatial frequency to which the unit responds most. Source: Ringach, Shapley & Hawken (2002),
"Orientation selectivity in macaque V1", J. Neurosci. 22:5639, eq. 1. What a response is says
`brainmodel.physiology.responses`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.eye_of import eye_of
from brainmodel.physiology.responses import eye_size, grating_responses, gratings, responsive
from brainmodel.wiring.outside import ByAddress


class OrientationTuning(NamedTuple):
    """Responses of an area's units; of a map, those of the unit in its middle."""

    responses: Tensor  # [cycles per frame, orientation, unit or map], >= 0

    @property
    def responsive(self) -> Tensor:
        """Whether a unit responds to any grating, [unit] bool."""
        return responsive(self.responses)

    @property
    def selectivity(self) -> Tensor:
        """OSI of each unit, [unit]; not a number for those that do not respond."""
        _, orientations, units = self.responses.shape
        best = self.responses.amax(1).argmax(0)
        tuned = self.responses[best, :, torch.arange(units)]  # [unit, orientation]
        angle = torch.arange(orientations) * math.pi / orientations
        vector = (tuned * torch.exp(2j * angle)).sum(1).abs()
        found = vector / tuned.sum(1)
        return torch.where(self.responsive, found, torch.nan)

    @property
    def median(self) -> float:
        """The median OSI of the units that respond; not a number if none does."""
        return float(self.selectivity.nanmedian())


def orientation_tuning(
    brain: Brain,
    cycles: Sequence[float] = (2, 3, 4, 6, 8),
    orientations: int = 8,
    contrast: float = 0.8,
    gains: ByAddress | None = None,
) -> dict[str, OrientationTuning]:
    """Tuning of each area; none if the brain has no eye.

    Args:
        brain: the brain; it does not learn and is left as it was.
        cycles: spatial frequencies, in cycles per frame width.
        orientations: evenly spread over half a turn; bars drift at right angles to themselves.
        contrast: of the gratings, in (0, 1].
        gains: numbers by address, as of `Brain.forward`.
    """
    if eye_of(brain) is None:
        return {}
    angle = torch.arange(orientations) * math.pi / orientations
    found: dict[str, list[Tensor]] = {}
    for frequency in cycles:
        frames = gratings(angle, contrast, frequency, eye_size(brain))
        for name, own in grating_responses(brain, frames, gains).items():
            found.setdefault(name, []).append(own)
    return {name: OrientationTuning(torch.stack(own)) for name, own in found.items()}
