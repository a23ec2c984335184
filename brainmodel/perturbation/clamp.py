"""Clamp: what units send, or what arrives over a pathway, is one value whatever they do.

x(t) -> ( 1 - s(t) ) x(t) + s(t) value            s: strength, 1 where and when it acts, else 0
"""

from collections.abc import Sequence
from math import isfinite

from torch import Tensor

from areas.loops.gain import CLAMP
from brainmodel.perturbation.effects import Effects
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import OfActivity
from brainmodel.perturbation.places import Addressed
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring


class Clamp(OfActivity):
    """Rates of units, and what their recurrent synapses carry, or messages, held at a value.

    Args:
        what: addresses: of areas, populations or pathways.
        value: of the rates, or of the message.
        when, schedule, share, seed: as of `OfActivity`.

    Raises:
        ValueError: for a value that is not finite, or in `build` for a current, to which `Opsin`
            adds; else as of `OfActivity`.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        value: float,
        when: Period | None = None,
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, when, schedule, share, seed)
        if not isfinite(value):
            raise ValueError(f"value: need a finite number, got {value}")
        self.value = value

    def _require(self, place: Addressed) -> None:
        if place.within:
            raise ValueError("is a current, and Clamp holds rates; use Silence, Scale or Opsin")

    def opened(self, brain: Wiring) -> dict[str, set[str]]:
        """See `Perturbation.opened`."""
        return {place.name: {CLAMP} for place in self.places if not place.pathway}

    def act_on(self, place: Addressed, strength: Tensor, outcome: Effects) -> None:
        """See `OfActivity.act_on`."""
        outcome.change(place, 1 - strength, strength * self.value)
