"""Repetition suppression: the response to what is shown again and again becomes smaller.

    index = 1 - r_last / r_first,      r_k the largest rise of the rate in the k-th showing

Grill-Spector, Henson & Martin (2006), Trends Cogn. Sci. 10:14. Nothing is learnt meanwhile: what
falls, falls by what the circuit remembers.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import (
    Phenomenon,
    Showing,
    mean_curve,
    of_best,
)
from brainmodel.physiology.phenomena.transience import BEFORE, flashed, standing
from brainmodel.physiology.responses import eye_size, rates_of
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

SHOWINGS = 6
ON, OFF = 4, 4  # steps


class RepetitionSuppression(Phenomenon):
    """The response to a standing grating that is shown several times.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
        contrast: of the gratings.
    """

    title = "Repetition suppression"
    index = "1 - last response / first response"
    published = "cortex from V1 to IT (Grill-Spector et al. 2006)"
    axis = "showing"

    def __init__(self, cycles: Sequence[float] = (3, 4, 6), contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [float(k + 1) for k in range(SHOWINGS)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        size = eye_size(brain)
        pictures = torch.cat([standing(c, self.contrast, size) for c in self.cycles])
        frames = flashed(pictures, [False] * BEFORE + ([True] * ON + [False] * OFF) * SHOWINGS)
        return {name: _shown(rate) for name, rate in rates_of(brain, frames, gains).items()}


def _shown(rate: Tensor) -> Showing:
    """Of rates [time, stimulus, unit]; the best stimulus is that of the largest first response."""
    rise = (rate[BEFORE:] - rate[BEFORE - 1]).unflatten(0, (SHOWINGS, ON + OFF)).amax(1)
    first = rise[0].argmax(0)
    curves = rise[:, first, torch.arange(rise.shape[2])]
    curves = torch.where(of_best(rise[0][:, None])[0] > 0, curves, torch.nan)
    return Showing(1 - curves[-1] / curves[0], mean_curve(curves))
