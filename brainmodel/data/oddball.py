"""Oddball sequences: one grating over and over, and now and then another instead.

An episode is a block: a standard orientation is drawn, and the deviant is turned by a right angle.
Deviants are rare, are never the first nor two in a row, and each orientation is as often standard
as deviant, block by block, so that the two differ in how often they came and in nothing else, as in
the flip-flop control of Harms et al. (2014), doi:10.1371/journal.pone.0110892; Ulanovsky, Las &
Nelken (2003), doi:10.1038/nn1032.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from brainmodel.data.checks import LONGEST, require_number, require_whole
from brainmodel.data.gratings import drifting_grating, require_grating
from brainmodel.data.stream_module import StreamModule, StreamOptions
from brainmodel.data.streams import Rendering, Script, Share, Stream
from brainmodel.data.window import Label
from brainmodel.errors import require_seconds

GRAY, STANDARD, DEVIANT = -1, 0, 1
FIRST = 3  # stimuli of a block that are standards, that it may be known which is one


class Oddball(NamedTuple):
    """The gratings of all parts; times in steps."""

    size: int
    orientations: int
    deviants: float  # fraction of the stimuli that may be one
    cycles: float  # per frame width
    advance: float  # cycles per step
    contrast: float
    shown: int  # steps
    gray: int  # steps


def draw_deviants(stimuli: int, share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """[stimulus] which are deviants: none of the first three, and none after another.

    Args:
        stimuli: of a block.
        share: of deviants among those that may be one.
        random: the generator.
    """
    found = random.random(stimuli) < share
    found[:FIRST] = False
    for k in range(1, stimuli):
        found[k] &= not found[k - 1]
    return found


class OddballStream(Stream):
    """Blocks of standards and deviants, with gray in between."""

    def __init__(self, share: Share, oddball: Oddball) -> None:
        super().__init__(share)
        self.oddball = oddball

    def script(self, random: np.random.Generator) -> Script:
        """Per step: the stimulus (gray, standard, deviant), degrees, and the phase in cycles."""
        steps, oddball = self.share.episode, self.oddball
        number, within = np.divmod(np.arange(steps), oddball.shown + oddball.gray)
        deviant = draw_deviants(number[-1] + 1, oddball.deviants, random)[number]
        standard = 180 / oddball.orientations * random.integers(oddball.orientations)
        shown = within >= oddball.gray  # gray first: what begins is seen to begin
        return {
            "stimulus": np.where(shown, np.where(deviant, DEVIANT, STANDARD), GRAY),
            "orientation": (standard + 90.0 * deviant) % 180,
            "phase": (within - oddball.gray) * oddball.advance % 1 * shown,
        }

    def render(self, script: Script) -> Rendering:
        """Frames "eye"; labels "stimulus" and "orientation"."""
        oddball, stimulus = self.oddball, torch.from_numpy(script["stimulus"])
        orientation = torch.from_numpy(script["orientation"]).float()
        phase = torch.from_numpy(script["phase"]).float()
        contrast = oddball.contrast * (stimulus != GRAY)
        angle = torch.deg2rad(orientation)
        eye = drifting_grating(angle, phase, contrast, oddball.cycles, oddball.size)
        return Rendering(
            {"eye": eye[:, :, None]}, {"stimulus": stimulus, "orientation": orientation}
        )


class OddballGratings(StreamModule):
    """Blocks of one drifting grating, again and again, with a rare other one at a right angle.

    All parts share the orientations; held-out blocks are drawn with other random numbers. A block
    is an episode: `episode` says how many steps it has.

    Inputs of a window: eye [time, batch, 1, size, size] float32 in [0, 1].
    Labels [time, batch]: stimulus, -1 gray, 0 standard, 1 deviant; orientation, the direction of
    drift in degrees, from 0 (to the right) to 180, of the stimulus that comes while there is gray.

    Args:
        size: height and width of the frame in pixels.
        orientations: how many, equally spaced; an even number, so that each has one at a right
            angle to it.
        deviants: fraction of the stimuli that are deviants, of those that may be one: not of the
            first three of a block, nor of those after a deviant.
        cycles: spatial frequency, in cycles per frame width.
        temporal_frequency: cycles per second.
        contrast: from 0 to 1.
        shown: seconds a grating drifts.
        gray: seconds of gray before it.
        frames_per_second: steps per second.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        size: int = 32,
        orientations: int = 4,
        deviants: float = 0.15,
        cycles: float = 3.0,
        temporal_frequency: float = 2.0,
        contrast: float = 0.8,
        shown: float = 0.1,
        gray: float = 0.1,
        frames_per_second: float = 30.0,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_whole("orientations", orientations, 2, 360)
        if orientations % 2:
            raise ValueError(f"orientations is {orientations}: give an even number.")
        require_number("deviants", deviants, 0, 1, "a fraction of the stimuli")
        require_grating(size, cycles, temporal_frequency, contrast, frames_per_second)
        require_seconds("shown", shown, 1 / frames_per_second, LONGEST)
        require_seconds("gray", gray, 0, LONGEST)
        super().__init__(
            shapes={"eye": [1, size, size]},
            label_names=["stimulus", "orientation"],
            frames_per_second=frames_per_second,
            **options,
        )
        self.oddball = Oddball(
            size=size,
            orientations=orientations,
            deviants=deviants,
            cycles=cycles,
            advance=temporal_frequency / frames_per_second,
            contrast=contrast,
            shown=round(shown * frames_per_second),
            gray=round(gray * frames_per_second),
        )

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        least = GRAY if self.oddball.gray else STANDARD
        return {"stimulus": Label((least, DEVIANT)), "orientation": Label()}

    def stream(self, share: Share) -> OddballStream:
        """Blocks of a part."""
        return OddballStream(share, self.oddball)
