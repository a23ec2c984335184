"""The contract of an experiment: what was recorded, and what was shown meanwhile."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.missing import without_missing
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
