"""Scope global, the reference: learning signals cross every pathway."""

from collections.abc import Callable

import torch
from torch import Tensor

from brainmodel.learning.learning_signal import modulated
from brainmodel.learning.rule import Gradients
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope
from brainmodel.wiring.literal_step import literal_step
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Global(Scope):
    """End to end, the reference: learning signals cross every pathway, in the window.

    The brain is stepped again, literally and under autograd. An area whose rule cuts its recurrent
    synapses (e-prop and its kin) is stepped with them cut, so that no learning signal passes
    through them; what its memory adds for earlier windows is added.

    The loss of an area at a step is multiplied by the level of that area's modulator at that step,
    whichever area learns from it; the plasticity of an area multiplies all that its own synapses
    learn.
    """

    def build(self, brain: Wiring) -> None:
        """See `Scope.build`; here a modulator has one level for all units of an area."""
        for name, modulator in brain.modulators.items():
            if modulator.by_unit:  # type: ignore[union-attr]
                raise ValueError(
                    f"areas.{name}.modulator: {type(modulator).__name__} tells units apart, which "
                    "scope Global cannot follow; use scope Local or Adjacent"
                )

    def gradients(
        self, brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
    ) -> Gradients:
        """See `Scope.gradients`."""
        weighed = {
            name: ActivityDerivatives(*(modulated(bar, passage.levels.get(name)) for bar in own))
            for name, own in derivatives.items()
        }

        def cut(area: str) -> bool:
            return brain.rule(area).cuts

        found, before = replayed_gradients(brain, passage, weighed, cut)
        for name in brain.areas:
            memory = passage.start.memories[name]
            made = brain.rule(name).recall(brain.area(name), before[name], memory)
            for key, gradient in made.items():
                full = brain.parameter_name(name, key)
                found[full] = found[full] + gradient if full in found else gradient
            plasticity = brain.plasticity(name)
            if plasticity != 1:
                own = [n for n in brain.parameter_names(name) if n in found]
                found |= {n: plasticity * found[n] for n in own}
        return found


def replayed_gradients(
    brain: Wiring,
    passage: Passage,
    derivatives: dict[str, ActivityDerivatives],
    cut: Callable[[str], bool],
) -> tuple[Gradients, dict[str, dict[str, Tensor]]]:
    """Gradients by autograd through the whole brain, which is stepped again over a window.

    Args:
        brain: the brain.
        passage: the window.
        derivatives: of the loss by what each area did.
        cut: by area, whether its recurrent path is hidden.

    Returns:
        gradients by the brain's parameter names; derivatives by the state before the window, by
        area and field.
    """
    with torch.enable_grad():
        start, leaves = _leaf(passage.start)
        shown, bars = _replay(brain, passage, start, derivatives, cut)
        learnt = {name: p for name, p in brain.named_parameters() if p.requires_grad}
        wanted = [*learnt.values(), *leaves]
        made = torch.autograd.grad(shown, wanted, bars, allow_unused=True)
    found = {n: g for n, g in zip(learnt, made, strict=False) if g is not None}
    by_leaf = dict(zip(map(id, leaves), made[len(learnt) :], strict=True))
    before = {
        name: {f: by_leaf[id(v)] for f, v in state._asdict().items() if by_leaf[id(v)] is not None}
        for name, state in start.areas.items()
    }
    return found, before


def _replay(
    brain: Wiring,
    passage: Passage,
    state: BrainState,
    derivatives: dict[str, ActivityDerivatives],
    cut: Callable[[str], bool],
) -> tuple[list[Tensor], list[Tensor]]:
    """Step again: what each area did at each step, and the derivative of the loss by it."""
    shown, bars = [], []
    for t in range(passage.reset.shape[0]):
        inputs = {name: signal[t] for name, signal in passage.inputs.items()}
        did, state = literal_step(brain, inputs, passage.reset[t], state, cut=cut)
        for name, activity in did.items():
            for value, bar in zip(activity, derivatives[name], strict=True):
                if value.requires_grad:
                    shown.append(value)
                    bars.append(bar[t])
    return shown, bars


def _leaf(state: BrainState) -> tuple[BrainState, list[Tensor]]:
    """A copy of a state whose cell states are leaves of autograd, and these leaves."""
    areas = {
        name: type(cell)(*(field.detach().clone().requires_grad_() for field in cell))
        for name, cell in state.areas.items()
    }
    return state._replace(areas=areas), [field for cell in areas.values() for field in cell]
