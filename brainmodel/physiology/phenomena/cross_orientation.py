"""Cross-orientation suppression: a mask at right angles takes from the response to a grating.

    index = (r(grating) - r(grating + mask)) / (r(grating) + r(grating + mask))

Morrone, Burr & Maffei (1982), Proc. R. Soc. B 216:335; Carandini, Heeger & Movshon (1997), J.
Neurosci. 17:8621. The mask alone drives the unit little, by its orientation; a linear unit that
it does not drive at all has an index of 0.
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

ORIENTATIONS = 8
MASKS = (0.0, 0.125, 0.25, 0.5)  # contrast of the mask
CONTRAST = 0.4  # of the grating


class CrossOrientation(Phenomenon):
    """Responses to gratings of the best orientation under masks that grow in contrast.

    Args:
        cycles: spatial frequencies that are tried, per frame width; the mask has the same.
    """

    title = "Cross-orientation suppression"
    index = "(alone - under the strongest mask) / (alone + under it)"
    published = "cat and macaque V1: most cells (Morrone et al. 1982, Carandini et al. 1997)"
    axis = "contrast of the mask"

    def __init__(self, cycles: Sequence[float] = (3, 4, 6)):
        self.cycles = frequencies(cycles)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return list(MASKS)

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        angle = math.pi * torch.arange(ORIENTATIONS) / ORIENTATIONS
        found: dict[str, list[torch.Tensor]] = {}
        for cycles in self.cycles:
            size = eye_size(brain)
            alone = gratings(angle, CONTRAST, cycles, size)
            mask = gratings(angle + math.pi / 2, 1.0, cycles, size) - 0.5
            frames = torch.cat([alone + contrast * mask for contrast in MASKS], dim=1)
            for name, own in grating_responses(brain, frames, gains).items():
                found.setdefault(name, []).append(own.unflatten(0, (len(MASKS), -1)))
        return {name: _shown(torch.stack(own)) for name, own in found.items()}


def _shown(responses: torch.Tensor) -> Showing:
    """Of responses [cycles, mask, orientation, unit]; the best grating is that without a mask."""
    alone = responses[:, 0].flatten(0, 1)
    best = alone.argmax(0)
    by_mask = responses.transpose(1, 2).flatten(0, 1)  # [stimulus, mask, unit]
    curves = by_mask[best, :, torch.arange(len(best))].T
    curves = torch.where(of_best(alone[:, None])[0].isnan(), torch.nan, curves)
    masked, free = curves[-1], curves[0]
    return Showing((free - masked) / (free + masked), mean_curve(curves))
