"""The contract of an experiment: what was recorded, and what was shown meanwhile."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from brainmodel.probing.recordings.readers.files import require_file
from brainmodel.probing.recordings.recorded import Recorded
from brainmodel.probing.recordings.stimuli import Stimuli


class Shown(NamedTuple):
    """A recording and its stimuli, in the same order."""

    recording: Recorded
    stimuli: Stimuli


class Experiment(ABC):
    """Where a recording and its stimuli come from."""

    @abstractmethod
    def open(self) -> tuple[Recorded, Stimuli]:
        """The recording, and its stimuli in the recording's order.

        Raises:
            FileNotFoundError: if a file is not there.
            ValueError: in one sentence, if files are damaged or a field is missing.
        """

    def read(self) -> Shown:
        """What `open` returns, checked against each other.

        Raises:
            ValueError: in one sentence, if they do not fit.
        """
        recording, stimuli = self.open()
        return Shown(recording, stimuli.check(recording.source, len(recording.stimuli)))


def read_frames(path: str | Path, edges: Sequence[float]) -> Stimuli:
    """Stimuli from an .npy file, memory-mapped.

    Args:
        path: of an array [stimulus, height, width], [stimulus, height, width, channel] (stills) or
            [stimulus, frame, height, width, channel]; uint8, or floats in [0, 1].
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
        frames = frames[:, None]
    return Stimuli(frames, np.asarray(edges, float))
