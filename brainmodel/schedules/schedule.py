"""The contract of a schedule: how many steps the optimizer took -> a number in [0, 1].

It multiplies the weight of an objective, or the learning signal of an area (its plasticity). The
brain counts the steps (`Brain.age`) and checkpoints keep the count, so a schedule has no state.
"""

from abc import ABC, abstractmethod


class Schedule(ABC):
    """A number in [0, 1] for each step of the optimizer."""

    @abstractmethod
    def level(self, step: int) -> float:
        """The number after so many steps of the optimizer, `step` >= 0."""


def require_steps(field: str, value: int, least: int) -> None:
    """Refuse a number of steps below `least` with a ValueError."""
    if value < least:
        raise ValueError(f"{field}: need {least} or more steps, got {value}")


def require_level(field: str, value: float) -> None:
    """Refuse what is not in [0, 1] with a ValueError."""
    if not 0 <= value <= 1:
        raise ValueError(f"{field}: need a number from 0 to 1, got {value}")
