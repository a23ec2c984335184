"""A warm-up: from nothing to all, in a straight line.

level(n) = min(1, n / steps)
"""

from brainmodel.schedules.schedule import Schedule, require_steps


class WarmUp(Schedule):
    """Rises from 0 to 1.

    Args:
        steps: of the optimizer until it is 1.

    Raises:
        ValueError: if `steps` is below 1.
    """

    def __init__(self, steps: int):
        require_steps("steps", steps, 1)
        self.steps = steps

    def level(self, step: int) -> float:
        """See `Schedule.level`."""
        return min(1.0, step / self.steps)
