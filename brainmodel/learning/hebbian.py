"""A three-factor Hebbian rule: presynaptic times postsynaptic activity times ONE modulator.

    gradient_ij = sum_t g(t) h_i(t) source_j(t),       g(t) = mean_i L_i(t) h_i(t)

The third factor g is the same at all synapses of an area, stream by stream. It is the learning
signal L projected onto the activity h of the population: the change of the loss if every unit did
more of what it does, which is all of L that one diffusing modulator can carry. Where more activity
would help (g < 0), synapses between active partners grow, else they shrink. All currents of a unit
learn alike, for the rule knows nothing of gates, slopes or the past: it is a lower baseline.

Source: the general form of three-factor rules (modulator x post x pre) of Fremaux & Gerstner
(2016), "Neuromodulated spike-timing-dependent plasticity, and theory of three-factor learning
rules", Frontiers in Neural Circuits 9:85; without an eligibility trace, for here the modulator
comes in time. That the modulator is this projection is our own choice. Past-facing, deterministic,
closed form. Time per step O(N M), memory O(B (N + M)): the last step of a window, whose learning
signal is complete one step late.
"""

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas import Area
from areas.record import Record
from areas.shapes import PerUnitSteps
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients, synaptic_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class Hebbian(Rule):
    """Presynaptic x postsynaptic x modulator.

    Scope `Global`, which differentiates, has the derivative through the unit's own state instead.
    """

    criteria = Criteria(
        "past", "none", stochastic=False, closed_form=True, time="N M", memory="N + M"
    )

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        found = three_factors(area, record, rate_bar)
        if memory is not None:
            for name, gradient in three_factors(area, memory, before[None]).items():
                found[name] = found[name] + gradient
        return found | predictor_gradients(area, record, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """The window's last step."""
        steps = record.currents.shape[0]
        return tree_map_only(Tensor, torch.clone, record.stretch(steps - 1, steps))

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


def three_factors(area: Area, record: Record, rate_bar: PerUnitSteps) -> Gradients:
    """Gradients of synapses and bias from the learning signal of the rates.

    Args:
        area: the area.
        record: what happened over some steps.
        rate_bar: learning signal of the rates.
    """
    rate = record.fields["rate"][1:]
    modulator = (rate_bar * rate).flatten(2).mean(2)
    post = rate * modulator.view(*modulator.shape, *[1] * len(area.units))
    return synaptic_gradients(area, record, torch.cat([post] * len(area.cell.currents), 2))
