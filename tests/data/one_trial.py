"""One trial of each of many streams, and what may be said of so many."""

from inspect import isclass
from typing import Any

import pytest
from torch import Tensor

from brainmodel.data import tasks
from brainmodel.data.streams import Part
from brainmodel.data.tasks import TaskModule
from brainmodel.data.window import Window

MANY = 4000  # trials
EVERY = [getattr(tasks, name) for name in sorted(dir(tasks))]
KINDS = [
    part
    for part in EVERY
    if isclass(part) and issubclass(part, TaskModule) and part is not TaskModule
]


def trials(module: TaskModule, part: Part = Part.TRAINING, index: int = 0) -> Window:
    """One trial of each stream."""
    return module.stream(module.share(part)).window(index)


def made(kind: type[TaskModule], streams: int = MANY, **options: Any) -> TaskModule:
    return kind(batch_size=streams, aligned=True, **options)  # type: ignore[call-arg]


def share(truth: Tensor) -> float:
    return truth.double().mean().item()


def about(value: float, count: int, deviation: float = 0.5) -> Any:
    """Within four standard errors of a mean of so many."""
    return pytest.approx(value, abs=4 * deviation / count**0.5)


def onsets(truth: Tensor) -> Tensor:
    """The first step [batch] at which something [time, batch] is true."""
    return truth.int().argmax(0)
