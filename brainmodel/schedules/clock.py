"""A clock: how old a brain is, and what schedules say of that age.

Where windows are recorded (`brainmodel.engines.Replayed`) the same steps are taken again when the
brain is older. So what changes with age is asked by way of a clock, which then gives a tensor
that is told the level of each window.
"""

from collections.abc import Callable, Mapping

from torch import Tensor

from brainmodel.schedules.schedule import Schedule

LevelNow = float | Tensor
"""A number in [0, 1], or a tensor [] that has one while a recording is replayed."""


class Clock:
    """The age of a brain.

    Args:
        age: how many steps the optimizer took, asked when somebody wants to know.
        known: levels by the `id` of their schedule, of which the age need not be asked.
    """

    def __init__(self, age: Callable[[], int], known: Mapping[int, LevelNow] | None = None):
        self._age, self._known = age, known or {}

    @property
    def age(self) -> int:
        """Steps that the optimizer took.

        Raises:
            Unrecordable: where a window is being recorded.
        """
        return self._age()

    def level(self, schedule: Schedule) -> LevelNow:
        """What a schedule says now."""
        known = self._known.get(id(schedule))
        return schedule.level(self.age) if known is None else known


def always(level: LevelNow, number: float) -> bool:
    """Whether a level is this number, and will be where a recording is replayed."""
    return not isinstance(level, Tensor) and level == number
