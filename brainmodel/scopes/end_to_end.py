"""Scope global, the reference: learning signals cross every pathway."""

from torch import Tensor

from brainmodel.learning.learning_signal import modulated
from brainmodel.learning.rule import Gradients
from brainmodel.schedules.clock import always
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope
from brainmodel.wiring.engine import Engine
from brainmodel.wiring.literal_window import LiteralWindow
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Global(Scope):
    """End to end, the reference: learning signals cross every pathway, in the window.

    Where a brain learns it is stepped literally, under autograd, which goes back through the very
    steps that were taken. An area whose rule cuts its recurrent synapses (e-prop and its kin) is
    stepped with them cut, so that no learning signal passes through them; what its memory adds for
    earlier windows is added.

    The loss of an area at a step is multiplied by the level of that area's modulator at that step,
    whichever area learns from it; the plasticity of an area multiplies all that its own synapses
    learn.
    """

    teaches_pathways = True
    modulates_areas = False
    steps_literally = True
    keeps_apart = True

    def build(self, brain: Wiring) -> None:
        """See `Scope.build`; here a modulator has one level for all units of an area."""
        for name, modulator in brain.modulators.items():
            if modulator.by_unit:  # type: ignore[union-attr]
                raise ValueError(
                    f"areas.{name}.modulator: {type(modulator).__name__} tells units apart, which "
                    "scope Global cannot follow; use scope Local or Adjacent"
                )

    def literal(
        self,
        brain: Wiring,
        inputs: dict[str, Tensor],
        reset: Tensor,
        start: BrainState,
        engine: Engine,
    ) -> LiteralWindow:
        """See `Scope.literal`."""
        return LiteralWindow(
            brain, inputs, reset, start, lambda area: brain.rule(area).cuts, engine
        )

    def gradients(
        self, brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
    ) -> Gradients:
        """See `Scope.gradients`."""
        assert passage.literal is not None
        weighed = {
            name: [modulated(bar, passage.levels.get(name)) for bar in own]
            for name, own in derivatives.items()
        }
        found, before = passage.literal.gradients(weighed, passage.by_labels)
        for name in brain.areas:
            memory = passage.start.memories[name]
            made = brain.rule(name).recall(brain.area(name), before[name], memory)
            for key, gradient in made.items():
                full = brain.parameter_name(name, key)
                found[full] = found[full] + gradient if full in found else gradient
            plasticity = brain.plasticity(name)
            if not always(plasticity, 1):
                own = [n for n in brain.parameter_names(name) if n in found]
                found |= {n: plasticity * found[n] for n in own}
        return found
