"""Surround suppression: a unit responds less to a grating that is larger than its field.

    SI = (largest response - response to the largest grating) / largest response

Where it comes from higher areas it falls when these are cooled: over macaque V1 from 79.8 to 72.2 %
(Nassi, Lomber & Born 2013), over mouse V1 from 51.5 to 37.2 %. Gratings drift in a round window on
the middle of the eye's image, in the orientation and spatial frequency that are best at any size.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import (
    Phenomenon,
    Showing,
    mean_curve,
    of_best,
    suppression,
)
from brainmodel.physiology.responses import eye_size, grating_responses, gratings
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

ORIENTATIONS = 8
SHARES = (1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0)  # of the frame's width


def disc(diameter: float, size: int) -> Float[Tensor, "size size"]:
    """1 within a disc on the middle of a frame, 0 outside, along a pixel in between.

    Args:
        diameter: in pixels.
        size: of the frame.
    """
    place = torch.arange(size) - (size - 1) / 2
    far = (place.square() + place[:, None].square()).sqrt()
    return (diameter / 2 - far + 0.5).clamp(0, 1)


class SizeTuning(Phenomenon):
    """Responses to drifting gratings in round windows that grow.

    Args:
        cycles: spatial frequencies that are tried, per frame width.
        contrast: of the gratings.
    """

    title = "Surround suppression"
    index = "(largest response - response to the largest grating) / largest response"
    published = (
        "macaque V1 .80, with V2 cooled .72 (Nassi et al. 2013); mouse V1 .52, without feedback .37"
    )
    axis = "diameter, pixels"

    def __init__(self, cycles: Sequence[float] = (3, 4, 6), contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`; the last window is the whole frame."""
        return [share * size for share in SHARES]

    def windows(self, size: int) -> Float[Tensor, "point size size"]:
        """A window for each point."""
        discs = [disc(diameter, size) for diameter in self.points(size)[:-1]]
        return torch.stack([*discs, torch.ones(size, size)])

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        angle = math.pi * torch.arange(ORIENTATIONS) / ORIENTATIONS
        windows = self.windows(eye_size(brain))
        each = windows.repeat(ORIENTATIONS, 1, 1)  # [orientation * point, ...]
        return windowed(brain, gains, angle, each, self.cycles, self.contrast)


def windowed(
    brain: Brain,
    gains: ByAddress | None,
    angle: Tensor,
    windows: Tensor,
    cycles: Sequence[float],
    contrast: float,
) -> dict[str, Showing]:
    """Suppression at the last of the windows, in the best orientation and spatial frequency.

    Args:
        brain: the brain.
        gains: numbers by address.
        angle: directions, [direction].
        windows: by direction and point, [direction * point, size, size].
        cycles: spatial frequencies.
        contrast: of the gratings.
    """
    directions = angle.repeat_interleave(len(windows) // len(angle))
    found: dict[str, list[Tensor]] = {}
    for frequency in cycles:
        frames = gratings(directions, contrast, frequency, windows.shape[-1], windows)
        for name, own in grating_responses(brain, frames, gains).items():
            found.setdefault(name, []).append(own.unflatten(0, (len(angle), -1)))
    curves = {name: of_best(torch.cat(own)) for name, own in found.items()}
    return {name: Showing(suppression(own), mean_curve(own)) for name, own in curves.items()}
