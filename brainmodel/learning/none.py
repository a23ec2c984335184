"""No learning of the synapses onto units: a reservoir whose read-out, the predictor, learns."""

from areas import Area
from areas.keys import belongs_to_predictor
from areas.record import Record
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class NoLearning(Rule):
    """Synapses onto the units stay as they are; the predictor learns from its own error."""

    criteria = Criteria("past", "none", stochastic=False, closed_form=True, time="0", memory="0")
    keeps_apart = True

    def plastic(self, key: str) -> bool:
        """Only the predictor learns."""
        return belongs_to_predictor(key)

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        return predictor_gradients(area, record, unit_signals(area, record, signal)[2])

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
