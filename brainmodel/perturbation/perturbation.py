"""The contract of a perturbation: what it does to a brain, where, and when."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from brainmodel.errors import named
from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.places import Addressed, place_of
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring

Carried = Any  # what a perturbation carries between windows: a pytree of tensors [batch], or None


class Perturbation(ABC):
    """Something that is done to a brain, and undone when its context is left.

    Args:
        what: addresses of what it acts on (see `places`, and each perturbation).
        when: at which steps of the streams; at all unless given.
        schedule: how strong it is, from 0 to 1, over the steps of the optimizer; always 1 unless
            given.

    Raises:
        ValueError: in `build`, if there is nothing of these addresses.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        when: Period | None = None,
        schedule: Schedule | None = None,
    ):
        self.what = [what] if isinstance(what, str) else list(what)
        if not self.what:
            raise ValueError("what: is empty; name an area, a population or a pathway")
        self.when, self.schedule = when, schedule

    @abstractmethod
    def build(self, brain: Wiring) -> None:
        """Prepare for a brain; anew for another.

        Raises:
            ValueError: if there is nothing of its addresses.
        """

    def require_streams(self, count: int) -> None:
        """Refuse so many streams side by side.

        Raises:
            ValueError: in one sentence.
        """
        del count

    def opened(self, brain: Wiring) -> dict[str, set[str]]:
        """By area whose cell needs constants for it, which besides the gain."""
        del brain
        return {}

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """Do in a window what it does to activity, and say what to carry to the next.

        Args:
            moment: the window.
            outcome: what others did before; it adds its own.
            carried: from the window before; None at the very first.
        """
        del moment, outcome
        return carried

    def end_window(
        self,
        brain: Wiring,
        reset: Tensor,
        activities: Mapping[str, Any],
        inputs: Mapping[str, Tensor],
        carried: Carried,
    ) -> Carried:
        """What to carry to the next window, when it is known what areas did in this one.

        Args:
            brain: the brain.
            reset: [time, batch] bool.
            activities: what areas did, [time, batch, ...].
            inputs: of the window.
            carried: what `act` gave for it.
        """
        del brain, reset, activities, inputs
        return carried

    def weights(self, brain: Wiring, strength: float) -> dict[str, Tensor]:
        """Weights with which the brain computes in the place of its own, by parameter."""
        del brain, strength
        return {}

    def plasticity(self, strength: float) -> dict[str, tuple[nn.Parameter, Tensor]]:
        """Parameters by name, and which share of each step of the optimizer each weight takes."""
        del strength
        return {}


class OfActivity(Perturbation):
    """A perturbation of units, of currents of units, or of messages.

    Args:
        what: addresses: "V1", "V1.SST", "V1.E.apical", "LM_V1" (see `places`).
        when: at which steps of the streams; at all unless given.
        schedule: how strong it is over the steps of the optimizer; always 1 unless given.
        share: of the units of each address, drawn at random, in (0, 1].
        seed: which of them.

    Raises:
        ValueError: if the share is out of range; in `build`, as of `place_of`.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        when: Period | None = None,
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, when, schedule)
        require_share(share)
        self.share, self.seed = share, seed
        self.places: list[Addressed] = []

    def build(self, brain: Wiring) -> None:
        """See `Perturbation.build`."""
        self.places = []
        for address in self.what:
            with named(f"what: {address}"):
                place = place_of(brain, address, self.share, self.seed)
                self._require(place)
            self.places.append(place)

    def _require(self, place: Addressed) -> None:
        """Refuse an address that this perturbation has nothing to do with."""

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """See `Perturbation.act`."""
        for place in self.places:
            strength = moment.strength.view(*moment.strength.shape, *[1] * len(place.shape))
            self.act_on(place, strength * place.share.to(strength), outcome)
        return carried

    @abstractmethod
    def act_on(self, place: Addressed, strength: Tensor, outcome: Effects) -> None:
        """Do what it does in one place.

        Args:
            place: where.
            strength: [time, batch, *shape of the place].
            outcome: what others did before; it adds its own.
        """


def require_share(share: float) -> None:
    """Refuse a share that is none or more than all: ValueError."""
    if not 0 < share <= 1:
        raise ValueError(f"share: need more than 0 and 1 at most, got {share}")
