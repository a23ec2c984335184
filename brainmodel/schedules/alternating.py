"""Alternating: active for some steps, still for some, and so on. Two in turn make a game."""

from brainmodel.schedules.schedule import Schedule, require_steps


class Alternating(Schedule):
    """1 for `active` steps, 0 for `still` steps, from the start or later.

    Args:
        active: steps of the optimizer at 1.
        still: steps at 0.
        late: steps at 0 before the first turn; `late` equal to the other's `active` makes two
            schedules take turns.

    Raises:
        ValueError: if `active` or `still` is below 1, or `late` negative.
    """

    def __init__(self, active: int, still: int, late: int = 0):
        require_steps("active", active, 1)
        require_steps("still", still, 1)
        require_steps("late", late, 0)
        self.active, self.still, self.late = active, still, late

    def level(self, step: int) -> float:
        """See `Schedule.level`."""
        since = step - self.late
        return float(since >= 0 and since % (self.active + self.still) < self.active)
