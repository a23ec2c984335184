"""Plasticity that is frozen, or scaled: of groups of synapses, of populations, early or late.

    w(n+1) -> w(n) + l ( w'(n+1) - w(n) ),        l = 1 - s ( 1 - level )

w'(n+1) is what the optimizer makes of the weight, whatever it remembers or lets decay; s is the
strength by the schedule. With level 0 a weight does not move by one bit, and the optimizer is
given no gradient for it; else the rest of the model sees to its step as ever.

By steps of the streams (`when`) it is the learning signal of an area, or of some of its units, that
is multiplied: they learn so much from what the losses of these steps say.

    M(t) -> ( 1 - s(t) ( 1 - level ) ) M(t)
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from brainmodel.errors import named
from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import Carried, Perturbation
from brainmodel.perturbation.places import Addressed, place_of
from brainmodel.perturbation.synapse_groups import group_of
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring


class Plasticity(Perturbation):
    """How much of what they would learn synapses do learn.

    Args:
        what: groups of synapses: "V1", "V1.recurrent", "V1.E.recurrent", "LM_V1", "V1.predictor",
            "V1.read_out" (see `synapse_groups`); with `when`, areas and populations: "V1", "V1.E".
        level: 0 freezes, 1 changes nothing.
        when: at which steps of the streams; always unless given.
        schedule: how strong it is over the steps of the optimizer: early, late; always 1 unless
            given.

    Raises:
        ValueError: for a level below 0; in `build`, if there are no such synapses, or they have no
            learning signal of their own.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        level: float = 0.0,
        when: Period | None = None,
        schedule: Schedule | None = None,
    ):
        super().__init__(what, when, schedule)
        if not 0 <= level < float("inf"):
            raise ValueError(f"level: need 0 or more, got {level}")
        self.level = level
        self.meant: dict[str, tuple[nn.Parameter, Tensor]] = {}
        self.places: list[Addressed] = []

    def build(self, brain: Wiring) -> None:
        """See `Perturbation.build`."""
        self.meant, self.places = {}, []
        for address in self.what:
            with named(f"what: {address}"):
                if self.when is None:
                    for name, meant in group_of(brain, address).items():
                        _, before = self.meant.get(name, (None, meant))
                        one = brain.get_parameter(name), torch.maximum(before, meant)
                        self.meant[name] = one
                else:
                    self.places.append(_taught(brain, address))

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """See `Perturbation.act`."""
        for place in self.places:
            level = 1 - moment.strength * (1 - self.level)
            units = place.share.view(len(place.share), -1).amax(1).to(level)
            if not bool(units.all()):
                level = 1 - moment.strength[..., None] * units * (1 - self.level)
            outcome.modulate(place.name, level)
        return carried

    def plasticity(self, strength: float) -> dict[str, tuple[nn.Parameter, Tensor]]:
        """See `Perturbation.plasticity`."""
        lost = strength * (1 - self.level)
        meant = self.meant.items() if lost else ()
        return {name: (parameter, 1 - lost * some) for name, (parameter, some) in meant}


def _taught(brain: Wiring, address: str) -> Addressed:
    """The units whose learning signal is meant.

    Raises:
        ValueError: for what has none of its own.
    """
    try:
        place = place_of(brain, address)
    except ValueError:
        group_of(brain, address)  # which refuses what there is not
        place = None
    if place is None or place.pathway or place.within:
        raise ValueError(
            "has no learning signal of its own; name an area or a population, or leave `when` out "
            "and give a schedule"
        )
    scope = getattr(brain, "scope", None)
    if scope is not None and not scope.modulates_areas:
        raise ValueError(
            f"under scope {type(scope).__name__} an area's learning signals come from losses of "
            "all; leave `when` out and give a schedule, or use scope Local or Adjacent"
        )
    return place
