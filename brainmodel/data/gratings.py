"""Drifting gratings: the standard stimulus of visual physiology."""

from typing import NamedTuple, Unpack

import numpy as np
import torch
from torch import Tensor

from brainmodel.data.checks import LARGEST, LONGEST, require_number, require_whole
from brainmodel.data.stream_module import StreamModule, StreamOptions
from brainmodel.data.streams import Part, Rendering, Script, Share, Stream
from brainmodel.data.window import Label
from brainmodel.errors import require_seconds


def require_grating(
    size: int, cycles: float, temporal_frequency: float, contrast: float, frames_per_second: float
) -> None:
    """Refuse, in one sentence, gratings that frames of a size, so many a second, cannot show."""
    require_whole("size", size, 4, LARGEST)
    require_number("cycles", cycles, 0, size / 2, "cycles per frame width")
    require_number("frames_per_second", frames_per_second, 1, 1000, "frames per second")
    fastest = frames_per_second / 2
    require_number("temporal_frequency", temporal_frequency, 0, fastest, "cycles per second")
    require_number("contrast", contrast, 0, 1, "a contrast")


class Grating(NamedTuple):
    """The gratings of one part; times in steps."""

    size: int
    directions: int
    first: float  # radians, of direction 0
    cycles: float  # per frame width
    advance: float  # cycles per step
    contrast: float
    shown: int  # steps
    gray: int  # steps


def drifting_grating(
    direction: Tensor, phase: Tensor, contrast: Tensor, cycles: float, size: int
) -> Tensor:
    """Frames [..., size, size] in [0, 1]: (1 + contrast sin(2 pi (cycles r - phase))) / 2.

    r is the distance from the frame's centre along the direction of motion, in frame widths, so
    that a growing phase moves the bars that way.

    Args:
        direction: [...] radians; 0 moves to the right, pi / 2 down.
        phase: [...] in cycles.
        contrast: [...] from 0 (gray) to 1.
        cycles: per frame width.
        size: pixels.
    """
    place = (torch.arange(size) - (size - 1) / 2) / size
    along = (
        direction.cos()[..., None, None] * place + direction.sin()[..., None, None] * place[:, None]
    )
    wave = torch.sin(2 * torch.pi * (cycles * along - phase[..., None, None]))
    return (1 + contrast[..., None, None] * wave) / 2


class GratingStream(Stream):
    """Gratings that drift for a while, one after the other, with gray in between."""

    def __init__(self, share: Share, grating: Grating) -> None:
        super().__init__(share)
        self.grating = grating

    def script(self, random: np.random.Generator) -> Script:
        """Per step: the direction's number (-1: gray) and the phase in cycles."""
        steps, grating = self.share.episode, self.grating
        block, within = np.divmod(np.arange(steps), grating.shown + grating.gray)
        direction = random.integers(grating.directions, size=block[-1] + 1)[block]
        begin = random.random(block[-1] + 1)[block]
        phase = (begin + within * grating.advance) % 1
        shown = within < grating.shown
        return {"direction": np.where(shown, direction, -1), "phase": phase * shown}

    def render(self, script: Script) -> Rendering:
        """Frames "eye"; labels "direction" and "phase"."""
        grating = self.grating
        number = torch.from_numpy(script["direction"])
        phase = torch.from_numpy(script["phase"]).float()
        angle = grating.first + 2 * torch.pi * number / grating.directions
        contrast = grating.contrast * (number >= 0)
        eye = drifting_grating(angle, phase, contrast, grating.cycles, grating.size)
        return Rendering({"eye": eye[:, :, None]}, {"direction": number, "phase": phase})


class DriftingGratings(StreamModule):
    """Full-field sine gratings that drift in random directions, with gray in between.

    Held-out directions lie halfway between the trained ones.

    Inputs of a window: eye [time, batch, 1, size, size] float32 in [0, 1].
    Labels: direction [time, batch], its number (direction 0 moves right, then clockwise; -1 is
    gray); phase [time, batch] in cycles, from 0 to 1.

    Args:
        size: height and width of the frame in pixels.
        directions: how many, equally spaced.
        cycles: spatial frequency, in cycles per frame width.
        temporal_frequency: cycles per second.
        contrast: from 0 to 1.
        shown: seconds a grating drifts.
        gray: seconds of gray after it.
        frames_per_second: steps per second.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        size: int = 32,
        directions: int = 8,
        cycles: float = 3.0,
        temporal_frequency: float = 2.0,
        contrast: float = 0.8,
        shown: float = 1.0,
        gray: float = 0.3,
        frames_per_second: float = 30.0,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_whole("directions", directions, 1, 360)
        require_grating(size, cycles, temporal_frequency, contrast, frames_per_second)
        require_seconds("shown", shown, 1 / frames_per_second, LONGEST)
        require_seconds("gray", gray, 0, LONGEST)
        shapes = {"eye": [1, size, size]}
        super().__init__(
            shapes=shapes,
            label_names=["direction", "phase"],
            frames_per_second=frames_per_second,
            **options,
        )
        self.grating = Grating(
            size=size,
            directions=directions,
            first=0.0,
            cycles=cycles,
            advance=temporal_frequency / frames_per_second,
            contrast=contrast,
            shown=round(shown * frames_per_second),
            gray=round(gray * frames_per_second),
        )

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        gray = -1 if self.grating.gray else 0
        return {"direction": Label((gray, self.grating.directions - 1)), "phase": Label()}

    def stream(self, share: Share) -> GratingStream:
        """Gratings of a part."""
        if share.part is Part.TRAINING:
            return GratingStream(share, self.grating)
        halfway = torch.pi / self.grating.directions
        return GratingStream(share, self.grating._replace(first=halfway))
