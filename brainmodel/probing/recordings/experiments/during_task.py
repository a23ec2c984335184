"""A recording of your own of an animal that did a task; the brain does the task, too."""

from collections.abc import Sequence

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.npz import read_npz
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.task_trials import Task, TaskTrials


class DuringTask(Experiment):
    """Responses as `read_npz` reads them, whose stimuli are the conditions of a task.

    A brain is given trials of the task, all its inputs; what its areas do is averaged over the
    trials of each condition, step by step, and held against the recording, condition by condition.
    It is recorded at those times of the recording, from the event on and before it, that all of
    these trials have.

    Args:
        path: of the .npz with the recording; its times are seconds from the event.
        task: makes the trials.
        windows: of the task that are shown, each of all its streams.
        event: the label at whose event time is 0 in each trial: the first step at which it is true,
            or, of real numbers, no longer negative; the first step of the trial unless given.
        conditions: [stimulus] number of the condition that each is; 0, 1, ... unless given.
        leave_out: what to leave out of the recording; the conditions go with it.
    """

    def __init__(
        self,
        path: str,
        task: Task,
        windows: int = 4,
        event: str | None = None,
        conditions: Sequence[int] | None = None,
        leave_out: LeaveOut = USUAL,
    ) -> None:
        self.path, self.task, self.windows, self.event = path, task, windows, event
        self.conditions, self.leave_out = conditions, leave_out

    def open(self) -> tuple[Recording, TaskTrials]:
        recording = self.recording()
        conditions = range(len(recording.stimuli)) if self.conditions is None else self.conditions
        return recording, TaskTrials(self.task, self.windows, self.event, tuple(conditions))

    def recording(self) -> Recording:
        """What was recorded."""
        return read_npz(self.path)
