"""What was shown: movies with the edges of their frames in seconds; a still has one frame."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".npy", ".png", ".tif", ".tiff")
"""Of files that hold a picture, or a movie."""


class Stimuli(NamedTuple):
    """What was shown, in the order of a recording's stimuli."""

    frames: NDArray[Any]  # [stimulus, frame, height, width, channel], uint8 or floats in [0, 1]
    edges: Floats  # [frame + 1] s from onset; before the first and after the last: background
    names: tuple[str, ...] = ()  # [stimulus] of the files; none where frames are an array

    def check(self, source: str, expected: int) -> "Stimuli":
        """These stimuli, if they are movies and as many as expected.

        Args:
            source: of the recording, for messages.
            expected: stimuli of the recording.

        Raises:
            ValueError: in one sentence.
        """
        frames, edges = self.frames, np.asarray(self.edges, float)
        if frames.ndim != 5 or frames.shape[4] not in (1, 3):
            raise ValueError(
                f"{source}: frames has shape {frames.shape}: give [stimulus, frame, height, width, "
                "channel] with 1 or 3 channels."
            )
        if len(frames) != expected:
            raise ValueError(
                f"{source}: frames of {len(frames)} stimuli for a recording of {expected}: give "
                "one movie per stimulus, in the recording's order."
            )
        if edges.shape != (frames.shape[1] + 1,) or not (np.diff(edges) > 0).all():
            raise ValueError(
                f"{source}: {frames.shape[1]} frames with {edges.size} edges: give one more edge "
                "than frames, in rising seconds."
            )
        if frames.dtype.kind not in "buif" or 0 in frames.shape:
            raise ValueError(
                f"{source}: frames is {frames.dtype} of shape {frames.shape}: give pictures as "
                "uint8, or as floats in [0, 1]."
            )
        if frames.dtype != np.uint8:
            for movie in frames:
                _require_range(movie, f"{source}: ")
        return self._replace(frames=frames, edges=edges)

    def keep(self, stimuli: Sequence[int] | NDArray[Any]) -> "Stimuli":
        """The chosen stimuli: places, or a mask."""
        places = np.arange(len(self.frames))[np.asarray(stimuli)]
        names = tuple(self.names[place] for place in places) if self.names else ()
        return self._replace(frames=self.frames[places], names=names)


def as_floats(frames: NDArray[Any]) -> NDArray[np.float32]:
    """Frames in [0, 1].

    Raises:
        ValueError: if they are floats outside [0, 1], or not finite.
    """
    if frames.dtype == np.uint8:
        return frames.astype(np.float32) / np.float32(255)
    _require_range(frames)
    return np.asarray(frames, np.float32)


def _require_range(frames: NDArray[Any], source: str = "") -> None:
    low, high = float(frames.min()), float(frames.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{source}frames run from {low:g} to {high:g}: give floats in [0, 1], or uint8."
        )
