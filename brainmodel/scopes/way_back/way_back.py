"""The contract of a way back: through which weights a learning signal returns over synapses.

Forwards, a source's signal passes the synapses W of the area where it ends. Backwards, the
derivative by their currents passes B: the transpose of W, or other weights of the same shape.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from torch import nn

from areas import Area, Synapses
from areas.keys import of_predictor, of_units
from brainmodel.learning.rule import Gradients
from brainmodel.wiring.wiring import Wiring


class WayBack(nn.Module, ABC):
    """Weights by which learning signals return over pathways."""

    def build(self, brain: Wiring) -> None:
        """Make what weights it has of its own, once."""

    @abstractmethod
    def through(self, brain: Wiring, area: str, key: str) -> Synapses:
        """Synapses whose transpose is the way back.

        Args:
            brain: the brain.
            area: where the synapses end.
            key: of their weights within the area (see `areas.keys`).
        """

    def learn(self, brain: Wiring, found: Gradients) -> None:
        """Add gradients of its own weights to those `found`, by the brain's parameter names."""

    def synapses_of(self, area: str) -> Sequence[nn.Parameter]:
        """Parameters of its own that learn with an area's synapses; by default none."""
        return ()


def passed(area: Area, messages: Sequence[str]) -> Iterator[tuple[str, Synapses]]:
    """All synapses of an area over which a signal may return to other areas, by their key.

    Args:
        area: the area.
        messages: which sources ("drive", or a pathway) come from areas; what they bring also
            passes the synapses from the area's error.
    """
    for source, synapses in area.synapses.items():
        if source in messages or (source == "error" and messages):
            yield of_units(source), synapses
    if area.predictor is not None:
        for source, synapses in area.predictor.synapses.items():
            if source in messages:
                yield of_predictor(source), synapses


def from_areas(brain: Wiring, area: str) -> list[str]:
    """Which sources of an area come from areas, at least in part."""
    arrivals = brain.arrivals(area).items()
    return [
        s for s, names in arrivals if any(brain.pathways[n].source in brain.areas for n in names)
    ]
