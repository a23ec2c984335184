"""Backpropagation through time: the exact gradient over a window, the reference for every rule.

    dloss/ds(t-1) = J(t)^T dloss/ds(t) + direct terms,   with J(t) the whole Jacobian of the area:
    own state, recurrent synapses, and the loop through its own prediction error.

Source: Werbos (1990), "Backpropagation through time: what it does and how to do it". The state
before the window is taken as given (truncated BPTT, Williams & Peng 1990): windows that follow each
other without overlap are E-BPTT, the efficient truncated form of Marschall, Cho & Savin (2020); for
the form in which every loss is followed equally far, see `f_bptt`. Future-facing, deterministic,
closed form, exact within the window; time per step O(N^2), memory O(T N).
"""

import torch
from torch import Tensor

from areas import Area
from areas.record import Record, interrupt, stretches
from brainmodel.learning.credit.reverse_scan import zero_carried
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients, synaptic_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class BPTT(Rule):
    """Backpropagation through time within the area and the window."""

    criteria = Criteria(
        "future", "c_i", stochastic=False, closed_form=True, time="N^2", memory="T N"
    )
    exact = True

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        return backpropagate(area, record, signal)[0]


def backpropagate(
    area: Area, record: Record, signal: LearningSignal
) -> tuple[Gradients, dict[str, Tensor]]:
    """Gradients of a window, its first state taken as given, and what the loss says of that state.

    Args:
        area: the area.
        record: what happened over the window.
        signal: what the loss says of it.

    Returns:
        gradients by name; derivatives by the state before the window, [batch, *units] by field.
    """
    rate_bar, before, potential_bar = unit_signals(area, record, signal)
    if "error" in area.afferents:
        potential_bar = potential_bar.clone()
    carried_bar = zero_carried(area, record)
    currents_bar = scan_area(area, record, rate_bar, before, carried_bar, potential_bar)
    found = synaptic_gradients(area, record, currents_bar) | predictor_gradients(
        area, record, potential_bar
    )
    state_bar = dict(zip(area.cell.carried, carried_bar, strict=True))
    state_bar["rate"] = before + state_bar["rate"] if "rate" in state_bar else before
    return found, state_bar


def scan_area(
    area: Area,
    record: Record,
    rate_bar: Tensor,
    before: Tensor,
    carried_bar: list[Tensor],
    potential_bar: Tensor,
) -> Tensor:
    """Reverse scan through states and synapses, from the last step to the first.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates, [time, batch, *units]; completed in place with what
            later steps say.
        before: likewise of the rate before the window, [batch, *units].
        carried_bar: derivatives by the carried fields after the last step; overwritten with those
            before the first step, without what `before` says.
        potential_bar: derivative by the predictor's potential, [time, batch, *drive]; where the
            area feels its prediction error, completed in place with what its units say of it.

    Returns:
        derivative by the currents, [time, batch, current * unit, ...].
    """
    befores = [record.before(name) for name in area.cell.carried]
    reverse = area.dynamics.reverse(record.currents, befores, rate_bar, carried_bar)
    currents_bar = reverse.currents_bar
    reached = area.reached("recurrent")
    breaks = interrupt(record)
    cell = area.cell  # its synapses carry the rate, or one of its carried fields
    spikes = None if cell.emitted == "rate" else cell.carried.index(cell.emitted)
    for first, stop in reversed(stretches(breaks)):
        if "error" not in area.afferents:  # but for the first, nothing comes between the steps
            reverse.run(first + 1, stop, area.recurrence)
            stop = first + 1
        for t in reversed(range(first, stop)):
            reverse.step(t)
            said = rate_bar[t - 1] if t > 0 else before
            earlier = torch.zeros_like(said) if breaks[t] else said
            emitted = earlier if spikes is None else carried_bar[spikes]
            area.synapses["recurrent"].add_transpose(currents_bar[t][:, reached], emitted)
            if "error" in area.afferents:
                _loop(area, record, t, currents_bar[t], earlier, potential_bar[t])
            if record.keep is not None and breaks[t]:
                keep = record.keep[t].view(-1, *[1] * (earlier.dim() - 1))
                for bar in carried_bar:
                    bar.mul_(keep)
                said.addcmul_(earlier, keep)
    return currents_bar


def _loop(
    area: Area, record: Record, t: int, currents_bar: Tensor, earlier: Tensor, potential_bar: Tensor
) -> None:
    """The way through the area's own prediction error, h(t-1) -> u_hat(t) -> e(t) -> currents."""
    assert area.predictor is not None  # an area cannot feel an error without one
    felt = currents_bar[:, area.reached("error")]
    error_bar = area.synapses["error"].transpose(felt)
    share = area.predictor.slope(record.potential[t], error_bar)
    potential_bar.sub_(share)
    earlier.sub_(area.predictor.back(share))
