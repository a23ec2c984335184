"""Noise that is added: to currents of units, or to what arrives over a pathway.

    x(t) -> x(t) + s(t) deviation n(t)          n(t) normal, of mean 0 and variance 1

It is independent from unit to unit, step to step and stream to stream, and the same whatever the
windows, the batch and the processes (see `stream_noise`).
"""

from collections.abc import Sequence
from math import inf, prod
from zlib import crc32

import torch
from torch import Tensor

from brainmodel.learning.credit.stream_noise import noise_at_start
from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import Carried, OfActivity
from brainmodel.perturbation.places import Addressed
from brainmodel.schedules import Schedule


class AddedNoise(OfActivity):
    """Noise in currents of units, those onto which their drive ends unless told, or in messages.

    Args:
        what: addresses: of areas, populations, currents or pathways.
        deviation: standard deviation, in the unit of the currents or of the message, 0 or more.
        when, schedule, share: as of `OfActivity`.
        seed: of the noise, and of which units it is if not all.

    Raises:
        ValueError: if the deviation is out of range; else as of `OfActivity`.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        deviation: float,
        when: Period | None = None,
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, when, schedule, share, seed)
        if not 0 <= deviation < inf:
            raise ValueError(f"deviation: need 0 or more, got {deviation}")
        self.deviation = deviation

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """See `Perturbation.act`; what is carried is where the noise of each stream stands."""
        self._stands = noise_at_start(moment.reset[0]) if carried is None else carried
        super().act(moment, outcome, None)
        return self._stands.later(len(moment.reset))

    def act_on(self, place: Addressed, strength: Tensor, outcome: Effects) -> None:
        """See `OfActivity.act_on`."""
        seed, count = self.seed + crc32(place.address.encode()), prod(place.shape)
        steps = range(len(strength))
        drawn = [self._stands.later(t).normal(seed, count, strength) for t in steps]
        noise = torch.stack(drawn).unflatten(2, place.shape)
        outcome.add(place, self.deviation * strength * noise)
