"""Blockade: one kind of signal does not arrive, errors or feedback, and all others do."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.lesion import Lesion
from brainmodel.perturbation.period import Period
from brainmodel.perturbation.perturbation import Carried, Perturbation
from brainmodel.perturbation.silence import Silence
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring

ALL = "all"


class Blockade(Perturbation):
    """Prediction errors, or feedback, kept from where they are heard.

    Errors are those that pathways carry, and those of an area's own that reach its units
    (`afferents: [error]`). Feedback is what pathways of this kind carry. Neither the prediction nor
    the loss of an area changes: it goes on learning from its errors, unless that is frozen.

    Args:
        signal: what is blocked.
        what: areas that do not hear it; all unless given.
        when: at which steps of the streams; at all unless given. Errors of an area's own are
            blocked for whole windows only.
        schedule: how strong it is over the steps of the optimizer; always 1 unless given.

    Raises:
        ValueError: in `build`, if there is no such area or no such signal, or one is to be blocked
            for a time that can be for whole windows only.
    """

    def __init__(
        self,
        signal: Literal["error", "feedback"],
        what: str | Sequence[str] = ALL,
        when: Period | None = None,
        schedule: Schedule | None = None,
    ):
        super().__init__(what, when, schedule)
        if signal not in ("error", "feedback"):
            raise ValueError(f"signal: need error or feedback, got {signal!r}")
        self.signal = signal
        self.arriving: Silence | None = None
        self.own: Lesion | None = None

    def build(self, brain: Wiring) -> None:
        """See `Perturbation.build`."""
        areas = list(brain.areas) if self.what == [ALL] else self.what
        for name in areas:
            if name not in brain.areas:
                there = ", ".join(brain.areas)
                raise ValueError(f"what: there is no area {name!r}; there are {there}, or {ALL}")
        ways = {name: way for name, way in brain.pathways.items() if way.target in areas}
        if self.signal == "error":
            ways = {name: way for name, way in ways.items() if way.carries == "error"}
            felt = [name for name in areas if "error" in brain.area(name).synapses]
        else:
            ways, felt = {name: way for name, way in ways.items() if way.kind == "feedback"}, []
        if felt and self.when is not None:
            raise ValueError(
                f"when: units of {', '.join(felt)} hear errors of their own, which are blocked for "
                "whole windows only; leave it out and give a schedule, or name other areas"
            )
        if not ways and not felt:
            raise ValueError(f"signal: no {self.signal} arrives at {', '.join(areas)}")
        self.arriving = Silence(list(ways)) if ways else None
        self.own = Lesion([f"{name}.error" for name in felt]) if felt else None
        for part in (self.arriving, self.own):
            if part is not None:
                part.build(brain)

    def act(self, moment: Moment, outcome: Effects, carried: Carried) -> Carried:
        """See `Perturbation.act`."""
        if self.arriving is not None:
            self.arriving.act(moment, outcome, None)
        return carried

    def weights(self, brain: Wiring, strength: float) -> dict[str, Tensor]:
        """See `Perturbation.weights`."""
        return {} if self.own is None else self.own.weights(brain, strength)
