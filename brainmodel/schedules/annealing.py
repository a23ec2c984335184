"""Annealing: all at first, then less, along half a cosine.

level(n) = final + (1 - final) (1 + cos(pi min(1, n / steps))) / 2
"""

import math

from brainmodel.schedules.schedule import Schedule, require_level, require_steps


class Annealing(Schedule):
    """Falls from 1 to a final level.

    Args:
        steps: of the optimizer until the final level.
        final: where it ends, in [0, 1].

    Raises:
        ValueError: if `steps` is below 1 or `final` not in [0, 1].
    """

    def __init__(self, steps: int, final: float = 0.0):
        require_steps("steps", steps, 1)
        require_level("final", final)
        self.steps, self.final = steps, final

    def level(self, step: int) -> float:
        """See `Schedule.level`."""
        done = min(1.0, step / self.steps)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * done))
