"""Backpropagation through time: the exact gradient over a window, the reference for every rule.

    dloss/ds(t-1) = J(t)^T dloss/ds(t) + direct terms,   with J(t) the whole Jacobian of the area:
    own state, recurrent synapses, and the loop through its own prediction error.

Source: Werbos (1990), "Backpropagation through time: what it does and how to do it". The state
before the window is taken as given (truncated BPTT, Williams & Peng 1990): windows that follow each
other without overlap are E-BPTT, the efficient truncated form of Marschall, Cho & Savin (2020); for
the form in which every loss is followed equally far, see `f_bptt`. Future-facing, deterministic,
closed form, exact within the window; time per step O(N^2), memory O(T N).
"""

from areas import Area
from areas.record import Record
from areas.shapes import PerUnit
from brainmodel.learning.credit.reverse_scan import scan_area, zero_carried
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients, synaptic_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class BPTT(Rule):
    """Backpropagation through time within the area and the window."""

    criteria = Criteria(
        "future", "c_i", stochastic=False, closed_form=True, time="N^2", memory="T N"
    )
    keeps_apart = True
    exact = True

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        return backpropagate(area, record, signal)[0]


def backpropagate(
    area: Area, record: Record, signal: LearningSignal
) -> tuple[Gradients, dict[str, PerUnit]]:
    """Gradients of a window, its first state taken as given, and derivatives by that state.

    Args:
        area: the area.
        record: what happened over the window.
        signal: derivatives of the loss by what happened.

    Returns:
        gradients by key; derivatives by the state before the window, by field.
    """
    rate_bar, before, potential_bar = unit_signals(area, record, signal)
    if "error" in area.afferents:
        potential_bar = potential_bar.clone()
    carried_bar = zero_carried(area, record)
    currents_bar = scan_area(area, record, rate_bar, before, carried_bar, potential_bar)
    found = synaptic_gradients(area, record, currents_bar)
    found |= predictor_gradients(area, record, potential_bar)
    state_bar = dict(zip(area.cell.carried, carried_bar, strict=True))
    state_bar["rate"] = before + state_bar["rate"] if "rate" in state_bar else before
    return found, state_bar
