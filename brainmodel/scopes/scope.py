"""How far a learning signal travels in space: the contract of a scope."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from areas import Area
from areas.comparison import errors_back
from areas.record import Record
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.learning.rule import Gradients, Memory
from brainmodel.schedules.clock import always
from brainmodel.wiring.engine import Engine
from brainmodel.wiring.environments import EnvironmentRecord
from brainmodel.wiring.literal_window import LiteralWindow
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Passage(NamedTuple):
    """A brain's passage through one window: all that the backward pass may look at."""

    inputs: dict[str, Tensor]  # [time, batch, ...]
    reset: Tensor  # [time, batch] bool
    start: BrainState  # before the window
    records: dict[str, Record]  # by area
    levels: dict[str, Tensor]  # by area that has a modulator, M [time, batch] or [..., unit]
    waiting: Any = None  # what `Scope.remember` keeps for the next window
    literal: LiteralWindow | None = None  # the window as `Scope.literal` stepped it
    met: dict[str, EnvironmentRecord] = {}  # by environment that has derivatives, if swept
    by_labels: dict[str, Tensor] = {}  # derivatives of the loss by labels of environments


class ActivityDerivatives(NamedTuple):
    """Derivatives of the loss by what `Activity` shows of one area, each of them by itself.

    That is, the derivative by the prediction does not include what comes by way of the error.
    """

    drive: Tensor  # [time, batch, *drive]
    prediction: Tensor  # [time, batch, *drive]
    error: Tensor  # [time, batch, *errors]
    rate: Tensor  # [time, batch, *units]


class Scope(nn.Module, ABC):
    """Turns the derivatives of the loss by what all areas did into gradients of parameters.

    Attributes:
        teaches_pathways: whether it gives gradients of what adapters of pathways learn.
        modulates_areas: whether the level of an area multiplies all that the area learns, and
            nothing else.
        steps_literally: whether `literal` gives a window where a brain learns.
        keeps_apart: as of `Rule`.
    """

    teaches_pathways: ClassVar[bool] = False
    modulates_areas: ClassVar[bool] = True
    steps_literally: ClassVar[bool] = False
    keeps_apart: ClassVar[bool] = False

    def require_taught(self, brain: Wiring) -> None:
        """Refuse adapters and gates that learn, if nobody here would teach them.

        Raises:
            ValueError: naming the pathway, the adapter and a scope that does.
        """
        if self.teaches_pathways:
            return
        for name in brain.learning:
            for adapter in brain.route(name).adapters:
                if any(p.requires_grad for p in adapter.parameters()):
                    raise ValueError(
                        f"pathways.{name}.adapters: {type(adapter).__name__} has weights that "
                        f"learn, which scope {type(self).__name__} does not teach; use scope "
                        "Adjacent or Global, or set their requires_grad to False"
                    )
        for name in brain.gates:
            gate = brain.gate(name)
            if gate is not None and gate.learns:
                raise ValueError(
                    f"pathways.{name}.gate: {type(gate).__name__} has weights that learn, which "
                    f"scope {type(self).__name__} does not teach; use scope Adjacent or Global, or "
                    "set gate.learns: false"
                )

    def build(self, brain: Wiring) -> None:
        """Prepare for a brain, once, when all its areas are there.

        Raises:
            ValueError: if it does not fit.
        """

    def literal(
        self,
        brain: Wiring,
        inputs: dict[str, Tensor],
        reset: Tensor,
        start: BrainState,
        engine: Engine,
    ) -> LiteralWindow | None:
        """The window by literal steps, for a scope that differentiates through them.

        Args:
            brain: the brain, which learns.
            inputs: by name, [time, batch, ...].
            reset: [time, batch] bool.
            start: the state before the window.
            engine: what takes literal steps.

        Returns:
            None, as by default, to have it swept, which is faster.
        """
        del brain, inputs, reset, start, engine
        return None

    def remember(self, brain: Wiring, passage: Passage) -> tuple[dict[str, Memory], Any]:
        """What rules remember of a window, by area, and what the scope itself keeps for the next.

        The latter may hold tensors that `gradients` of the same passage fills in place: the
        derivatives of the loss are not known yet.
        """
        before = passage.start.memories
        memories = {
            name: brain.rule(name).remember(brain.area(name), record, before[name])
            for name, record in passage.records.items()
        }
        return memories, None

    @abstractmethod
    def gradients(
        self, brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
    ) -> Gradients:
        """Gradients by the brain's parameter names; parameters without one may be left out.

        Args:
            brain: the brain.
            passage: the window.
            derivatives: of the loss of the window, by area.
        """

    def synapses_of(self, area: str) -> Sequence[nn.Parameter]:
        """Parameters of the scope's own that learn with an area's synapses; by default none."""
        return ()


def learning_signal(
    area: Area, record: Record, derivatives: ActivityDerivatives, level: Tensor | None = None
) -> LearningSignal:
    """The learning signal of an area: what the loss says of errors is said of predictions.

    Args:
        area: the area.
        record: what happened in it.
        derivatives: by what it did.
        level: M(t), as of `LearningSignal`.
    """
    by_error = errors_back(area.comparison, record, derivatives.error).prediction
    return LearningSignal(derivatives.rate, derivatives.prediction + by_error, level)


def rule_gradients(
    brain: Wiring,
    name: str,
    record: Record,
    derivatives: ActivityDerivatives,
    level: Tensor | None,
    memory: Memory,
) -> Gradients:
    """Gradients that an area's rule makes, by the brain's parameter names.

    Args:
        brain: the brain.
        name: of the area.
        record: what happened in it over some steps.
        derivatives: by what it did at these steps.
        level: M(t) of these steps; None for 1. It is multiplied by the area's plasticity here.
        memory: of its rule, from before these steps.
    """
    plasticity = brain.plasticity(name)
    if always(plasticity, 0):
        return {}
    if not always(plasticity, 1):
        unmodulated = derivatives.rate.new_ones(derivatives.rate.shape[:2])
        level = plasticity * (unmodulated if level is None else level)
    signal = learning_signal(brain.area(name), record, derivatives, level)
    with torch.no_grad():
        made = brain.rule(name).gradients(brain.area(name), record, signal, memory)
    return {brain.parameter_name(name, key): gradient for key, gradient in made.items()}
