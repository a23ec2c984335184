"""Tuning to the orientation of drifting gratings.

    OSI = | sum_k r_k exp(2 i theta_k) | / sum_k r_k        1 - circular variance, in [0, 1]

at the spatial frequency to which the unit responds most. Source: Ringach, Shapley & Hawken (2002),
"Orientation selectivity in macaque V1", J. Neurosci. 22:5639, eq. 1. The response r is the larger
of what the mean rate rises above that to gray (complex cells) and of the amplitude of the rate at
the frequency with which bars pass (simple cells).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data.gratings import drifting_grating
from brainmodel.physiology.eye_of import eye_of, show

CYCLE = 12  # steps in which a bar passes
FAINT = 1e-3  # of the area's strongest response: weaker ones are none


class OrientationTuning(NamedTuple):
    """Responses of an area's units; of a map, those of the unit in its middle."""

    responses: Tensor  # [cycles per frame, orientation, unit or map], >= 0

    @property
    def responsive(self) -> Tensor:
        """Whether a unit responds to any grating, [unit] bool."""
        largest = self.responses.amax((0, 1))
        return largest > FAINT * largest.max()

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
) -> dict[str, OrientationTuning]:
    """Tuning of each area; none if the brain has no eye.

    Args:
        brain: the brain; it does not learn and is left as it was.
        cycles: spatial frequencies, in cycles per frame width.
        orientations: evenly spread over half a turn; bars drift at right angles to themselves.
        contrast: of the gratings, in (0, 1].
    """
    eye = eye_of(brain)
    if eye is None:
        return {}
    size = brain.inputs[eye][1]
    angle = torch.arange(orientations) * math.pi / orientations
    phase = torch.arange(2 * CYCLE) / CYCLE
    gray = 0.5 * torch.ones(2 * CYCLE, 1, size, size)
    found: dict[str, list[Tensor]] = {}
    for frequency in cycles:
        each = torch.meshgrid(phase, angle, indexing="ij")
        full = torch.full_like(each[0], contrast)
        gratings = drifting_grating(each[1], each[0], full, frequency, size)
        rates: dict[str, list[Tensor]] = {}
        for activities in show(brain, torch.cat([gratings, gray], dim=1)):
            for name, activity in activities.items():
                rates.setdefault(name, []).append(_middle(activity.rate).cpu().float())
        for name, own in rates.items():
            found.setdefault(name, []).append(_responses(torch.cat(own)))
    return {name: OrientationTuning(torch.stack(own)) for name, own in found.items()}


def _middle(rate: Tensor) -> Tensor:
    """[time, stream, unit] of rates [time, stream, *units]; of a map the unit in its middle."""
    return rate[..., rate.shape[3] // 2, rate.shape[4] // 2] if rate.dim() == 5 else rate


def _responses(rate: Tensor) -> Tensor:
    """[orientation, unit] of rates [time, orientation and gray, unit]."""
    cycle = rate[-CYCLE:]  # the last, when the beginning has been forgotten
    rise = cycle[:, :-1].mean(0) - cycle[:, -1:].mean(0)
    amplitude = torch.fft.rfft(cycle[:, :-1], dim=0)[1].abs() * 2 / CYCLE
    return torch.maximum(rise, amplitude)
