"""A critical period: an area opens to experience, and closes again.

                  |      ________
    level(n)      |     /        \\
                  |____/          \\_____ adult
                     opens       closes          (each edge `ramp` steps long, from there on)

Hensch (2005), doi:10.1038/nrn1787: sensory areas close before association areas do; in the adult
little is left, or nothing.
"""

from brainmodel.schedules.schedule import Schedule, require_level, require_steps


class CriticalPeriod(Schedule):
    """0, then 1 while it is open, then the adult level.

    Args:
        closes: step of the optimizer at which it begins to close.
        opens: step at which it begins to open; 0 for open from the start.
        ramp: steps that opening and closing take; 0 for at once.
        adult: level after it has closed, in [0, 1].

    Raises:
        ValueError: if it closes before it has opened, or a number is out of range.
    """

    def __init__(self, closes: int, opens: int = 0, ramp: int = 0, adult: float = 0.0):
        require_steps("opens", opens, 0)
        require_steps("ramp", ramp, 0)
        require_level("adult", adult)
        open_at = opens + ramp if opens else 0
        if closes < open_at:
            raise ValueError(
                f"closes: need a step not before {open_at}, when it has opened, got {closes}"
            )
        self.closes, self.opens, self.ramp, self.adult = closes, opens, ramp, adult

    def level(self, step: int) -> float:
        """See `Schedule.level`."""
        opened = 1.0 if self.opens == 0 else self._edge(step - self.opens)
        closed = self._edge(step - self.closes)
        return opened if closed == 0 else 1 - closed * (1 - self.adult)

    def _edge(self, since: int) -> float:
        """How far an edge has come, 0 before it begins."""
        if self.ramp == 0:
            return float(since >= 0)
        return min(1.0, max(0.0, since / self.ramp))
