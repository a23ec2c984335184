"""Burst-dependent plasticity: a synapse grows where events come in bursts more often than usual.

    change_ij = eta sum_t ( B_i(t) - P_i(t) E_i(t) ) X_j(t)
    P_i(t)    = <B_i>(t) / <E_i>(t)                                    the usual burst probability
    <E>(t)    = a <E>(t-1) + (1 - a) E(t),   <B> likewise              a = exp( -1 / tau_average )
    X_j(t)    = l X_j(t-1) + x_j(t)                                    l = exp( -1 / tau_trace )

E is the rate of the unit's events, B that of its bursts (`areas.Pyramidal`), x what comes to the
synapse: of a unit of the same area the rate of its events one step ago, of all other sources their
signal as it arrives. Apical input makes events into bursts, so what higher areas send tells basal
synapses what to do: it is the learning signal, and no derivative of a loss reaches the units. The
gradients given are minus the change over eta, as means over steps and streams. Averages and traces
are a stream's own and begin at 0, so that P is the burst probability of all events so far, the
later ones counting more; where there were none, nothing changes.

Synapses onto the apical dendrite stay as they are, and so does its bias. The area's predictor
learns from its error as with every rule.

Source: Payeur, Guerguiev, Zenke, Richards & Naud (2021), "Burst-dependent synaptic plasticity can
coordinate learning in hierarchical circuits", Nature Neuroscience 24:1010,
doi:10.1038/s41593-021-00857-x, eq. 1, with the averages of its Methods. Past-facing, deterministic,
closed form. Time per step O(N M), memory O(B (N + M)).
"""

from math import exp
from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area, Pyramidal
from areas.keys import BIAS, of_units
from areas.record import Record, flat
from areas.shapes import PerStreamSteps, PerUnit, PerUnitSteps, SignalSteps
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class Usual(NamedTuple):
    """Averages and traces after a step."""

    events: PerUnit  # <E>
    bursts: PerUnit  # <B>
    traces: dict[str, Tensor]  # X by source, [batch, ...]


class BurstDependent(Rule):
    """Bursts beyond the usual x presynaptic trace, at the synapses of pyramidal units.

    Scope `Global`, which differentiates, has the derivative through the unit's own state instead.

    Args:
        tau_trace: time constant of the presynaptic trace in steps, 0 or more; 0 for none.
        tau_average: that of the usual burst probability, above 0.

    Raises:
        ValueError: for a time constant out of its range; in `build`, for cells without bursts.
    """

    criteria = Criteria(
        "past", "x_j, p_i", stochastic=False, closed_form=True, time="N M", memory="N + M"
    )
    keeps_apart = True

    def __init__(self, tau_trace: float = 1.0, tau_average: float = 50.0):
        super().__init__()
        if not 0 <= tau_trace < float("inf"):
            raise ValueError(f"rule.tau_trace: need 0 steps or more, got {tau_trace}")
        if not 0 < tau_average < float("inf"):
            raise ValueError(f"rule.tau_average: need more than 0 steps, got {tau_average}")
        self.trace = exp(-1.0 / tau_trace) if tau_trace > 0 else 0.0
        self.average = exp(-1.0 / tau_average)
        self.resting: set[str] = set()

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        cell = _bursting(area)
        self.resting = {of_units(name) for name in area.synapses if cell.on_apical(name)}

    def plastic(self, key: str) -> bool:
        """See `Rule.plastic`; synapses onto the apical dendrite are not."""
        return key not in self.resting

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, _, potential_bar = unit_signals(area, record, signal)
        events, bursts, traces = self._course(area, record, memory)
        surplus = surprise(*_events(area, record), events, bursts)
        post = modulated(surplus, signal.level) / -(rate_bar.shape[0] * rate_bar.shape[1])
        basal = flat(post).transpose(0, 1).flatten(1).sum(1)
        found = {of_units(BIAS): torch.cat([basal, torch.zeros_like(basal)])}
        for name, trace in traces.items():
            found[of_units(name)] = area.synapses[name].gradient(flat(trace), flat(post))
        return found | predictor_gradients(area, record, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; averages and traces after the window."""
        events, bursts, traces = self._course(area, record, memory)
        ends = {name: trace[-1].clone() for name, trace in traces.items()}
        return Usual(events[-1].clone(), bursts[-1].clone(), ends)

    def _course(
        self, area: Area, record: Record, memory: Usual | None
    ) -> tuple[PerUnitSteps, PerUnitSteps, dict[str, SignalSteps]]:
        """<E>, <B> and the traces of basal sources at each step of a window."""
        cell, share = _bursting(area), 1.0 - self.average
        befores = (None, None) if memory is None else (memory.events, memory.bursts)
        events, bursts = (
            leaky_sum(share * now, before, self.average, record.keep)
            for now, before in zip(_events(area, record), befores, strict=True)
        )
        traces = {}
        for name in area.synapses:
            if not cell.on_apical(name):
                signal = record.source(name)
                if name == "recurrent":
                    signal = cell.events(signal, record.before("plateau"))
                before = None if memory is None else memory.traces[name]
                traces[name] = leaky_sum(signal, before, self.trace, record.keep)
        return events, bursts, traces

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


def surprise(
    events: PerUnitSteps,
    bursts: PerUnitSteps,
    usual_events: PerUnitSteps,
    usual_bursts: PerUnitSteps,
) -> PerUnitSteps:
    """B - P E from E, B, <E> and <B>; 0 where there were no events yet."""
    tiny = torch.finfo(events.dtype).tiny
    return bursts - usual_bursts / usual_events.clamp_min(tiny) * events


def leaky_sum(
    signal: SignalSteps, before: Tensor | None, decay: float, keep: PerStreamSteps | None
) -> SignalSteps:
    """y(t) = decay y(t-1) + x(t), where y begins anew with the stream.

    Args:
        signal: x.
        before: y before the first step, [batch, ...]; zeros unless given.
        decay: what remains of y one step later.
        keep: of the record.
    """
    total = signal.clone(memory_format=torch.contiguous_format)
    for t in range(total.shape[0]):
        past = total[t - 1] if t > 0 else before
        if past is not None:
            held = past if keep is None else past * keep[t].view(-1, *[1] * (past.dim() - 1))
            total[t].add_(held, alpha=decay)
    return total


def _bursting(area: Area) -> Pyramidal:
    """The cell of an area, if its units have bursts."""
    if not isinstance(area.cell, Pyramidal):
        raise ValueError(
            f"rule BurstDependent: needs a cell with bursts, Pyramidal, got "
            f"{type(area.cell).__name__}; use Hebbian"
        )
    return area.cell


def _events(area: Area, record: Record) -> tuple[PerUnitSteps, PerUnitSteps]:
    """E and B at each step."""
    plateau = record.fields["plateau"][1:]
    events = _bursting(area).events(record.fields["rate"][1:], plateau)
    return events, events * plateau
