"""ShuffleSteps: over a pathway, each step hears what was sent at another time. A control.

    m_b(t) -> m_b(tau),      tau drawn for each stream and step from those of the window before

Messages are of the stream's own scene, and as strong as ever; what is lost is when they were sent.
A permutation of the steps to come would not be causal, so they are steps of the window before, each
as likely as any other of those since the stream began. A stream that has none hears nothing: in its
first window, and in one in which it begins anew from that step on. Learning signals do not go back
over it: what is heard was made before the window.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from areas.record import flat
from brainmodel.errors import named
from brainmodel.pathways.pathway import told
from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import Perturbation
from brainmodel.perturbation.places import Addressed, place_of
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring

ACTIVE = ("rate", "prediction", "error")


class Sent(NamedTuple):
    """What was sent in a window, and how to draw from it."""

    messages: dict[str, Tensor]  # by pathway, [time, batch, ...]
    steps: Tensor  # [batch], how many of its steps a stream has been at since it began
    windows: int  # that were drawn for


class ShuffleSteps(Perturbation):
    """Messages of other steps of the same stream.

    Args:
        what: pathways from areas, of rates, predictions or errors.
        seed: of what is drawn.
        when: at which steps of the streams; at all unless given.
        schedule: it acts where this is above 0; always unless given.

    Raises:
        ValueError: for a seed out of range; in `build`, for what is no such pathway.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        seed: int = 0,
        when: Period | None = None,
        schedule: Schedule | None = None,
    ):
        super().__init__(what, when, schedule)
        if not 0 <= seed < 2**31:
            raise ValueError(f"seed: need a whole number from 0 to {2**31 - 1}, got {seed}")
        self.seed = seed
        self.places: list[Addressed] = []

    def build(self, brain: Wiring) -> None:
        """See `Perturbation.build`."""
        self.places = []
        for address in self.what:
            with named(f"what: {address}"):
                place = place_of(brain, address)
                way = brain.pathways.get(address)
                if way is None or way.source not in brain.areas or way.carries not in ACTIVE:
                    raise ValueError(
                        "is no pathway from an area that carries a rate, prediction or error, and "
                        "ShuffleSteps acts on these"
                    )
            self.places.append(place)

    def act(self, moment: Moment, outcome: Effects, carried: Sent | None) -> Sent | None:
        """See `Perturbation.act`."""
        on = (moment.strength > 0).to(moment.strength)
        begun = moment.reset.cumsum(0) > 0  # a stream that begins in this window has sent nothing
        windows = 0 if carried is None else carried.windows
        generator = torch.Generator().manual_seed(self.seed * 2**32 + windows)
        uniform = torch.rand(on.shape, generator=generator).to(on)
        for place in self.places:
            wide = on.view(*on.shape, *[1] * len(place.shape))
            heard = on.new_zeros(*on.shape, *place.shape)
            if carried is not None:
                heard = _drawn(carried, place.name, uniform) * _wide(~begun, heard)
            outcome.change(place, 1 - wide, wide * heard)
        return carried

    def end_window(
        self,
        brain: Wiring,
        reset: Tensor,
        activities: Mapping[str, Any],
        inputs: Mapping[str, Tensor],
        carried: Sent | None,
    ) -> Sent:
        """See `Perturbation.end_window`: keep what was sent."""
        found = {}
        for place in self.places:
            way = brain.pathways[place.name]
            signal = getattr(activities[way.source], way.carries).detach()
            by = told(way, inputs)
            sent = brain.route(place.name)(flat(signal), None if by is None else flat(by))
            found[place.name] = sent.detach().view(*signal.shape[:2], *place.shape)
        steps = torch.arange(len(reset), 0, -1, device=reset.device)[:, None]
        anew = reset.flip(0).cumsum(0).flip(0) - reset.long() == 0  # no stream begins behind it
        since = torch.where(reset & anew, steps, 0).amax(0)
        before = 0 if carried is None else 1 + carried.windows
        return Sent(found, torch.where(reset.any(0), since, len(reset)), before)


def _drawn(sent: Sent, name: str, uniform: Tensor) -> Tensor:
    """Messages of steps drawn by uniform numbers [time, batch]; 0 for streams that have none."""
    message = sent.messages[name]
    last = len(message) - sent.steps
    tau = (last + (uniform * sent.steps).long()).clamp(max=len(message) - 1)
    found = message[tau, torch.arange(message.shape[1], device=message.device)]
    return found * _wide(sent.steps > 0, found[0])


def _wide(mask: Tensor, like: Tensor) -> Tensor:
    """A mask of the first dimensions, to multiply what has more."""
    return mask.to(like).view(*mask.shape, *[1] * (like.dim() - mask.dim()))
