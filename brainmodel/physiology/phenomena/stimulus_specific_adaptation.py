"""Oddball: what was repeated is answered less than the same stimulus when it comes unexpectedly.

    SI = (d - s) / (d + s)

d is the response to a stimulus that comes after a row of another, s that to the same stimulus in a
row of itself, at the same place of the row: stimulus-specific adaptation (Ulanovsky, Las & Nelken
2003, Nat. Neurosci. 6:391, equation in the text). The other stimulus is at right angles, and each
of the two is the oddball once, so that the index is not of the stimuli.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.phenomena.transience import (
    BEFORE,
    ORIENTATIONS,
    PHASES,
    flashed,
    standing,
)
from brainmodel.physiology.responses import Frames, eye_size, rates_of, responsive
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

SHOWINGS = 6
ON, OFF = 4, 4  # steps


class StimulusSpecificAdaptation(Phenomenon):
    """Responses to a grating that comes after others, and to the same after itself.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
        contrast: of the gratings.
    """

    title = "Oddball (stimulus-specific adaptation)"
    index = "(response as an oddball - as a standard) / (sum of both)"
    published = "above 0 in cortex: A1 (Ulanovsky et al. 2003), V1 (Hamm & Yuste 2016)"
    axis = "showing, of a row of five and an oddball"

    def __init__(self, cycles: Sequence[float] = (4,), contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [float(k + 1) for k in range(SHOWINGS)]

    def frames(self, size: int) -> Frames:
        """Rows that end with the other grating, and then rows of one grating alone."""
        pictures = torch.stack([standing(c, self.contrast, size) for c in self.cycles])
        grid = pictures.unflatten(1, (ORIENTATIONS, PHASES))
        across = grid.roll(ORIENTATIONS // 2, dims=1)
        own, other = grid.flatten(0, 2), across.flatten(0, 2)
        course = [False] * BEFORE + ([True] * ON + [False] * OFF) * SHOWINGS
        same = flashed(own, course)
        odd = flashed(other, course)
        odd[-(ON + OFF) :] = same[-(ON + OFF) :]
        return torch.cat([odd, same], dim=1)

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        found = rates_of(brain, self.frames(eye_size(brain)), gains)
        return {name: _shown(rate) for name, rate in found.items()}


def _shown(rate: Tensor) -> Showing:
    """Of rates [time, odd and same stimulus, unit]; of each unit the stimulus it likes best, as
    the sum of its responses to it in both places."""
    before = rate[BEFORE - 1]
    rise = (rate[BEFORE:] - before).unflatten(0, (SHOWINGS, ON + OFF)).amax(1).clamp_min(0)
    odd, same = rise.unflatten(1, (2, -1)).unbind(1)  # [showing, stimulus, unit]
    both = odd[-1] + same[-1]
    best, units = both.argmax(0), torch.arange(rate.shape[2])
    told = responsive(both)
    index = (odd[-1] - same[-1])[best, units] / both[best, units]
    curves = torch.where(told, odd[:, best, units], torch.nan)
    scaled = curves / curves.amax(0).clamp_min(1e-12)
    return Showing(torch.where(told, index, torch.nan), scaled.nanmean(1))
