"""Scale: what units send, their currents or a message, times a number. Cooling scales below 1.

x(t) -> ( 1 + s(t) ( gain - 1 ) ) x(t)            s: strength, 1 where and when it acts, else 0
"""

from collections.abc import Sequence

from torch import Tensor

from areas.loops.gain import gain_of_current
from brainmodel.perturbation.effects import Effects
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import OfActivity
from brainmodel.perturbation.places import Addressed
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring


class Scale(OfActivity):
    """Rates of units (as others and they themselves hear them), currents, or messages, scaled.

    Args:
        what: addresses: of areas, populations, currents or pathways.
        gain: by how much, 0 or more.
        when, schedule, share, seed: as of `OfActivity`.

    Raises:
        ValueError: for a gain below 0; else as of `OfActivity`.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        gain: float,
        when: Period | None = None,
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, when, schedule, share, seed)
        if not 0 <= gain < float("inf"):
            raise ValueError(f"gain: need 0 or more, got {gain}")
        self.gain = gain

    def opened(self, brain: Wiring) -> dict[str, set[str]]:
        """See `Perturbation.opened`."""
        found: dict[str, set[str]] = {}
        for place in self.places:
            if not place.pathway:
                currents = place.currents.any(1).nonzero()[:, 0].tolist() if place.within else ()
                found.setdefault(place.name, set()).update(map(gain_of_current, currents))
        return found

    def act_on(self, place: Addressed, strength: Tensor, outcome: Effects) -> None:
        """See `OfActivity.act_on`."""
        outcome.change(place, 1 + strength * (self.gain - 1))
