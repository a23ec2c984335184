"""e-prop in its general form: credit through the unit's own state only, for any cell.

    gradient = sum_t L(t) e(t),    e(t) = dh(t)/dc(t-1) e_c(t-1) + dh(t)/dcurrent(t) (x) source(t)
    e_c(t)   = dc(t)/dc(t-1) e_c(t-1) + dc(t)/dcurrent(t) (x) source(t)

with c what the cell carries from step to step, L(t) the learning signal of the unit.

Source: Bellec et al. (2020), "A solution to the learning dilemma for recurrent networks of spiking
neurons", Nature Communications 11:3625, eqs. 1-5; exact where recurrent synapses do not matter.
Past-facing, deterministic, closed form. Time per step O(N M); memory O(B N M) for the carried
traces of a dense area, independent of the length of the stream.
"""

from areas import Area
from areas.record import Record
from areas.shapes import PerUnit
from brainmodel.learning.credit.eligibility_traces import carry_traces, traces_size
from brainmodel.learning.credit.reused_memory import ReusedMemory
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.credit.trace_gradients import gradients_of_state, trace_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class EProp(Rule):
    """e-prop, in window form.

    Args:
        carry: whether traces outlive the window, for streams that continue; else each window is a
            sequence of its own and nothing is remembered.
    """

    criteria = Criteria(
        "past", "e_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )
    keeps_apart = True

    def __init__(self, carry: bool = True):
        super().__init__()
        self.carry = carry
        self.reused = ReusedMemory()

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        found = trace_gradients(area, record, rate_bar, before, memory)
        return found | predictor_gradients(area, record, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; traces of dense areas, the last step of maps."""
        return carry_traces(area, record, memory, self.reused) if self.carry else None

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        return traces_size(area) if self.carry else 0

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        return gradients_of_state(area, state_bar, memory)

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
