"""Spike-timing-dependent plasticity, of pairs of spikes and of triplets, times a modulator.

    change_ij = eta sum_t M(t) [   z_i(t) r_j(t) ( A+ + B+ o'_i(t) )
                                 - s_j(t) o_i(t) ( A- + B- r'_j(t) ) ]

z are the unit's spikes, s what comes to the synapse, spikes of the same area one step after they
were sent. Within a step what comes is first, and a spike may be its doing. Traces count spikes, the
older ones less, by exp( -1 / tau ) a step: r (tau_plus) those that came up to now; r' (tau_pre)
those that came before; o (tau_minus) and o' (tau_post) those that the unit sent before. So a pair
of one spike that comes and one that is sent d steps later changes the synapse by

    A+ exp( -d / tau_plus )   from d = 0 on,     -A- exp( d / tau_minus )   before

which is the window that Bi & Poo (1998), doi:10.1523/JNEUROSCI.18-24-10464.1998, measured, all
pairs added up, as Song, Miller & Abbott (2000), doi:10.1038/78829, wrote it. With B+ and B- it is
the triplet rule of Pfister & Gerstner (2006), doi:10.1523/JNEUROSCI.1425-06.2006, eqs. 1-4, in
which the change grows with the frequency of pairs. The signals of other sources than spiking units
may be any numbers. The gradients given are minus the change over eta, as means over steps and
streams.

Biases rest. The area's predictor learns from its error as with every rule; no other derivative of a
loss enters. Past-facing, deterministic, closed form. Time per step O(N M), memory O(B (N + M)).
"""

from dataclasses import dataclass
from math import exp
from typing import NamedTuple

from torch import Tensor

from areas import Area, Populations
from areas.keys import BIAS, of_units
from areas.record import Record, flat
from areas.shapes import PerUnit, PerUnitSteps, SignalSteps
from brainmodel.learning.burst_dependent import leaky_sum
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


@dataclass(frozen=True)
class Triplets:
    """What a second spike on one side adds to a pair.

    Args:
        potentiation: B+, 0 or more.
        depression: B-, 0 or more.
        tau_pre: time constant of r', spikes that came before, in steps, above 0.
        tau_post: that of o', spikes that were sent before.

    Raises:
        ValueError: for a number out of its range.
    """

    potentiation: float = 6.2e-3
    depression: float = 2.3e-4
    tau_pre: float = 101.0
    tau_post: float = 125.0

    def __post_init__(self) -> None:
        """Refuse numbers out of their range."""
        _require("rule.triplets.", self.potentiation, self.depression)
        for name in ("tau_pre", "tau_post"):
            _require_time(f"rule.triplets.{name}", getattr(self, name))


class SpikeTraces(NamedTuple):
    """Traces after a step."""

    came: dict[str, Tensor]  # r by source, [batch, ...]
    earlier: dict[str, Tensor]  # likewise, of tau_pre
    sent: PerUnit  # of tau_minus
    sooner: PerUnit  # of tau_post


class SpikeTiming(Rule):
    """Spikes that follow what came let a synapse grow; what comes after spikes lets it shrink.

    Scope `Global`, which differentiates, has the derivative through the unit's own state instead.

    Args:
        potentiation: A+, 0 or more.
        depression: A-, 0 or more.
        tau_plus: time constant of r in steps, above 0.
        tau_minus: that of o.
        triplets: what a third spike adds; nothing unless given.

    Raises:
        ValueError: for a number out of its range; in `build`, for units without spikes.
    """

    criteria = Criteria(
        "past", "x_j, p_i", stochastic=False, closed_form=True, time="N M", memory="N + M"
    )
    keeps_apart = True

    def __init__(
        self,
        potentiation: float = 0.01,
        depression: float = 0.0105,
        tau_plus: float = 20.0,
        tau_minus: float = 20.0,
        triplets: Triplets | None = None,
    ):
        super().__init__()
        _require("rule.", potentiation, depression)
        for name, tau in {"tau_plus": tau_plus, "tau_minus": tau_minus}.items():
            _require_time(f"rule.{name}", tau)
        self.potentiation, self.depression = potentiation, depression
        self.triplets = triplets or Triplets(0.0, 0.0)
        times = (tau_plus, tau_minus, self.triplets.tau_pre, self.triplets.tau_post)
        self.plus, self.minus, self.pre, self.post = (exp(-1.0 / tau) for tau in times)

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        cells = [area.cell]
        if isinstance(area.cell, Populations):
            cells = [population.cell for population in area.cell.of.values()]
        for cell in cells:
            if cell.emitted != "spike":
                raise ValueError(
                    "rule SpikeTiming: needs units that spike, such as areas.LIF, got "
                    f"{type(cell).__name__}; use Hebbian"
                )

    def plastic(self, key: str) -> bool:
        """See `Rule.plastic`; biases are not."""
        return key != of_units(BIAS)

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        _, _, potential_bar = unit_signals(area, record, signal)
        spikes, found = record.fields["spike"][1:], {}
        came, earlier, sent, sooner = self._course(area, record, memory)
        three, size = self.triplets, spikes.shape[0] * spikes.shape[1]
        grow = spikes * (self.potentiation + three.potentiation * (sooner - spikes))
        grow, shrink = (modulated(part, signal.level) / size for part in (grow, sent - spikes))
        for name, synapses in area.synapses.items():
            now = record.source(name)
            past = now * (self.depression + three.depression * (earlier[name] - now))
            lost = synapses.gradient(flat(past), flat(shrink))
            found[of_units(name)] = lost - synapses.gradient(flat(came[name]), flat(grow))
        return found | predictor_gradients(area, record, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; traces after the window."""
        came, earlier, sent, sooner = self._course(area, record, memory)
        return SpikeTraces(_last(came), _last(earlier), sent[-1].clone(), sooner[-1].clone())

    def _course(
        self, area: Area, record: Record, memory: SpikeTraces | None
    ) -> tuple[dict[str, SignalSteps], dict[str, SignalSteps], PerUnitSteps, PerUnitSteps]:
        """All traces at each step, what happens at it included."""
        spikes, keep = record.fields["spike"][1:], record.keep
        sent, sooner = (None, None) if memory is None else (memory.sent, memory.sooner)
        came, earlier = {}, {}
        for name in area.synapses:
            now, old = record.source(name), None if memory is None else memory.came[name]
            came[name] = leaky_sum(now, old, self.plus, keep)
            older = None if memory is None else memory.earlier[name]
            earlier[name] = leaky_sum(now, older, self.pre, keep)
        return (
            came,
            earlier,
            leaky_sum(spikes, sent, self.minus, keep),
            leaky_sum(spikes, sooner, self.post, keep),
        )

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


def _last(traces: dict[str, SignalSteps]) -> dict[str, Tensor]:
    return {name: trace[-1].clone() for name, trace in traces.items()}


def _require(place: str, potentiation: float, depression: float) -> None:
    for name, value in {"potentiation": potentiation, "depression": depression}.items():
        if not 0 <= value < float("inf"):
            raise ValueError(f"{place}{name}: need 0 or more, got {value}")


def _require_time(place: str, tau: float) -> None:
    if not 0 < tau < float("inf"):
        raise ValueError(f"{place}: need more than 0 steps, got {tau}")
