"""e-prop as it is defined: traces moved on step by step. Slow; kept as a definition.

See `e_prop` for the equations and the source; the two give the same gradients. Past-facing,
deterministic, closed form; time and memory per step O(B N M) per carried field.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from areas.keys import BIAS, belongs_to_predictor, of_units
from areas.record import Record, fade
from areas.shapes import PerUnit
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule, need_dense

LiteralTraces = dict[str, dict[str, Tensor]]
"""By state field, by source (`BIAS` among them): [batch, current * unit, source]."""


class EPropLiteral(Rule):
    """e-prop with one update of the traces per step, for dense areas."""

    criteria = Criteria(
        "past", "e_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        need_dense(self, area, "EProp")

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        found = _zeros(area)
        if memory is not None:
            _learn(found, before, memory["rate"])
        for t in range(rate_bar.shape[0]):
            memory = self.remember(area, record.stretch(t, t + 1), memory)
            _learn(found, rate_bar[t], memory["rate"])
        return found | predictor_gradients(area, record, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """Traces of the rate and of the carried fields, by field and source."""
        for t in range(record.currents.shape[0]):
            memory = _move(area, record.stretch(t, t + 1), memory)
        return memory

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        if memory is None:
            return {}
        found = _zeros(area)
        for field, bar in state_bar.items():
            _learn(found, bar, memory[field])
        return found

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


def _zeros(area: Area) -> Gradients:
    """Zero gradients of the area's synapses and bias."""
    weights = area.weights().items()
    return {key: torch.zeros_like(w) for key, w in weights if not belongs_to_predictor(key)}


def _learn(found: Gradients, bar: Float[Tensor, "batch unit"], traces: dict[str, Tensor]) -> None:
    """Add to gradients the derivative by a field times the traces of that field."""
    for source, trace in traces.items():
        name = of_units(source)
        rows = bar.repeat(1, trace.shape[1] // bar.shape[1])
        found[name] += torch.einsum("bi,bij->ij", rows, trace).view_as(found[name])


def _move(area: Area, step: Record, memory: LiteralTraces | None) -> LiteralTraces:
    """The traces after a step, e(t), from those before it, e(t-1)."""
    outputs, currents, carried = _differentiable_step(area, step)
    after: LiteralTraces = {}
    for output, total in outputs.items():
        inputs = [currents, *carried.values()]
        slopes = torch.autograd.grad(total, inputs, retain_graph=True, allow_unused=True)
        direct = torch.zeros_like(currents) if slopes[0] is None else slopes[0]
        after[output] = {BIAS: direct[:, area.reached(BIAS)][..., None]}
        for source in area.synapses:
            reached = direct[:, area.reached(source)]
            after[output][source] = reached[..., None] * step.source(source)[0][:, None]
        for field, slope in zip(carried, slopes[1:], strict=True):
            if memory is not None and slope is not None:
                decay = slope if step.keep is None else fade(slope[None], step.keep)[0]
                for source, trace in memory[field].items():
                    repeats = trace.shape[1] // decay.shape[1]
                    after[output][source] += decay.repeat(1, repeats)[..., None] * trace
    return after


def _differentiable_step(
    area: Area, step: Record
) -> tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]:
    """A step under autograd: sums of the fields after it, its currents, the fields before it."""
    cell = area.cell
    with torch.enable_grad():
        currents = step.currents[0].detach().requires_grad_()
        carried = {name: step.before(name)[0].detach().requires_grad_() for name in cell.carried}
        fields = {name: step.before(name)[0] for name in step.fields} | carried
        new = cell.step(currents.chunk(len(cell.currents), dim=1), cell.state(**fields))
        outputs = {n: getattr(new, n).sum() for n in dict.fromkeys(("rate", *cell.carried))}
    return outputs, currents, carried
