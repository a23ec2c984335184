"""The gated cortical microcircuit rule, for subLSTM areas.

    e_c(t) = hold f(t) e_c(t-1) + w(t) dc(t)/dcurrent(t) (x) source(t)     w = 1 - write i(t)
    e(t)   = r(t) ( sigma'(c(t)) e_c(t) - o'(t) (x) source(t) )            r = 1 - read o(t)
    A(t)   = own B dloss/dpotential(t+1) + gain/n_m sum_m B_m m(t)         apical
    L(t)   = dloss/dh(t) + D(t) A(t)                     D = 1 - dendrite mean_j o_j(t)
    gradient = sum_t L(t) e(t)

The eligibility of a synapse decays by the circuit's own forget gate f; it is written where the
inhibition i of the input lets it, and read where the inhibition o of the output does. The learning
signal arrives on the apical dendrites: the area's own prediction error, and those of higher areas
on feedback pathways, m(t), by fixed random weights B_m [unit, message], n_m the number of a
message's values. The mean inhibition of an area (at each place of a map) closes its dendrites;
disinhibition D opens them. A neuromodulator multiplies L(t) as it does for every rule.

`docs/gated_microcircuit.md` derives what this approximates, and what it leaves out.

Our own synthesis of Costa et al. (2017), arXiv:1711.02448 (the circuit), Bellec et al. (2020)
(the trace) and Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901 (apical error by fixed
random feedback). Past-facing, deterministic, closed form; costs as e-prop.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas import Area, SubLSTM
from areas.record import Record, flat
from areas.shapes import PerCurrentSteps, PerUnit, PerUnitSteps
from areas.synapses import connect
from brainmodel.learning.credit.eligibility_traces import Scan, carry_traces, traces_size
from brainmodel.learning.credit.reused_memory import ReusedMemory
from brainmodel.learning.credit.reverse_scan import scan_units
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.credit.trace_gradients import gradients_of_state, trace_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


@dataclass(frozen=True)
class Gates:
    """How far the circuit's gates reach into learning, each from 0 to 1; by default as in e-prop.

    Args:
        hold: share of the trace that the forget gate hands on; 0 forgets at once.
        write: how far inhibition of the input keeps eligibility from being written.
        read: how far inhibition of the output keeps it from being read.
        dendrite: how far the area's mean inhibition closes the apical dendrites.

    Raises:
        ValueError: for a value that is not from 0 to 1.
    """

    hold: float = 1.0
    write: float = 0.0
    read: float = 0.0
    dendrite: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value <= 1:
                raise ValueError(f"rule.gates.{name}: need 0 to 1, got {value}")


class GatedScan(Scan):
    """The scan of e-prop with gates that hold, write and read eligibility.

    Args:
        gates: how far they reach.
    """

    def __init__(self, gates: Gates):
        self.gates = gates

    def back(
        self, area: Area, record: Record, rate_bar: PerUnitSteps, carried_bar: list[PerUnit]
    ) -> PerCurrentSteps:
        """See `Scan.back`."""

        def hold(t: int) -> None:
            for bar in carried_bar:
                bar.mul_(self.gates.hold)

        read = rate_bar
        if self.gates.read > 0:
            shut = _inhibition(record, "output")
            read = torch.addcmul(rate_bar, rate_bar, shut, value=-self.gates.read)
        between = None if self.gates.hold == 1 else hold
        currents_bar = scan_units(area, record, read, carried_bar, between)
        if self.gates.write > 0:  # all but the output are written into the memory
            shut = _inhibition(record, "input")[:, :, None]
            last = SubLSTM.currents.index("output")
            written = currents_bar.unflatten(2, (len(area.cell.currents), -1))[:, :, :last]
            written.addcmul_(written, shut, value=-self.gates.write)
        return currents_bar


def _inhibition(record: Record, current: str) -> PerUnitSteps:
    """The inhibition that a current makes, from 0 to 1."""
    units = record.fields["rate"].shape[2]
    return record.currents.split(units, dim=2)[SubLSTM.currents.index(current)].sigmoid()


class GatedMicrocircuit(Rule):
    """Forget-gate eligibility times apical learning signal.

    Args:
        apical: names of the pathways that end on the apical dendrites: messages that carry the
            prediction errors of higher areas. Without any, the area learns from its own error
            alone.
        gain: weight of these errors in the learning signal, 0 or more (dimensionless).
        own: weight of the area's own prediction error in it, likewise.
        gates: how far the circuit's gates reach into learning; as in e-prop unless given.
        carry: whether traces outlive the window; see `EProp`.

    Raises:
        ValueError: if `gain` or `own` is negative; in `build`, for cells other than SubLSTM and for
            pathways that do not end in the area as messages.
    """

    criteria = Criteria(
        "past", "e_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )

    def __init__(
        self,
        apical: Sequence[str] = (),
        gain: float = 0.1,
        own: float = 1.0,
        gates: Gates | None = None,
        carry: bool = True,
    ):
        super().__init__()
        for name, value in (("gain", gain), ("own", own)):
            if not value >= 0:
                raise ValueError(f"rule.{name}: need 0 or more, got {value}")
        self.names, self.gain, self.own, self.carry = tuple(apical), gain, own, carry
        self.gates = gates or Gates()
        self.error_pathways = self.names
        self.scan = GatedScan(self.gates)
        self.reused = ReusedMemory()
        self.apical = nn.ModuleDict()

    def build(self, area: Area) -> None:
        """See `Rule.build`; makes the apical weights, which stay as they are."""
        if not isinstance(area.cell, SubLSTM):
            raise ValueError(
                f"rule GatedMicrocircuit: needs the cell SubLSTM, got {type(area.cell).__name__}; "
                "use EProp"
            )
        for name in self.names:
            if name not in area.messages:
                raise ValueError(
                    f"rule.apical: no feedback or lateral pathway {name!r} ends here; there are "
                    f"{', '.join(area.messages) or 'none'}"
                )
            self.apical[name] = connect(area.messages[name], area.units, 1, kernel=1)
        self.apical.requires_grad_(False)

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        whole, before, potential_bar = unit_signals(area, record, signal)
        direct = modulated(signal.rate, signal.level)
        apical = (whole - direct).mul_(self.own)
        if self.apical:
            apical += modulated(self.apical_signal(record, whole), signal.level)
        rate_bar = torch.addcmul(direct, self.disinhibition(record), apical)
        if memory is not None:
            before = self.own * self.disinhibition(memory.last)[0] * before
        found = trace_gradients(area, record, rate_bar.contiguous(), before, memory, self.scan)
        return found | predictor_gradients(area, record, potential_bar)

    def disinhibition(self, record: Record) -> Float[Tensor, "time batch 1 ..."]:
        """D(t), how open the apical dendrites are."""
        if self.gates.dendrite == 0:
            return torch.ones_like(record.currents[:, :, :1])
        shut = _inhibition(record, "output").mean(2, keepdim=True)
        return shut.mul_(-self.gates.dendrite).add_(1.0)

    def apical_signal(self, record: Record, like: PerUnitSteps) -> PerUnitSteps:
        """The part of the learning signal that comes from higher areas.

        It is scaled like the derivative of an error that is a mean over values, steps and streams.

        Args:
            record: what happened over the window.
            like: of the shape of the result.
        """
        total = torch.zeros_like(like)
        for name, weights in self.apical.items():
            message = flat(record.sources[name])
            scale = self.gain / message.numel()
            total = total + scale * weights(message).view_as(like)
        return total

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`."""
        if not self.carry:
            return None
        return carry_traces(area, record, memory, self.reused, self.scan)

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        return traces_size(area) if self.carry else 0

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        return gradients_of_state(area, state_bar, memory, self.scan)

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True
