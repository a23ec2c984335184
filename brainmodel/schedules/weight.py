"""The weight of an objective: a number, and how it changes over training."""

from dataclasses import dataclass

from brainmodel.schedules.schedule import Schedule


@dataclass
class Weight:
    """How much an objective counts: value times the level of its schedule.

    Args:
        value: >= 0.
        schedule: of steps of the optimizer; constant unless given.

    Raises:
        ValueError: if the value is negative or no number.
    """

    value: float = 1.0
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.value < float("inf"):
            raise ValueError(f"value: need a number of 0 or more, got {self.value}")

    def at(self, step: int) -> float:
        """The weight after so many steps of the optimizer."""
        return self.value if self.schedule is None else self.value * self.schedule.level(step)
