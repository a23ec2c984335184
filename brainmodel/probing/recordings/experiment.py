"""The contract of an experiment: what was recorded, and what was shown meanwhile."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.missing import without_missing
from brainmodel.probing.recordings.readers.files import require_file
from brainmodel.probing.recordings.recorded import Recorded
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli


class Shown(NamedTuple):
    """A recording and its stimuli, in the same order."""

    recording: Recorded
    stimuli: Stimuli


class Experiment(ABC):
    """Where a recording and its stimuli come from."""

    leave_out: LeaveOut = USUAL

    @abstractmethod
    def open(self) -> tuple[Recorded, Stimuli]:
        """The recording, and its stimuli in the recording's order.

        Raises:
            FileNotFoundError: if a file is not there.
            ValueError: in one sentence, if files are damaged or a field is missing.
        """

    def read(self) -> Shown:
        """What `open` returns, without what is missing, checked against each other.

        Raises:
            ValueError: in one sentence, if they do not fit, or too much is missing.
        """
        recording, stimuli = self.open()
        if not isinstance(recording, Recording):
            return Shown(recording, stimuli.check(recording.source, len(recording.stimuli)))
        _require_seconds(recording, np.asarray(stimuli.edges, float))
        source = recording.source
        if recording.left_out:
            source += f" (left out: {', '.join(recording.left_out)})"
        stimuli = stimuli.check(source, len(recording.stimuli))
        whole, stayed = without_missing(recording, self.leave_out)
        return Shown(
            whole, stimuli if stayed.all() else stimuli._replace(frames=stimuli.frames[stayed])
        )


def _require_seconds(recording: Recording, shown: Floats) -> None:
    """Refuse edges of responses or frames of which one must be in milliseconds."""
    spans = [float(np.ptp(edges)) if len(edges) else 0.0 for edges in (recording.edges, shown)]
    for name, (long, short) in (("edges", spans), ("frame_edges", spans[::-1])):
        if long >= 10 and 0 < short < long / 200:
            raise ValueError(
                f"{recording.source}: responses last {spans[0]:g} s, what was shown {spans[1]:g} "
                f"s: give {name} in seconds, not milliseconds."
            )


def read_frames(path: str | Path, edges: Sequence[float]) -> Stimuli:
    """Stimuli from an .npy file, memory-mapped.

    Args:
        path: of an array [stimulus, height, width], [stimulus, height, width, channel] (stills) or
            [stimulus, frame, height, width, channel]; uint8, or floats in [0, 1]. With edges for
            each of its pictures [frame, height, width] is one movie.
        edges: [frame + 1] s from stimulus onset between which each frame is on the screen.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not such an array.
    """
    source = require_file(path)
    try:
        frames = np.load(source, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as damage:
        raise ValueError(
            f"{source} is not an .npy of plain numbers ({damage}): write it with numpy.save."
        ) from damage
    if not isinstance(frames, np.ndarray):
        raise ValueError(f"{source} holds several arrays: save the frames alone, with numpy.save.")
    if frames.ndim == 3:
        frames = frames[..., None]
    if frames.ndim == 4:
        one_movie = len(edges) > 2 and len(edges) == len(frames) + 1
        frames = frames[None] if one_movie else frames[:, None]
    return Stimuli(frames, np.asarray(edges, float))
