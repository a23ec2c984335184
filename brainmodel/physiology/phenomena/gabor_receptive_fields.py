"""Receptive fields are Gabor functions: oriented bars of one frequency under a bell.

    index = 1 - sum (F - G)^2 / sum F^2        of the field F and the nearest Gabor function G

F is found by reverse correlation with noise at the lag at which it is largest. A spot is a Gabor
function of low frequency, too: what is to be compared is the untrained brain. Jones & Palmer
(1987), J. Neurophysiol. 58:1233; Ringach (2002), J. Neurophysiol. 88:455, of macaque V1.
"""

import numpy as np
import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data.checks import require_whole
from brainmodel.physiology.gabor_fit import fit_gabor
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.receptive_fields import receptive_fields
from brainmodel.physiology.responses import eye_size
from brainmodel.wiring.outside import ByAddress

THRESHOLDS = 11  # of the curve, from 0 to 1
FEWEST = 100  # frames of noise, below which nothing is left of them


class GaborReceptiveFields(Phenomenon):
    """How much of receptive fields Gabor functions explain; of areas with maps.

    Args:
        frames: of noise.
        reach: pixels to each side of the middle of a unit's place.
    """

    title = "Receptive fields like Gabor functions"
    index = "share of the receptive field that the nearest Gabor function explains"
    published = "most simple cells of cat (Jones & Palmer 1987) and macaque V1 (Ringach 2002)"
    axis = "explained, at the least (share of units)"

    def __init__(self, frames: int = 1000, reach: int = 5):
        require_whole("frames", frames, FEWEST)
        require_whole("reach", reach, 2)
        self.frames, self.reach = frames, reach

    def require(self, brain: Brain) -> None:
        """See `Phenomenon.require`; a field is no larger than the eye's image."""
        super().require(brain)
        size = eye_size(brain)
        if 2 * self.reach > size:
            raise ValueError(
                f"reach: {self.reach} pixels to each side are more than an eye of {size} pixels "
                f"sees; give {size // 2} or less"
            )

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [k / (THRESHOLDS - 1) for k in range(THRESHOLDS)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`; units without a field tell nothing."""
        found = {}
        for name in brain.areas:
            fields = receptive_fields(
                brain, name, reach=self.reach, frames=self.frames, gains=gains
            )
            if fields is not None:
                found[name] = explained(fields)
        return found


def explained(fields: Tensor) -> Showing:
    """Of receptive fields [lag, unit, pixel, pixel]."""
    lag = fields.square().sum((2, 3)).argmax(0)  # [unit]
    own = fields[lag, torch.arange(fields.shape[1])].double().numpy()
    shares = [fit_gabor(field).explained if field.any() else np.nan for field in own]
    strength = torch.tensor(shares)
    told = strength[strength.isfinite()]
    at = torch.linspace(0, 1, THRESHOLDS)
    above = (told[None] >= at[:, None]).float().sum(1) / max(1, len(told))
    return Showing(strength, above)
