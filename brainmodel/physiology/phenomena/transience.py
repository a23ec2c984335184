"""Transience: the response to what appears and stays falls off.

    index = 1 - (mean of the last quarter) / (largest), of what the rate rises above that before

0 for a unit that responds as long as the stimulus is there, 1 for one that has fallen silent again.
Lotter, Kreiman & Cox (2020), Nat. Mach. Intell. 2:210, hold it against responses of V1 and IT.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data.gratings import drifting_grating
from brainmodel.physiology.phenomena.phenomenon import (
    Phenomenon,
    Showing,
    mean_curve,
    of_best,
)
from brainmodel.physiology.responses import Frames, eye_size, rates_of
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

BEFORE, SHOWN = 12, 16  # steps
ORIENTATIONS, PHASES = 8, 4


def standing(cycles: float, contrast: float, size: int) -> Tensor:
    """Gratings that stand, [orientation * phase, size, size]."""
    angle = math.pi * torch.arange(ORIENTATIONS) / ORIENTATIONS
    each = torch.meshgrid(angle, torch.arange(PHASES) / PHASES, indexing="ij")
    full = torch.full_like(each[0], contrast)
    return drifting_grating(each[0], each[1], full, cycles, size).flatten(0, 1)


def flashed(pictures: Tensor, shown: Sequence[bool]) -> Frames:
    """Pictures [stream, size, size] at the steps at which they are shown, gray at all others."""
    on = torch.tensor(shown)[:, None, None, None]
    return torch.where(on, pictures, 0.5)


class Transience(Phenomenon):
    """The course of the response to gratings that appear and stand still.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
        contrast: of the gratings.
    """

    title = "Transient responses"
    index = "1 - response at the end / largest response"
    published = "macaque V1, IT: responses fall within 100 ms of their peak (Lotter et al. 2020)"
    axis = "steps since it appeared"

    def __init__(self, cycles: Sequence[float] = (3, 4, 6), contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [float(k) for k in range(SHOWN)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        size = eye_size(brain)
        pictures = torch.cat([standing(c, self.contrast, size) for c in self.cycles])
        frames = flashed(pictures, [False] * BEFORE + [True] * SHOWN)
        return {name: _shown(rate) for name, rate in rates_of(brain, frames, gains).items()}


def _shown(rate: Tensor) -> Showing:
    """Of rates [time, stimulus, unit]."""
    rise = (rate[BEFORE:] - rate[BEFORE - 1]).transpose(0, 1)
    curves = of_best(rise)
    late = curves[-SHOWN // 4 :].mean(0)
    return Showing(1 - late / curves.amax(0), mean_curve(curves))
