"""Responses to what does not come: a flash is left out of a regular row.

    index = (rate while it is missing - rate to gray long after) / largest response to a flash

Rates are means over the steps at which the flash would have been there, and over those of one
period to gray after `LATER` periods. Above 0, units respond to the omission, as those of a circuit
do that expects the flash. Schwartz, Harris, Shrom & Berry (2007), Nat. Neurosci. 10:552, of the
retina; Garrido et al. (2009), Clin. Neurophysiol. 120:453, of cortex.
"""

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.phenomena.transience import BEFORE, flashed, standing
from brainmodel.physiology.responses import eye_size, rates_of, responsive
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

FLASHES, LATER = 6, 4  # periods
ON, OFF = 3, 3  # steps


class MissingFlash(Phenomenon):
    """A row of flashes of a grating, and the place in it at which none comes.

    Args:
        cycles: of the gratings, per frame width.
        contrast: of the gratings.
    """

    title = "Omission"
    index = "(rate while the flash is missing - rate to gray) / largest response to a flash"
    published = "above 0 in retina (Schwartz et al. 2007) and cortex"
    axis = "steps from the missing flash"

    def __init__(self, cycles: float = 4, contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`; from two flashes before to the one that is missing."""
        return [float(k) for k in range(-2 * (ON + OFF), ON + OFF)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        pictures = standing(self.cycles[0], self.contrast, eye_size(brain))
        row = ([True] * ON + [False] * OFF) * FLASHES
        course = [False] * BEFORE + row + [False] * (ON + OFF) * LATER
        found = rates_of(brain, flashed(pictures, course), gains)
        return {name: _shown(rate) for name, rate in found.items()}


def _shown(rate: Tensor) -> Showing:
    """Of rates [time, stimulus, unit]; each unit's best stimulus is that of its largest rate."""
    period, missing = ON + OFF, BEFORE + FLASHES * (ON + OFF)
    rise = rate - rate[-period:].mean(0)
    during = rise[BEFORE:missing].amax(0)  # [stimulus, unit]
    best, units = during.argmax(0), torch.arange(rate.shape[2])
    curves = rise[:, best, units]
    largest = torch.where(responsive(during), during[best, units], torch.nan)
    index = curves[missing : missing + ON].mean(0) / largest
    shown = curves[missing - 2 * period : missing + period] / largest
    return Showing(index, shown.nanmean(1))
