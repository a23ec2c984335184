"""Silence: units that nobody hears, currents that do not flow, messages that do not arrive."""

from collections.abc import Sequence

from brainmodel.perturbation.period import Period
from brainmodel.perturbation.scale import Scale
from brainmodel.schedules import Schedule


class Silence(Scale):
    """Nothing comes of it; see `Scale`, of gain 0.

    A pathway that is silenced is as a brain without its signal. What silent units remember (a
    membrane potential, a memory cell) goes on by itself.

    Args:
        what, when, schedule, share, seed: as of `Scale`.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        when: Period | None = None,
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, 0.0, when, schedule, share, seed)
