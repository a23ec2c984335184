"""What was shown where an animal did a task: trials, that give a brain all of its inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


class Task(Protocol):
    """Streams of trials, such as `brainmodel.data.tasks.CentreOutReaching`.

    The command line takes classes whose method has exactly these types.
    """

    frames_per_second: float  # steps per second

    def held_out_windows(
        self, count: int
    ) -> list[tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]]:
        """The first windows of streams: inputs, reset and labels, [time, stream, ...] each.

        The labels "trial", the number of the trial in its stream, and "condition", which one it
        is, are -1 between trials.
        """
        ...


@dataclass(frozen=True, eq=False)
class TaskTrials:
    """Trials of a task, of which the stimuli of a recording are the conditions.

    Args:
        task: makes them.
        windows: of the task that are shown.
        event: the label at whose event time is 0 in each trial: the first step at which it is true,
            or, of real numbers, no longer negative; None for the first step of the trial.
        conditions: [stimulus] the number of the condition that each stimulus of the recording is.

    Raises:
        ValueError: if there is no window, or a condition stands twice.
    """

    task: Task
    windows: int
    event: str | None
    conditions: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.windows < 1:
            raise ValueError(f"windows is {self.windows}: give 1 or more.")
        if len(set(self.conditions)) < len(self.conditions):
            raise ValueError(f"conditions are {list(self.conditions)}: give each of them once.")

    def check(self, source: str, expected: int) -> "TaskTrials":
        """These trials, if they are of as many conditions as there are stimuli.

        Raises:
            ValueError: in one sentence.
        """
        if len(self.conditions) != expected:
            raise ValueError(
                f"{source}: {len(self.conditions)} conditions of a task for {expected} stimuli: "
                "give the number of the condition of each, in the recording's order."
            )
        return self

    def keep(self, stimuli: Sequence[int] | NDArray[Any]) -> "TaskTrials":
        """The chosen stimuli: places, or a mask."""
        chosen = np.asarray(self.conditions)[np.asarray(stimuli)]
        return replace(self, conditions=tuple(map(int, chosen)))
