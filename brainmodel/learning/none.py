"""No learning of the recurrence: a reservoir whose read-out, the predictor, still learns."""

from areas import Area
from brainmodel.learning.rule import (
    Gradients,
    Memory,
    Record,
    Rule,
    Signal,
    predictive,
    spread,
)


class NoLearning(Rule):
    """Synapses onto the units stay as they are; the predictor follows its own error."""

    def plastic(self, name: str) -> bool:
        """Only the predictor learns."""
        return name.startswith("predictor.")

    def gradients(self, area: Area, record: Record, signal: Signal, memory: Memory) -> Gradients:
        """See `Rule.gradients`."""
        return predictive(area, record, spread(area, record, signal)[2])

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
