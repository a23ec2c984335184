"""Illusory contours: units respond to an edge that is not there, between discs with a notch.

    ICa = (r_illusory - r_amodal) / (r_illusory + r_amodal)
    ICr = (r_illusory - r_rotated) / (r_illusory + r_rotated)

Lee & Nguyen (2001), PNAS 98:1907, eqs. 1-2, after Kanizsa. Two discs lie on the ends of an edge
through the middle of the frame. Illusory: the notch of each looks along the edge, so that a square
seems to lie over both. Amodal: lines close the notches, which look as if behind. Rotated: notches
look away. Nothing of the discs lies nearer to the middle than `FREE` of the frame. Responses are
rises of the rate above that to gray, at their largest, each for that of 4 edges (left, right, above
and below the square) to which a line at the same place drives the unit most.
"""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.phenomena.transience import BEFORE, flashed
from brainmodel.physiology.responses import eye_size, rates_of, responsive
from brainmodel.wiring.outside import ByAddress

SHOWN = 10  # steps
FREE, RADIUS = 9 / 64, 11 / 64  # from the middle to the discs, and of them, in frame widths
KINDS = ("line", "illusory", "amodal", "rotated")
EDGES = 4


def stimulus(kind: str, edge: int, size: int) -> Float[Tensor, "size size"]:
    """A frame in [0, 1]: black discs on gray, and what the kind says.

    Args:
        kind: one of `KINDS`; line is an edge itself, dark on one side, within the gap.
        edge: 0 to 3; the picture is turned by so many right angles.
        size: pixels.
    """
    place = (torch.arange(4 * size) - (4 * size - 1) / 2) / (4 * size)  # to be averaged by fours
    x, y = place[None, :].expand(4 * size, -1), place[:, None].expand(-1, 4 * size)
    frame = torch.full((4 * size, 4 * size), 0.5)
    if kind == "line":
        frame[(y.abs() < FREE) & (x < 0) & (x > -RADIUS)] = 0.0
    for end in (-1, 1):
        middle = end * (FREE + RADIUS)
        inward = (y - middle) * end < 0
        disc = x.square() + (y - middle).square() < RADIUS**2
        notch = (x > 0) & (inward if kind != "rotated" else ~inward)
        if kind != "line":
            frame[disc & ~notch] = 0.0
        if kind == "amodal":  # the rim of the notch
            rim = disc & notch & (x.square() + (y - middle).square() > (0.75 * RADIUS) ** 2)
            frame[rim] = 0.0
    small = frame.unflatten(0, (size, 4)).unflatten(2, (size, 4)).mean((1, 3))
    return torch.rot90(small, edge)


class IllusoryContours(Phenomenon):
    """Responses to the edge of a square that is not there, beside one behind closed notches."""

    title = "Illusory contours"
    index = "ICa: (illusory - amodal) / (illusory + amodal)"
    published = "macaque V1: above 0 in superficial layers (Lee & Nguyen 2001)"
    axis = "line, illusory, amodal, rotated"
    smallest_eye = 24
    control: ClassVar[int] = 2
    """Which of `KINDS` responses are held against."""

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`; one for each of `KINDS`."""
        return [float(k) for k in range(len(KINDS))]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        size = eye_size(brain)
        each = [stimulus(kind, edge, size) for kind in KINDS for edge in range(EDGES)]
        frames = flashed(torch.stack(each), [False] * BEFORE + [True] * SHOWN)
        found = rates_of(brain, frames, gains)
        return {name: _shown(rate, self.control) for name, rate in found.items()}


class RotatedControl(IllusoryContours):
    """The same beside discs whose notches look away, so that no edge is between them."""

    title = "Illusory contours, beside rotated discs"
    index = "ICr: (illusory - rotated) / (illusory + rotated)"
    control = 3


def _shown(rate: Tensor, control: int) -> Showing:
    """Of rates [time, kind * edge, unit], and which of the kinds is the control."""
    rise = (rate[BEFORE:] - rate[BEFORE - 1]).amax(0).clamp_min(0)
    responses = rise.unflatten(0, (len(KINDS), EDGES))  # [kind, edge, unit]
    line = responses[0]
    best, units = line.argmax(0), torch.arange(line.shape[1])
    own = torch.where(responsive(line), responses[:, best, units], torch.nan)
    illusory, other = own[1], own[control]
    return Showing((illusory - other) / (illusory + other), (own / own.amax(0)).nanmean(1))
