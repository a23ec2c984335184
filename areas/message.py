"""A message: what a feedback or lateral pathway brings to an area, and where in it that ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Onto = Literal["units", "predictor"]
"""Where synapses end: on the area's units, or on its prediction."""


@dataclass(frozen=True)
class Message:
    """What is known of a message before it comes.

    Args:
        shape: [unit], or [channel, height, width] of maps.
        onto: where its synapses end, once or twice; of an area that does not predict, the units.
        kernel: odd width of the receptive fields of these synapses on maps, in pixels.
    """

    shape: Sequence[int]
    onto: Sequence[Onto] = ("units", "predictor")
    kernel: int = 1

    @classmethod
    def of(cls, given: "Message | Sequence[int]") -> "Message":
        """A message; of a shape alone, one that ends everywhere with fields of one pixel."""
        return given if isinstance(given, Message) else cls(tuple(given))
