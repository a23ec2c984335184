"""Alternating: on for some steps, off for some, and so on. Two in turn make a game of two sides."""

from brainmodel.schedules.schedule import Schedule, require_steps


class Alternating(Schedule):
    """1 for `on` steps, 0 for `off` steps, from the start or later.

    Args:
        on: steps of the optimizer at 1.
        off: steps at 0.
        late: steps at 0 before the first turn; `late` equal to the other's `on` makes two schedules
            take turns.

    Raises:
        ValueError: if `on` or `off` is below 1, or `late` negative.
    """

    def __init__(self, on: int, off: int, late: int = 0):
        require_steps("on", on, 1)
        require_steps("off", off, 1)
        require_steps("late", late, 0)
        self.on, self.off, self.late = on, off, late

    def level(self, step: int) -> float:
        """See `Schedule.level`."""
        since = step - self.late
        return float(since >= 0 and since % (self.on + self.off) < self.on)
