"""Streams of photographs, seen by eyes that wander over them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brainmodel.data.eye_movements import (
    EyeMovements,
    Walls,
    fold,
    gaze,
    motion_of,
    view_grid,
    walls,
)
from brainmodel.data.streams import Rendering, Script, Share, Stream

OVERSAMPLING = 2
"""Photographs are kept with this many samples per pixel of the eye, so that looking between two
samples hardly changes the sharpness."""


def look_at(photograph: Tensor, path: Tensor, size: int) -> Tensor:
    """What an eye that follows `path` sees: frames [step, channel, size, size].

    Args:
        photograph: [channel, height, width], OVERSAMPLING samples per pixel of the eye.
        path: [step, 3] float64, see `view_grid`.
        size: pixels of the eye.
    """
    height, width = photograph.shape[-2:]
    grid = view_grid(path, size, height, width, OVERSAMPLING).view(1, -1, size, 2)
    seen = F.grid_sample(photograph[None], grid, padding_mode="border", align_corners=True)
    return seen[0].unflatten(1, (len(path), size)).transpose(0, 1)


class PhotographStream(Stream):
    """An eye wandering over one photograph per episode, or two eyes side by side."""

    def __init__(
        self,
        share: Share,
        photographs: Sequence[Tensor],
        size: int,
        movements: EyeMovements,
        frames_per_second: float,
        efference_copy: bool,
        lead: int,
        twin_distance: float,
    ) -> None:
        super().__init__(share)
        self.photographs = photographs
        self.size = size
        self.movements = movements
        self.frames_per_second = frames_per_second
        self.efference_copy = efference_copy
        self.lead = lead
        self.twin_distance = twin_distance
        self.siblings = 2 if twin_distance > 0 else 1

    def script(self, random: np.random.Generator) -> Script:
        """Per step: which photograph, gaze [step, 3] (the path of `look_at`), motion [step, 3],
        what is told of it, whether a saccade was made; and the direction [step, 2] in which a twin
        looks beside it."""
        steps = self.share.episode
        chosen = int(random.integers(len(self.photographs)))
        within = self._walls(chosen)
        path, saccade = gaze(self.movements, steps, self.frames_per_second, within, random)
        angle = random.uniform(0, 2 * np.pi)
        return {
            "photograph": np.full(steps, chosen),
            "gaze": path,
            **self._motion(path),
            "saccade": saccade,
            "beside": np.tile([np.cos(angle), np.sin(angle)], (steps, 1)),
        }

    def view(self, script: Script, sibling: int) -> Script:
        """The same path, half the distance of twins to one side or the other of it."""
        if self.siblings == 1:
            return script
        low, high = self._walls(int(script["photograph"][0]))
        path = script["gaze"].copy()
        path[:, :2] += (sibling - 0.5) * self.twin_distance * script["beside"]
        for axis in range(2):
            path[:, axis] = fold(path[:, axis], low[axis], high[axis])
        return script | {"gaze": path, **self._motion(path)}

    def _motion(self, path: NDArray[np.float64]) -> Script:
        """How the eye moves to each step, and what is told of it: `lead` steps before it does."""
        motion = motion_of(path).astype(np.float32)
        still = np.zeros_like(motion[: self.lead])
        return {"motion": motion, "told": np.concatenate([motion[self.lead :], still])}

    def _walls(self, chosen: int) -> Walls:
        height, width = self.photographs[chosen].shape[-2:]
        extent = ((width - 1) / OVERSAMPLING, (height - 1) / OVERSAMPLING)
        return walls(self.movements, self.size, extent)

    def render(self, script: Script) -> Rendering:
        """Frames "eye" (and "motion"); labels "photograph", "motion" and "saccade"."""
        which, path, motion, told, saccade = (
            torch.from_numpy(script[name])
            for name in ("photograph", "gaze", "motion", "told", "saccade")
        )
        channels = self.photographs[0].shape[0]
        eye = torch.empty(*which.shape, channels, self.size, self.size)
        for chosen in which.unique().tolist():
            here = which == chosen
            eye[here] = look_at(self.photographs[chosen], path[here], self.size)
        eye.clamp_(0, 1)  # rounding of the interpolation weights
        inputs = {"eye": eye, "motion": told} if self.efference_copy else {"eye": eye}
        return Rendering(inputs, {"photograph": which, "motion": motion, "saccade": saccade})
