"""MDGL: e-prop, and modulators that postsynaptic partners secrete.

    gradient = sum_t ( L(t) e(t) + Gamma(t-1) e_z(t-1) )
    Gamma_p(t-1) = gain sum_j w_jp a_j(t),     a_j(t) = dE/dz_j(t) dz_j(t)/dI_j(t)

z is what the cell emits along recurrent synapses (its rate h, or its spikes), e the eligibility of
h and e_z that of z. Unit j, which p excites, secretes a_j, the derivative of the loss by its own
currents at t; p takes it up, not by the weight of that one synapse but by the mean weight w between
the two cell types. By the true weights instead, the sum is the gradient in which a learning signal
passes one recurrent synapse at the most: one more than e-prop.

E depends on z_j(t) by way of the read-out. Where that is the rate itself, dE/dz_j(t) = L_j(t).
Where the rate is the filtered z, as of spiking cells, z_j(t) is still heard at later steps,

    dE/dz_j(t) = (1 - kappa) sum_{t' >= t} kappa^(t' - t) L_j(t'),

which is Liu et al.'s form. They compute it over a whole trial; here the sum ends with the window,
for z of its last step with the next window. Without `filtered` its first term alone is taken,
(1 - kappa) L_j(t), which needs no later step.

Under scope `Global` the partners' modulators are left out, and e-prop remains.

Source: Liu, Smith, Mihalas, Shea-Brown & Suembuel (2021), "Cell-type-specific neuromodulation
guides synaptic credit assignment in a spiking neural network", PNAS 118(51), for spiking units;
here for any cell. Past-facing, deterministic, closed form; costs as e-prop, and one product more.
"""

import torch

from areas import Area
from areas.record import Record, fade, flat
from areas.shapes import PerCurrentSteps, PerUnit, PerUnitSteps
from brainmodel.learning.credit.eligibility_traces import Scan, carry_traces, traces_size
from brainmodel.learning.credit.reused_memory import ReusedMemory
from brainmodel.learning.credit.reverse_scan import scan_units, zero_carried
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.credit.trace_gradients import (
    add_trace_gradients,
    gradients_of_state,
    trace_gradients,
)
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.mdgl_partners import Partners, TypeMeans
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class MDGL(Rule):
    """e-prop with the modulators of partners one synapse away, in window form.

    Args:
        partners: by which weights they are taken up; unless given, the means between the area's
            populations, or two halves of its units where it has none.
        gain: weight of the partners' modulators, 0 or more (dimensionless); 0 is e-prop.
        carry: whether traces outlive the window; see `EProp`.
        filtered: whether what a unit emitted counts for as long as its filtered rate holds it, see
            above; then windows of different lengths differ. Without a filter it says nothing.

    Raises:
        ValueError: if `gain` is negative.
    """

    criteria = Criteria(
        "past", "e_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )

    def __init__(
        self,
        partners: Partners | None = None,
        gain: float = 1.0,
        carry: bool = True,
        filtered: bool = True,
    ):
        super().__init__()
        if not gain >= 0:
            raise ValueError(f"rule.gain: need 0 or more, got {gain}")
        self.partners, self.gain = partners or TypeMeans(), gain
        self.carry, self.filtered = carry, filtered
        self.reused = ReusedMemory()

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        self.partners.build(area)

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        taken_up, held = self.taken_up(area, record, rate_bar)
        past = None
        if memory is not None:
            past, _ = self.taken_up(area, memory.last, (before + held)[None])
        if area.cell.emitted in area.cell.carried:
            field = area.cell.carried.index(area.cell.emitted)
            earlier = None if past is None else SecretionScan(field, past)
            scan = SecretionScan(field, taken_up)
            found = trace_gradients(area, record, rate_bar, before, memory, scan, earlier)
            return found | predictor_gradients(area, record, potential_bar)
        rate_bar[:-1] += taken_up[1:]
        found = trace_gradients(area, record, rate_bar, before + taken_up[0], memory)
        if memory is not None and past is not None:
            add_trace_gradients(
                area, found, memory.eligibility, [past[0]], first=len(area.cell.carried)
            )
        return found | predictor_gradients(area, record, potential_bar)

    def taken_up(
        self, area: Area, record: Record, rate_bar: PerUnitSteps
    ) -> tuple[PerUnitSteps, PerUnit]:
        """Gamma(t-1), what units take up at t for what they emitted before.

        Args:
            area: the area.
            record: what happened over some steps.
            rate_bar: learning signal of the rates.

        Returns:
            it, and the derivative by the rate before these steps, by way of its filter.
        """
        carried_bar, kept = zero_carried(area, record), self._filter(area)

        def forget(t: int) -> None:
            for k, bar in enumerate(carried_bar):
                if k != kept:
                    bar.zero_()

        secreted = scan_units(area, record, rate_bar, carried_bar, forget)
        recurrent = area.synapses["recurrent"]
        weights = self.gain * self.partners.weights(recurrent)
        secreted = flat(secreted[:, :, area.reached("recurrent")])
        taken_up = fade(recurrent.transpose(secreted, weights).view_as(rate_bar), record.keep)
        return taken_up, torch.zeros_like(rate_bar[0]) if kept is None else carried_bar[kept]

    def _filter(self, area: Area) -> int | None:
        """Place among the carried fields of the rate, where it is a filter of what is emitted."""
        carried, emitted = area.cell.carried, area.cell.emitted
        return carried.index("rate") if self.filtered and "rate" in {*carried} - {emitted} else None

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; the rate has a trace, too, where it is emitted but not carried."""
        if not self.carry:
            return None
        return carry_traces(area, record, memory, self.reused, more=_emitted(area))

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        return traces_size(area, _emitted(area)) if self.carry else 0

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        return gradients_of_state(area, state_bar, memory)

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


class SecretionScan(Scan):
    """The scan of e-prop, with Gamma added to the derivatives by what was emitted.

    Args:
        field: place of the emitted field among the carried ones.
        taken_up: Gamma(t-1) of the steps that are scanned.
    """

    def __init__(self, field: int, taken_up: PerUnitSteps):
        self.field, self.taken_up = field, taken_up

    def back(
        self, area: Area, record: Record, rate_bar: PerUnitSteps, carried_bar: list[PerUnit]
    ) -> PerCurrentSteps:
        """See `Scan.back`."""

        def add(t: int) -> None:
            carried_bar[self.field].add_(self.taken_up[t])

        return scan_units(area, record, rate_bar, carried_bar, add)

    def parts(self, area: Area, record: Record) -> list[tuple[int, int]]:
        """See `Scan.parts`; one, of the steps whose Gamma it has."""
        return [(0, len(self.taken_up))]


def _emitted(area: Area) -> tuple[str, ...]:
    """The field that is emitted, where it is not carried."""
    return () if area.cell.emitted in area.cell.carried else (area.cell.emitted,)
