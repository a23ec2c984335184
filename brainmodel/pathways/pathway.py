"""Pathways: what crosses from one area to another, when, and in which shape.

A pathway only routes. The synapses it ends on belong to the area it ends in.
"""

from dataclasses import dataclass, field
from typing import Literal

from brainmodel.pathways.adapters import Adapter

Kind = Literal["feedforward", "feedback", "lateral"]
Signal = Literal["rate", "prediction", "error"]


@dataclass
class Pathway:
    """One pathway.

    Args:
        source: name of the area, or of the input, it comes from.
        target: name of the area it ends in.
        kind: feedforward pathways make up the drive of their target; feedback and lateral ones
            are messages, which take part in its prediction and its currents.
        signal: what it carries of its source; an input has only a "rate".
        delay: in steps; 0 acts in the same step. Unless given, 0 for feedforward, else 1.
        adapters: shape changes in order; unless given, found from the two shapes (pool, upsample
            or flatten).
    """

    source: str
    target: str
    kind: Kind = "feedforward"
    signal: Signal = "error"
    delay: int | None = None
    adapters: list[Adapter] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """The delay in steps."""
        if self.delay is not None:
            return self.delay
        return 0 if self.kind == "feedforward" else 1
