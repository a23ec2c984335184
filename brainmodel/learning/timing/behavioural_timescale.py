"""Behavioural-timescale plasticity: a plateau changes what came seconds before or after.

    change_ij = eta sum_t M(t) [ ( W - w_ij ) k+ q+( e_j(t) s_i(t) ) - w_ij k- q-( e_j(t) s_i(t) ) ]
    e_j(t) = l_e e_j(t-1) + (1 - l_e) x_j(t)        eligibility of the synapse
    s_i(t) = l_s s_i(t-1) + (1 - l_s) b_i(t)        instructive signal of the unit
    q(y)   = [ f(y) - f(0) ] / [ f(1) - f(0) ],     f(y) = sigma( beta ( y - alpha ) )
    l      = exp( -1 / tau ),  tau in steps

b is the plateau of the apical dendrite (`areas.Pyramidal`), x what comes to the synapse; e s is
kept from 0 to 1, for which x is to be. Both last for seconds, so one plateau teaches what came
before it, and what comes after. Weak synapses grow, strong ones shrink: each goes to

    w* = W k+ q+ / ( k+ q+ + k- q- )

where little overlap depresses and much potentiates, for k- q- rises and is full before k+ q+ is.
The gradients given are minus the change over eta, as means over steps and streams. Weights are
those of the window; traces are a stream's own and begin at 0.

Synapses onto the apical dendrite, and biases, stay as they are. The area's predictor learns from
its error as with every rule; no other derivative of a loss enters.

Source: Milstein, Li, Bittner, Grienberger, Soltesz, Magee & Romani (2021), "Bidirectional synaptic
plasticity rapidly modifies hippocampal representations", eLife 10:e73046, the weight-dependent
model of its Methods. There traces are scaled by their largest values; here by their gains.
Past-facing, deterministic, closed form. Time per step O(B N M), memory O(B (N + M)).
"""

from dataclasses import dataclass
from math import exp
from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area, Pyramidal
from areas.keys import BIAS, of_units
from areas.record import Record
from areas.shapes import Anything, PerUnit, PerUnitSteps, SignalSteps, SynapticWeight
from brainmodel.learning.burst_dependent import leaky_sum
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule, need_dense


@dataclass(frozen=True)
class Overlap:
    """How much one direction of change makes of eligibility times instructive signal.

    Args:
        rate: k, 0 or more.
        middle: alpha, the overlap at which it rises most.
        slope: beta, above 0.

    Raises:
        ValueError: for a number out of its range.
    """

    rate: float
    middle: float
    slope: float

    def __post_init__(self) -> None:
        """Refuse numbers out of their range."""
        if not 0 <= self.rate < float("inf"):
            raise ValueError(f"rule: need an Overlap.rate of 0 or more, got {self.rate}")
        if not -float("inf") < self.middle < float("inf"):
            raise ValueError(f"rule: need a number for Overlap.middle, got {self.middle}")
        if not 0 < self.slope < float("inf"):
            raise ValueError(f"rule: need an Overlap.slope above 0, got {self.slope}")

    def of(self, product: Anything) -> Anything:
        """k q of e s, kept from 0 to 1."""
        ends = product.new_zeros(()), product.new_ones(())  # made there, not brought from here
        low, high = (torch.sigmoid(self.slope * (end - self.middle)) for end in ends)
        now = torch.sigmoid(self.slope * (product.clamp(0.0, 1.0) - self.middle))
        return self.rate * (now - low) / (high - low)


class Lasting(NamedTuple):
    """Traces after a step."""

    eligible: dict[str, Tensor]  # e by source, [batch, source]
    instructive: PerUnit  # s


class BehaviouralTimescale(Rule):
    """Plateaus teach the basal synapses of pyramidal units what came within seconds.

    Scope `Global`, which differentiates, has the derivative through the unit's own state instead.

    Args:
        tau_eligibility: time constant of e in steps, above 0; about 1.5 s.
        tau_instruction: that of s; about 0.5 s.
        largest: W, above 0, the weight that full overlap comes near.
        potentiation: k+ q+.
        depression: k- q-.

    Raises:
        ValueError: for a number out of its range; in `build`, for cells without plateaus, and for
            maps.
    """

    criteria = Criteria(
        "past", "x_j, p_i", stochastic=False, closed_form=True, time="N M", memory="N + M"
    )

    def __init__(
        self,
        tau_eligibility: float = 45.0,
        tau_instruction: float = 15.0,
        largest: float = 1.0,
        potentiation: Overlap | None = None,
        depression: Overlap | None = None,
    ):
        super().__init__()
        times = {"tau_eligibility": tau_eligibility, "tau_instruction": tau_instruction}
        for name, tau in times.items():
            if not 0 < tau < float("inf"):
                raise ValueError(f"rule.{name}: need more than 0 steps, got {tau}")
        if not 0 < largest < float("inf"):
            raise ValueError(f"rule.largest: need a weight above 0, got {largest}")
        self.eligible, self.instructive = (exp(-1.0 / tau) for tau in times.values())
        self.largest = largest
        self.potentiation = potentiation or Overlap(1.0, 0.4, 10.0)
        self.depression = depression or Overlap(0.5, 0.05, 40.0)
        self.resting: set[str] = {of_units(BIAS)}

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        if not isinstance(area.cell, Pyramidal):
            raise ValueError(
                "rule BehaviouralTimescale: needs a cell with plateaus, Pyramidal, got "
                f"{type(area.cell).__name__}; use Hebbian"
            )
        need_dense(self, area, "BurstDependent")
        above = {of_units(name) for name in area.synapses if area.cell.on_apical(name)}
        self.resting = self.resting | above

    def plastic(self, key: str) -> bool:
        """See `Rule.plastic`; synapses onto the apical dendrite, and biases, are not."""
        return key not in self.resting

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        _, _, potential_bar = unit_signals(area, record, signal)
        eligible, instructive = self._course(area, record, memory)
        level = modulated(torch.ones_like(instructive), signal.level)
        found = {}
        for name, trace in eligible.items():
            weight = area.synapses[name].weight.detach()
            total = torch.zeros_like(weight)
            for e, s, much in zip(trace, instructive, level, strict=True):
                total += self.change(weight, e[:, None, :] * s[:, :, None], much[:, :, None])
            found[of_units(name)] = total / -(trace.shape[0] * trace.shape[1])
        return found | predictor_gradients(area, record, potential_bar)

    def change(self, weight: SynapticWeight, product: Tensor, level: Tensor) -> SynapticWeight:
        """What a step makes of synapses, over eta, of all streams.

        Args:
            weight: w, [unit, source].
            product: e s, [batch, unit, source].
            level: M, [batch, unit, 1].
        """
        grow = (self.largest - weight) * self.potentiation.of(product)
        return (level * (grow - weight * self.depression.of(product))).sum(0)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; traces after the window."""
        eligible, instructive = self._course(area, record, memory)
        ends = {name: trace[-1].clone() for name, trace in eligible.items()}
        return Lasting(ends, instructive[-1].clone())

    def _course(
        self, area: Area, record: Record, memory: Lasting | None
    ) -> tuple[dict[str, SignalSteps], PerUnitSteps]:
        """e by source, and s, at each step."""
        before = None if memory is None else memory.instructive
        plateau = (1.0 - self.instructive) * record.fields["plateau"][1:]
        instructive = leaky_sum(plateau, before, self.instructive, record.keep)
        eligible = {}
        for name in area.synapses:
            if of_units(name) not in self.resting:
                came = (1.0 - self.eligible) * record.source(name)
                old = None if memory is None else memory.eligible[name]
                eligible[name] = leaky_sum(came, old, self.eligible, record.keep)
        return eligible, instructive

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
