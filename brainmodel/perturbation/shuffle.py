"""Shuffle: over a pathway, each stream hears what was meant for another. A control.

    m_b(t) -> m_{b + shift}(t)             b: the streams of a process, in a circle

All statistics of the messages stay, and how they follow each other; what is lost is that they are
of the scene that the stream sees. Learning signals that go back over it go to whom was heard.
"""

from collections.abc import Sequence

import torch

from brainmodel.errors import named
from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import Carried, Perturbation
from brainmodel.perturbation.places import place_of
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring


class Shuffle(Perturbation):
    """Messages over the streams of a batch.

    Args:
        what: pathways.
        shift: which stream is heard, counted from one's own.
        when: at which steps of the streams; at all unless given.
        schedule: it acts where this is above 0; always unless given.

    Raises:
        ValueError: for a shift below 1; in `build`, for what is no pathway; in `act`, if there is
            no other stream.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        shift: int = 1,
        when: Period | None = None,
        schedule: Schedule | None = None,
    ):
        super().__init__(what, when, schedule)
        if shift < 1:
            raise ValueError(f"shift: need 1 or more streams, got {shift}")
        self.shift = shift

    def build(self, brain: Wiring) -> None:
        """See `Perturbation.build`."""
        for address in self.what:
            with named(f"what: {address}"):
                if not place_of(brain, address).pathway:
                    raise ValueError("is no pathway, and Shuffle acts on messages")

    def require_streams(self, count: int) -> None:
        """See `Perturbation.require_streams`."""
        if self.shift % count == 0:
            raise ValueError(
                f"shift: {self.shift} leaves each of {count} streams its own messages; give more "
                "streams (data.batch_size), or another shift"
            )

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """See `Perturbation.act`."""
        batch = moment.reset.shape[1]
        self.require_streams(batch)
        own = torch.arange(batch).to(moment.strength)
        order = torch.where(moment.strength > 0, (own + self.shift) % batch, own)
        for name in self.what:
            outcome.reorder(name, order)
        return carried
