"""Selectivity for direction: bars of the best orientation that move one way, or the other.

DSI = (r_best - r_opposite) / (r_best + r_opposite)
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
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

DIRECTIONS = 16


class DirectionSelectivity(Phenomenon):
    """Responses to gratings that drift in the best direction, beside the opposite one.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
        contrast: of the gratings.
    """

    title = "Direction selectivity"
    index = "(best - opposite) / (best + opposite)"
    published = "macaque V1: a part of the cells, not all (De Valois, Yund & Hepler 1982)"
    axis = "direction from the best one, degrees"

    def __init__(self, cycles: Sequence[float] = (2, 3, 4, 6), contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [360.0 * (k - DIRECTIONS // 2) / DIRECTIONS for k in range(DIRECTIONS)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        angle = 2 * math.pi * torch.arange(DIRECTIONS) / DIRECTIONS
        found: dict[str, list[torch.Tensor]] = {}
        for cycles in self.cycles:
            frames = gratings(angle, self.contrast, cycles, eye_size(brain))
            for name, own in grating_responses(brain, frames, gains).items():
                found.setdefault(name, []).append(own)
        return {name: _shown(torch.stack(own)) for name, own in found.items()}


def _shown(responses: torch.Tensor) -> Showing:
    """Of responses [cycles, direction, unit]."""
    curves = of_best(responses)
    shift = torch.arange(DIRECTIONS)[:, None] - DIRECTIONS // 2
    turned = curves.gather(0, (curves.nan_to_num().argmax(0) + shift) % DIRECTIONS)
    best, opposite = turned[DIRECTIONS // 2], turned[0]
    return Showing((best - opposite) / (best + opposite), mean_curve(turned))
