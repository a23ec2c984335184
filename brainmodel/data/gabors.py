"""Gabor sequences with unexpected frames, after Gillon et al. (2024), J Neurosci 44(5).

As in the stimulus scripts of that experiment: frames A, B, C, D and gray, 0.3 s each, over and
over; A to D each have fixed places and sizes of 30 Gabor patches, 0.4 to 0.8 cycles wide at half
height; all patches of a sequence share a mean orientation, each deviating from it by 0.25 rad
(standard deviation). In some sequences an unexpected frame U, with its own places and sizes and
turned by 90 degrees, comes instead of D. There U came for 3 to 6 s every 30 to 90 s; here each
sequence has it or not, independently. Under assignment 1 D and U are exchanged: what follows A, B
and C as a rule is turned by 90 degrees and has the places of U, and what is not due is D.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.data.checks import LARGEST, LONGEST, require_number, require_whole
from brainmodel.data.sequences.sequence_module import SequenceModule, SequenceTrials, assigned
from brainmodel.data.stream_module import StreamOptions
from brainmodel.data.streams import Part, Rendering, Script, Share, Stream
from brainmodel.data.window import Label
from brainmodel.errors import require_seconds

FRAMES = 5  # A, B, C, D or U, gray
ORIENTATIONS = np.array([0.0, 45.0, 90.0, 135.0])  # degrees
CONCENTRATION = 1 / 0.25**2  # of the von Mises distribution of orientations around their mean
WIDTHS = (0.4, 0.8)  # cycles, full width of a patch at half height
UNEXPECTED = 5  # number of frame U; A to D are 0 to 3, gray is 4


class Gabors(NamedTuple):
    """The patches, and the timing of the sequences."""

    size: int  # pixels of the frame
    patches: int
    cycles: float  # per frame width
    shown: int  # steps per frame A, B, C, ...
    unexpected: float  # fraction of sequences with U
    assignment: int  # 1: D and U are exchanged


def gabor_frames(patches: Tensor, cycles: float, size: int) -> Tensor:
    """Sums of Gabor patches on gray, [n, size, size] in [0, 1].

    Args:
        patches: [n, patch, 4]: x and y of the centre and sigma in frame widths, and the
            orientation of the bars in radians from horizontal.
        cycles: per frame width.
        size: pixels.
    """
    x, y, sigma, orientation = patches.unbind(-1)
    place = (torch.arange(size, dtype=patches.dtype) + 0.5) / size
    across = place - x[..., None]  # [n, patch, size]
    down = place - y[..., None]
    width = 2 * sigma[..., None] ** 2
    bell_x, bell_y = torch.exp(-(across**2) / width), torch.exp(-(down**2) / width)
    turn = 2 * torch.pi * cycles
    phase_x = -turn * orientation.sin()[..., None] * across
    phase_y = turn * orientation.cos()[..., None] * down
    # cos(a + b) = cos a cos b - sin a sin b: two products of rows and columns make a patch
    wave = torch.einsum("npy,npx->nyx", bell_y * phase_y.cos(), bell_x * phase_x.cos())
    wave -= torch.einsum("npy,npx->nyx", bell_y * phase_y.sin(), bell_x * phase_x.sin())
    return ((1 + wave) / 2).clamp(0, 1)


def draw_places(gabors: Gabors, random: np.random.Generator) -> NDArray[np.float64]:
    """Places and sigmas [patch, 3] of the patches of one frame, in frame widths."""
    widths = random.uniform(*WIDTHS, gabors.patches) / gabors.cycles
    sigmas = widths / np.sqrt(8 * np.log(2))
    return np.column_stack([random.random((gabors.patches, 2)), sigmas])


class GaborStream(Stream):
    """Sequences A, B, C, D (or U), gray, without end."""

    def __init__(self, share: Share, gabors: Gabors) -> None:
        """Draw the places of A to D and U, which a brain can learn, from the seed alone."""
        super().__init__(share)
        self.gabors = gabors
        random = np.random.default_rng([share.seed, 1])
        *first, fourth, other = (draw_places(gabors, random) for _ in range(5))
        due, self.surprise = (other, fourth) if gabors.assignment else (fourth, other)
        self.expected = np.stack([*first, due])

    def script(self, random: np.random.Generator) -> Script:
        """Per step: patches, frame number, mean orientation, and which picture it is."""
        steps, shown = self.share.episode, self.gabors.shown
        picture = (np.arange(steps) + random.integers(FRAMES * shown)) // shown
        sequences = [self.drawn(random) for _ in range(picture[-1] // FRAMES + 1)]
        whole = {
            name: np.concatenate([sequence[name] for sequence in sequences])
            for name in sequences[0]
        }
        return {name: values[picture] for name, values in whole.items()} | {"picture": picture}

    def drawn(self, random: np.random.Generator) -> Script:
        """A sequence by chance; see `sequence`."""
        mean = random.choice(ORIENTATIONS)
        unexpected = random.random() < self.gabors.unexpected
        return self.sequence(mean, unexpected, random)

    def sequence(self, mean: float, unexpected: bool, random: np.random.Generator) -> Script:
        """One sequence: patches [5, patch, 4], number [5], orientation [5] in degrees."""
        number, orientation = np.arange(FRAMES), np.full(FRAMES, mean)
        patches = np.zeros((FRAMES, self.gabors.patches, 4), dtype=np.float32)
        patches[:4, :, :3] = self.expected
        if unexpected:
            patches[3, :, :3] = self.surprise
            number[3] = UNEXPECTED
        if unexpected != bool(self.gabors.assignment):  # what is shown is U
            orientation[3] = (mean + 90) % 180
        deviation = random.vonmises(0, CONCENTRATION, patches.shape[:2])
        patches[..., 3] = np.deg2rad(orientation)[:, None] + deviation
        return {"patches": patches, "number": number, "orientation": orientation}

    def render(self, script: Script) -> Rendering:
        """Frames "eye"; labels "frame", "expected", "orientation". Each picture is drawn once."""
        steps, batch = script["picture"].shape
        new = np.ones((steps, batch), dtype=bool)
        new[1:] = (script["patches"][1:] != script["patches"][:-1]).any(axis=(2, 3))
        patches = torch.from_numpy(script["patches"].swapaxes(0, 1)[new.T])
        pictures = gabor_frames(patches, self.gabors.cycles, self.gabors.size)
        which = torch.from_numpy(np.cumsum(new.T.reshape(-1)).reshape(batch, steps).T - 1)
        number = torch.from_numpy(script["number"])
        eye = pictures[which]
        eye[number == FRAMES - 1] = 0.5
        labels = {
            "frame": number,
            "expected": number != UNEXPECTED,
            "orientation": torch.from_numpy(script["orientation"]).float(),
        }
        return Rendering({"eye": eye[:, :, None]}, labels)


class GaborSequences(SequenceModule):
    """Sequences of Gabor frames A, B, C, D, gray, with an unexpected U instead of some D.

    All parts share the places of A to D and U, which a brain can learn; orientations and
    deviations are drawn anew for each sequence, with other random numbers in held-out parts.

    Inputs of a window: eye [time, batch, 1, size, size] float32 in [0, 1].
    Labels [time, batch]: frame (A to C 0 to 2, what is due then 3, gray 4, what comes instead 5);
    expected, False during the last; orientation, mean of the frame's patches in degrees.

    Args:
        size: height and width of the frame in pixels.
        patches: Gabor patches per frame.
        cycles: spatial frequency of a patch, in cycles per frame width.
        shown: seconds each of A, B, C, D and gray lasts.
        unexpected: fraction of the sequences with U instead of D; 0 to habituate.
        frames_per_second: steps per second.
        assignment: 1: D and U are exchanged; null: 0 of even seeds, 1 of odd ones.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        size: int = 32,
        patches: int = 30,
        cycles: float = 4.0,
        shown: float = 0.3,
        unexpected: float = 0.07,
        frames_per_second: float = 30.0,
        assignment: int | None = 0,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_whole("size", size, 4, LARGEST)
        require_whole("patches", patches, 1, 10_000)
        require_number("cycles", cycles, 0.1, size / 2, "cycles per frame width")
        require_number("frames_per_second", frames_per_second, 1, 1000, "frames per second")
        require_seconds("shown", shown, 1 / frames_per_second, LONGEST)
        require_number("unexpected", unexpected, 0, 1, "a fraction of the sequences")
        shapes = {"eye": [1, size, size]}
        super().__init__(
            shapes=shapes,
            label_names=["frame", "expected", "orientation"],
            frames_per_second=frames_per_second,
            **options,
        )
        steps = round(shown * frames_per_second)
        self.assignment = assigned(assignment, self.seed)
        self.gabors = Gabors(size, patches, cycles, steps, unexpected, self.assignment)

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        return {
            "frame": Label((0, UNEXPECTED)),
            "expected": Label((0, 1)),
            "orientation": Label(),
        }

    def stream(self, share: Share) -> GaborStream:
        """Sequences of a part."""
        return GaborStream(share, self.gabors)

    def trials(self, events: int) -> SequenceTrials:
        """See `SequenceModule.trials`; events differ in mean orientation and in deviations."""
        steps, stream = self.gabors.shown, self.stream(self.share(Part.TEST))
        movies = []
        for shown in (False, True):  # D, U
            for event in range(events):
                random = np.random.default_rng([self.seed, 2, event])  # of both alike
                mean = ORIENTATIONS[event % len(ORIENTATIONS)]
                script = stream.sequence(mean, shown != bool(self.assignment), random)
                patches = torch.from_numpy(script["patches"][: FRAMES - 1])
                movies.append(gabor_frames(patches, self.gabors.cycles, self.gabors.size))
        order = torch.arange(2 * events).roll(events * self.assignment)  # what is due first
        seen = torch.stack(movies, dim=1)[:, order].repeat_interleave(steps, dim=0)
        gray = torch.full_like(seen[:steps], 0.5)
        onset = (FRAMES - 1) * steps
        return SequenceTrials(
            frames=torch.cat([gray, seen, gray]),
            names=tuple(f"ABC{last} {event}" for last in "DU" for event in range(events)),
            due=torch.arange(2 * events) < events,
            onset=steps,
            compared=slice(onset, onset + steps),
            shown=steps,
        )
