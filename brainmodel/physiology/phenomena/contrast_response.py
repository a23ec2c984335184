"""Contrast saturation: responses grow less than contrast does.

    index = 1 - (r(1) - r(1/2)) / r(1/2)

0 where the response is a straight line through the origin, 1 where it does not grow any more, below
0 where it grows faster. Albrecht & Hamilton (1982), J. Neurophysiol. 48:217; normalisation:
Heeger (1992), Vis. Neurosci. 9:181.
"""

import math
from collections.abc import Sequence

import torch

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import (
    Phenomenon,
    Showing,
    mean_curve,
    of_best,
)
from brainmodel.physiology.responses import eye_size, grating_responses, gratings
from brainmodel.physiology.stimulus_checks import frequencies
from brainmodel.wiring.outside import ByAddress

CONTRASTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
ORIENTATIONS = 8


class ContrastResponse(Phenomenon):
    """Responses to drifting gratings of growing contrast.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
    """

    title = "Contrast saturation"
    index = "1 - (r(1) - r(1/2)) / r(1/2); 0 for a straight line"
    published = "macaque V1: half of the largest response at a contrast of .33 (Sclar et al. 1990)"
    axis = "contrast"

    def __init__(self, cycles: Sequence[float] = (3, 4, 6)):
        self.cycles = frequencies(cycles)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return list(CONTRASTS)

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        angle = math.pi * torch.arange(ORIENTATIONS) / ORIENTATIONS
        found: dict[str, list[torch.Tensor]] = {}
        for cycles in self.cycles:
            size = eye_size(brain)
            frames = torch.cat([gratings(angle, c, cycles, size) for c in CONTRASTS], dim=1)
            for name, own in grating_responses(brain, frames, gains).items():
                by_contrast = own.unflatten(0, (len(CONTRASTS), -1)).transpose(0, 1)
                found.setdefault(name, []).append(by_contrast)
        curves = {name: of_best(torch.cat(own)) for name, own in found.items()}
        return {
            name: Showing(1 - (own[-1] - own[-2]) / own[-2], mean_curve(own))
            for name, own in curves.items()
        }
