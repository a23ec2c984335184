"""End-stopping: a unit responds less to a bar that is longer than its field.

    ES = (largest response - response to the longest bar) / largest response

Hubel & Wiesel (1965), J. Neurophysiol. 28:229; as an effect of predictive feedback Rao & Ballard
(1999), Nat. Neurosci. 2:79. Bars are strips of a drifting grating, `WIDTH` of the frame wide.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.phenomena.size_tuning import windowed
from brainmodel.physiology.responses import eye_size
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

ORIENTATIONS = 8
SHARES = (1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.5)  # of the frame's width
WIDTH = 3 / 16  # of the frame's width


def strip(direction: float, length: float, width: float, size: int) -> Float[Tensor, "size size"]:
    """1 within a strip on the middle of a frame, 0 outside, along a pixel in between.

    Args:
        direction: radians, in which a grating drifts that has its bars along the strip.
        length: along the bars, in pixels.
        width: across them, in pixels.
        size: of the frame.
    """
    place = torch.arange(size) - (size - 1) / 2
    across = math.cos(direction) * place + math.sin(direction) * place[:, None]
    along = math.cos(direction) * place[:, None] - math.sin(direction) * place
    within = (width / 2 - across.abs() + 0.5).clamp(0, 1)
    return within * (length / 2 - along.abs() + 0.5).clamp(0, 1)


class LengthTuning(Phenomenon):
    """Responses to bars that grow in length.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
        contrast: of the bars.
    """

    title = "End-stopping"
    index = "(largest response - response to the longest bar) / largest response"
    published = "cat and macaque V1: a part of the cells (Hubel & Wiesel 1965)"
    axis = "length, pixels"

    def __init__(self, cycles: Sequence[float] = (3, 4, 6), contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`; the last bar leaves the frame at both ends."""
        return [share * size for share in SHARES]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        size = eye_size(brain)
        angle = math.pi * torch.arange(ORIENTATIONS) / ORIENTATIONS
        windows = torch.stack(
            [strip(float(a), n, WIDTH * size, size) for a in angle for n in self.points(size)]
        )
        return windowed(brain, gains, angle, windows, self.cycles, self.contrast)
