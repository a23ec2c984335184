"""The contract of an experiment: what was recorded, and what was shown meanwhile."""

from abc import ABC, abstractmethod
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.missing import without_missing
from brainmodel.probing.recordings.picture_names import in_order_of
from brainmodel.probing.recordings.recorded import Recorded
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli
from brainmodel.probing.recordings.task_trials import TaskTrials

What = TypeVar("What", bound=Stimuli | TaskTrials)


class Shown(NamedTuple, Generic[What]):
    """A recording and its stimuli, in the same order: pictures, or trials of a task."""

    recording: Recorded
    stimuli: What

    def check(self) -> "Shown[What]":
        """The same, with pictures that are named like the stimuli beside these.

        Raises:
            ValueError: in one sentence, if there are not as many movies as stimuli, or edges of
                one of the two must be in milliseconds.
        """
        source, names = self.recording.source, self.recording.stimuli
        if isinstance(self.stimuli, TaskTrials):
            return self._replace(stimuli=self.stimuli.check(source, len(names)))
        if isinstance(self.recording, Recording):
            _require_seconds(self.recording, np.asarray(self.stimuli.edges, float))
        if isinstance(self.recording, Recording) and self.recording.left_out:
            source += f" (left out: {', '.join(self.recording.left_out)})"
        stimuli = in_order_of(names, self.stimuli).check(source, len(names))
        return self._replace(stimuli=stimuli)


class Experiment(ABC):
    """Where a recording and its stimuli come from."""

    leave_out: LeaveOut = USUAL

    @abstractmethod
    def open(self) -> tuple[Recorded, Stimuli | TaskTrials]:
        """The recording, and its stimuli, or trials of a task, in the recording's order.

        Raises:
            FileNotFoundError: if a file is not there.
            ValueError: in one sentence, if files are damaged or a field is missing.
        """

    def read(self) -> Shown[Any]:
        """What `open` returns, without what is missing, checked against each other.

        Raises:
            ValueError: in one sentence, if they do not fit, or too much is missing.
        """
        recording, stimuli = self.open()
        stimuli = Shown(recording, stimuli).check().stimuli
        if not isinstance(recording, Recording):
            return Shown(recording, stimuli)
        whole, stayed = without_missing(recording, self.leave_out)
        return Shown(whole, stimuli if stayed.all() else stimuli.keep(stayed))


def _require_seconds(recording: Recording, shown: Floats) -> None:
    """Refuse edges of responses or frames of which one must be in milliseconds."""
    spans = [float(np.ptp(edges)) if len(edges) else 0.0 for edges in (recording.edges, shown)]
    for name, (long, short) in (("edges", spans), ("frame_edges", spans[::-1])):
        if long >= 10 and 0 < short < long / 200:
            raise ValueError(
                f"{recording.source}: responses last {spans[0]:g} s, what was shown {spans[1]:g} "
                f"s: give {name} in seconds, not milliseconds."
            )
