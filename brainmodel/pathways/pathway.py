"""Pathways: what crosses from one area to another, when, and in which shape.

A pathway carries a signal and changes its shape; it has no synapses. Those on which it ends belong
to the area in which it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from areas.message import Onto
from brainmodel.pathways.adapters import Adapter
from brainmodel.pathways.gain_fields import GainFields
from brainmodel.pathways.presynaptic_inhibition import PresynapticInhibition

Kind = Literal["feedforward", "feedback", "lateral"]
Signal = str
"""What pathways carry: "rate", "prediction", "error", or a state field of the source's cell."""
COMPARED = ("prediction", "error")
"""Signals that an area makes when it compares; all others it makes when its units move."""


@dataclass
class Pathway:
    """One pathway between two areas, from an input to an area, or between area and environment.

    Args:
        source: name of the area, input or environment it comes from.
        target: name of the area or environment it ends in.
        kind: feedforward pathways make up the drive of their target; feedback and lateral ones
            are messages, which enter its prediction and its currents.
        signal: what it carries of its source: "rate", "prediction", "error", or another field of
            its units' state, such as "potential"; unless given, the "error" of an area that
            predicts, else the "rate". An input has no other, an area without a predictor no
            prediction and error. Of an environment "observation", unless given, or "reward".
        delay: in steps; with 0 the signal arrives in the step in which it was sent. Unless given,
            0 for feedforward pathways and 1 for others; those to an environment have 1 or more.
        adapters: what changes the shape of the signal, in order; unless given, found from the two
            shapes (pool, upsample or flatten).
        onto: where in its target a feedback or lateral pathway ends, on its units, its predictor or
            both; both unless given, of an area that does not predict the units.
        kernel: odd width in pixels of the receptive fields of the synapses on which a feedback or
            lateral pathway ends, if it carries maps; 1 unless given.
        gain: what multiplies the signal, behind the adapters, of a pathway from an input.
        read_out: name of an objective of the source whose read-out of the rates it carries, on the
            way to an environment: that by which the objective learns what to do.
        population: whose rates it carries, of a source that has populations; those of all units
            unless given.
        gate: what closes it before its synapses, as another area does; it is open unless given.
    """

    source: str
    target: str
    kind: Kind = "feedforward"
    signal: Signal | None = None
    delay: int | None = None
    adapters: list[Adapter] = field(default_factory=list)
    onto: list[Onto] | None = None
    kernel: int | None = None
    gain: GainFields | None = None
    population: str | None = None
    read_out: str | None = None
    gate: PresynapticInhibition | None = None

    @property
    def carries(self) -> Signal:
        """What it carries; in a brain, whose pathways have it written out."""
        return self.signal or "error"

    @property
    def moved(self) -> bool:
        """Whether what it carries is of the units' state, so that they must have moved."""
        return self.carries not in COMPARED

    @property
    def early(self) -> bool:
        """Whether what it brings is needed before the target's units move: drives and hints are."""
        return self.kind == "feedforward" or "predictor" in (self.onto or ())

    @property
    def heard(self) -> list[str]:
        """Whose doings its message depends on: its source, and the area that gates it."""
        return [self.source] if self.gate is None else [self.source, self.gate.by]

    @property
    def steps(self) -> int:
        """The delay in steps."""
        if self.delay is not None:
            return self.delay
        return 0 if self.kind == "feedforward" else 1


def told(pathway: Pathway, inputs: Mapping[str, Tensor]) -> Tensor | None:
    """The input that tells a pathway's gain; None if it has none."""
    return None if pathway.gain is None else inputs[pathway.gain.by]
