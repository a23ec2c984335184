"""An opsin: a current that light switches on and off, with an onset and a decay.

    o(t) = o(t-1) + ( 1 - exp( -1 / tau ) ) ( l(t) - o(t-1) )         o = 0 where a stream begins
    x(t) -> x(t) + sign gain o(t)

l(t) is the light: 1 where and when it shines, else 0. tau is `onset` where o rises and `decay`
where it falls; with 0, o is l. So a channel of two states opens and closes; channelrhodopsins have
more (Nikolic et al. 2009, Photochem. Photobiol. 85:400; cited from memory).
"""

from collections.abc import Sequence
from math import exp, inf
from typing import Literal

import torch
from torch import Tensor

from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import Carried, OfActivity
from brainmodel.perturbation.places import Addressed
from brainmodel.schedules import Schedule


class Opsin(OfActivity):
    """A current into units, those onto which their drive ends unless told.

    Args:
        what: addresses: of areas, populations or currents.
        gain: the current of full light, 0 or more, in the unit of the currents.
        sign: whether it excites or inhibits.
        onset: time constant of its rise, in steps; 0 for at once.
        decay: time constant of its fall, in steps; 0 for at once.
        when: when the light is on.
        schedule, share, seed: as of `OfActivity`; the share is of units that have the opsin.

    Raises:
        ValueError: for a number out of range, or in `build` for a pathway; else as of `OfActivity`.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        gain: float,
        sign: Literal["excitatory", "inhibitory"] = "excitatory",
        onset: float = 0.0,
        decay: float = 0.0,
        when: Period | None = None,
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, when, schedule, share, seed)
        for name, value in (("gain", gain), ("onset", onset), ("decay", decay)):
            if not 0 <= value < inf:
                raise ValueError(f"{name}: need 0 or more, got {value}")
        if sign not in ("excitatory", "inhibitory"):
            raise ValueError(f"sign: need excitatory or inhibitory, got {sign!r}")
        self.current = gain if sign == "excitatory" else -gain
        self.rise, self.fall = (1.0 if tau == 0 else 1 - exp(-1 / tau) for tau in (onset, decay))

    def _require(self, place: Addressed) -> None:
        if place.pathway:
            raise ValueError(
                "is a pathway, and an opsin is in units; use Scale, Clamp or AddedNoise"
            )

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """See `Perturbation.act`; what is carried is how far the opsin is open, [batch]."""
        now = torch.zeros_like(moment.strength[0]) if carried is None else carried
        opened = []
        for light, begins in zip(moment.strength, moment.reset, strict=True):
            now = torch.where(begins, 0.0, now)
            rises = (light > now).to(now)
            now = now + (self.fall + rises * (self.rise - self.fall)) * (light - now)
            opened.append(now)
        super().act(moment._replace(strength=torch.stack(opened)), outcome, None)
        return now

    def act_on(self, place: Addressed, strength: Tensor, outcome: Effects) -> None:
        """See `OfActivity.act_on`."""
        outcome.add(place, self.current * strength)
