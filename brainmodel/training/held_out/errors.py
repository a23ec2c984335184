"""Prediction errors on held-out streams, beside those of repeating the last drive.

    error = mean over valid steps, streams and units of ( u(t) - u_hat(t) )^2
    repeating = mean over the same of ( u(t) - u(t-1) )^2             both in squared drive units

A step is valid unless the stream was reset at it: there, no past tells what comes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.training.processes import gather
from brainmodel.wiring.state import BrainState
from objectives import Activity


class HeldOut(NamedTuple):
    """Mean squared errors of one area, per unit of its drive, over valid steps."""

    error: float  # of the area's predictions
    repeating: float  # of predicting that each drive is like the one before

    @property
    def ratio(self) -> float:
        """Error over that of repeating; below 1 is better than repeating."""
        return self.error / self.repeating if self.repeating > 0 else float("nan")


class Sums(NamedTuple):
    """Squared errors summed over valid steps and streams, and how many there were; scalars."""

    error: Tensor
    repeating: Tensor
    steps: Tensor

    def add(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def of_all_processes(self) -> "Sums":
        """Those of this process and of all others, on each of them."""
        everywhere = gather([float(value) for value in self])
        return Sums(*torch.tensor(everywhere, dtype=torch.float64).sum(0))

    def mean(self) -> HeldOut:
        """Divided by the number of steps; not a number if no step was valid."""
        return HeldOut(float(self.error / self.steps), float(self.repeating / self.steps))


def predicting(brain: Brain, activities: Mapping[str, Activity]) -> dict[str, Activity]:
    """The activities of the areas that predict their drive."""
    return {
        name: activity
        for name, activity in activities.items()
        if brain.area(name).predictor is not None
    }


def squared_errors(activity: Activity, last: Tensor | None) -> Sums:
    """Squared errors of an area's window.

    Args:
        activity: of the area.
        last: its drive at the step before the window, [batch, *drive]; None if not known, then
            the first step does not count.
    """
    drive = activity.drive
    valid = activity.valid.clone()
    if last is None:
        valid[0] = False
        last = drive[0]
    change = drive - torch.cat([last[None], drive[:-1]])
    missed, changed = (
        (valid * signal.detach().square().flatten(2).mean(2)).sum()
        for signal in (drive - activity.prediction, change)
    )
    return Sums(missed, changed, valid.sum())


def follow_streams(
    brain: Brain, windows: Iterable[Window], device: torch.device | None = None
) -> Iterable[tuple[Window, dict[str, Activity]]]:
    """Windows of streams from their beginning, each with the activities of a brain that follows."""
    stream: BrainState | None = None
    for window in windows:
        if device is not None:
            window = tree_map_only(Tensor, lambda value: value.to(device), window)
        with torch.no_grad():
            activities, stream = brain(window.inputs, window.reset, stream, labels=window.labels)
        yield window, activities
