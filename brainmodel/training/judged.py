"""A window of training: what areas did in it, and what their objectives make of it."""

from typing import NamedTuple

from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.wiring.losses import Losses
from brainmodel.wiring.state import BrainState
from objectives import Activity


class Judged(NamedTuple):
    """A window that a brain went through."""

    losses: Losses  # not yet weighed
    activities: dict[str, Activity]  # by area, with the labels of the window
    after: BrainState


def judged(brain: Brain, window: Window, before: BrainState | None) -> Judged:
    """Take a brain through a window, and judge it.

    Args:
        brain: the brain.
        window: the window.
        before: the state of its streams; None where all begin.
    """
    activities, after = brain(window.inputs, window.reset, before, labels=window.labels)
    activities = labelled(activities, window)
    return Judged(brain.judge(activities), activities, after)


def labelled(activities: dict[str, Activity], window: Window) -> dict[str, Activity]:
    """Activities with the labels of the window beside those of environments."""
    return {name: a._replace(labels=window.labels | a.labels) for name, a in activities.items()}
