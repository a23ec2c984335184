"""What the model is shown: the stimuli of a recording as movies in the model's own steps.

A stimulus is a movie with the edges of its frames in seconds; a still is a movie of one frame. A
step of the model sees what was on the screen while the step lasted: the mean of the frames,
weighted by how long each overlaps it; the background where nothing was shown. So frame rates,
onsets and offsets of the recording need not fit the steps of the model.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.errors import require_seconds
from brainmodel.probing.activity.eye import follow_gaze, to_eye
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings import Stimuli, as_floats

SLACK = 1e-9  # s; rounding of the edges of frames


class Gaze(Protocol):
    """How an eye moves over what is shown, such as `brainmodel.data.Fixation`.

    The command line takes classes whose method has exactly these types.
    """

    def path(
        self, steps: int, frames_per_second: float, random: np.random.Generator
    ) -> NDArray[np.float64]:
        """[step, 2] x, y of the gaze, in pixels of the eye from the middle of the picture."""
        ...


@dataclass(frozen=True)
class Presentation:
    """How stimuli are shown to the model.

    Args:
        frames_per_second: steps of the model per second, as in its training.
        seconds: that the model is recorded, from stimulus onset.
        warm_up: seconds of background before the onset; seen, not recorded.
        background: gray level in [0, 1] where and when nothing is shown.
        blur: of the eye's optics, the sigma of a Gaussian in pixels of the eye; as in its training.
        gaze: how the eye moves over each stimulus; still unless given.
        seed: of the gaze; each stimulus has a path of its own, the same for all models.

    Raises:
        ValueError: if a number is out of range.
    """

    frames_per_second: float = 30.0
    seconds: float = 0.5
    warm_up: float = 0.0
    background: float = 0.5
    blur: float = 0.0
    gaze: Gaze | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.frames_per_second <= 1000:
            raise ValueError(
                f"frames_per_second is {self.frames_per_second}: give steps per second, from 1 to "
                "1000 (30 where a step takes .0333 s)."
            )
        if self.recorded < 1:
            raise ValueError(
                f"seconds is {self.seconds}: give at least one step, "
                f"{1 / self.frames_per_second:.3g}."
            )
        require_seconds("warm_up", self.warm_up, 0, 30)
        if not 0 <= self.background <= 1:
            raise ValueError(f"background is {self.background}: give a gray level from 0 to 1.")
        if not 0 <= self.blur <= 10:
            raise ValueError(f"blur is {self.blur}: give the sigma in pixels of the eye, 0 to 10.")

    @property
    def recorded(self) -> int:
        """Steps of the model that are recorded."""
        return round(self.seconds * self.frames_per_second)

    @property
    def words(self) -> str:
        """How stimuli are shown, in one sentence."""
        pixels = "pixel" if self.blur == 1 else "pixels"
        blur = f"blurred by {self.blur:g} {pixels}" if self.blur else "sharp"
        gaze = "without eye movements" if self.gaze is None else "with eye movements"
        return (
            f"{self.frames_per_second:g} steps/s, {self.warm_up:g} s of gray before the onset, "
            f"{self.seconds:g} s recorded from it; {blur}, {gaze}."
        )

    @property
    def before(self) -> int:
        """Steps of the model before stimulus onset."""
        return round(self.warm_up * self.frames_per_second)

    @property
    def edges(self) -> Floats:
        """[step + 1] edges of the recorded steps, s from stimulus onset."""
        return np.arange(self.recorded + 1) / self.frames_per_second

    def movies(self, stimuli: Stimuli, chosen: Whole, eye: int) -> NDArray[np.float32]:
        """Movies [stimulus, step, height, width, channel] in [0, 1], warm-up first.

        Args:
            stimuli: what was shown.
            chosen: [stimulus] which of them.
            eye: height of the model's image in pixels, the unit of the gaze.
        """
        frames = as_floats(stimuli.frames[chosen])
        shown = in_steps(frames, stimuli.edges, self._step_edges, self.background)
        if self.gaze is None:
            return shown
        scale = shown.shape[2] / eye
        for movie, number in zip(shown, chosen, strict=True):
            random = np.random.default_rng([self.seed, int(number)])
            path = self.gaze.path(len(movie), self.frames_per_second, random)
            movie[:] = follow_gaze(movie, path * scale, self.background)
        return shown

    def seen(self, stimuli: Stimuli, chosen: Whole, shape: tuple[int, ...]) -> Tensor:
        """What an eye sees, [step, stimulus, channel, height, width] in [0, 1], warm-up first.

        Args:
            stimuli: what was shown.
            chosen: [stimulus] which of them.
            shape: of the eye's image, [channel, height, width].
        """
        if self.gaze is not None:
            return to_eye(self.movies(stimuli, chosen, shape[1]), shape, self.blur)
        frames = to_eye(as_floats(stimuli.frames[chosen]), shape, self.blur)  # each of them once
        seen = in_steps(
            frames.numpy().swapaxes(0, 1), stimuli.edges, self._step_edges, self.background
        )
        return torch.from_numpy(seen).transpose(0, 1)

    @property
    def _step_edges(self) -> Floats:
        """[step + 1] edges of all steps, those before the onset included, s."""
        return np.arange(-self.before, self.recorded + 1) / self.frames_per_second


def in_steps(
    frames: NDArray[np.float32], edges: Floats, steps: Floats, background: float
) -> NDArray[np.float32]:
    """Movies [stimulus, frame, ...] as [stimulus, step, ...]: means weighted by overlap in time.

    Args:
        frames: shown between `edges` [frame + 1] s.
        steps: [step + 1] edges of the steps, s.
        background: what a step sees while no frame is shown.
    """
    upper = np.minimum(edges[None, 1:], steps[1:, None])
    overlap = np.clip(upper - np.maximum(edges[None, :-1], steps[:-1, None]), 0, None)
    weights = overlap / np.diff(steps)[:, None]  # [step, frame]
    weights[weights < SLACK] = 0
    empty = np.clip(1 - weights.sum(1), 0, 1)
    empty[empty < SLACK] = 0
    flat = weights.astype(np.float32) @ frames.reshape(*frames.shape[:2], -1)
    flat += (empty * background).astype(np.float32)[:, None]
    return flat.reshape(len(frames), len(weights), *frames.shape[2:]).clip(0, 1)
