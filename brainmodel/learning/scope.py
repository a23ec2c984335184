"""How far a learning signal travels in space: not beyond the area, or through the whole brain."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from brainmodel.learning.rule import Gradients, Record, Signal
from brainmodel.state import BrainState

if TYPE_CHECKING:
    from brainmodel.brain import Brain


class Passage(NamedTuple):
    """A brain's passage through one window: all that the backward pass may look at."""

    inputs: dict[str, Tensor]  # [time, batch, ...]
    reset: Tensor  # [time, batch] bool
    start: BrainState  # before the window
    records: dict[str, Record]  # by area


class Signals(NamedTuple):
    """What the loss says of one area: derivatives by what `Activity` shows of it."""

    drive: Tensor
    prediction: Tensor
    error: Tensor
    rate: Tensor


class Scope(ABC):
    """Turns what the loss says of every area into gradients."""

    @abstractmethod
    def gradients(self, brain: "Brain", passage: Passage, signals: dict[str, Signals]) -> Gradients:
        """Gradients by the brain's parameter names; parameters without one may be left out."""


class Local(Scope):
    """Nothing crosses a pathway: each area's rule hears what the loss says of that area alone.

    Drives and messages are taken as given.
    """

    def gradients(self, brain: "Brain", passage: Passage, signals: dict[str, Signals]) -> Gradients:
        """See `Scope.gradients`."""
        found: Gradients = {}
        for name in brain.areas:
            said = signals[name]
            signal = Signal(said.rate, said.prediction - said.error)
            record, memory = passage.records[name], passage.start.memories[name]
            made = brain.rule(name).gradients(brain.area(name), record, signal, memory)
            found |= {brain.parameter_name(name, key): value for key, value in made.items()}
        return found


class Global(Scope):
    """End to end, the reference: learning signals cross every pathway, in the window.

    The brain is stepped again, literally and under autograd. An area whose rule cuts its recurrent
    synapses (e-prop and its kin) is stepped with them cut, so no signal passes through them; what
    its memory adds for earlier windows is added.
    """

    def gradients(self, brain: "Brain", passage: Passage, signals: dict[str, Signals]) -> Gradients:
        """See `Scope.gradients`."""
        with torch.enable_grad():
            start, leaves = _leaf(passage.start)
            shown, said = self._replay(brain, passage, start, signals)
            learnt = {name: p for name, p in brain.named_parameters() if p.requires_grad}
            wanted = [*learnt.values(), *leaves]
            made = torch.autograd.grad(shown, wanted, said, allow_unused=True)
        found = {n: g for n, g in zip(learnt, made, strict=False) if g is not None}
        bars = dict(zip(map(id, leaves), made[len(learnt) :], strict=True))
        for name in brain.areas:
            state = start.areas[name]
            given = {f: bars[id(v)] for f, v in state._asdict().items() if bars[id(v)] is not None}
            self._remembered(brain, passage, name, given, found)
        return found

    @staticmethod
    def _replay(
        brain: "Brain", passage: Passage, state: BrainState, signals: dict[str, Signals]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Step again; what each area showed at each step, and what the loss says of it."""
        shown, said = [], []
        for t in range(passage.reset.shape[0]):
            inputs = {name: signal[t] for name, signal in passage.inputs.items()}
            reports, state = brain.step(
                inputs, passage.reset[t], state, cut=lambda name: brain.rule(name).cuts
            )
            for name, report in reports.items():
                for value, bar in zip(report, signals[name], strict=True):
                    if value.requires_grad:
                        shown.append(value)
                        said.append(bar[t])
        return shown, said

    @staticmethod
    def _remembered(
        brain: "Brain", passage: Passage, name: str, given: dict[str, Tensor], found: Gradients
    ) -> None:
        """Add what the area's memory says of the windows before."""
        memory = passage.start.memories[name]
        made = brain.rule(name).recall(brain.area(name), given, memory)
        for key, gradient in made.items():
            full = brain.parameter_name(name, key)
            found[full] = found[full] + gradient if full in found else gradient


def _leaf(state: BrainState) -> tuple[BrainState, list[Tensor]]:
    """A copy of a state whose cell states are leaves of autograd, and these leaves."""
    areas = {
        name: type(cell)(*(field.detach().clone().requires_grad_() for field in cell))
        for name, cell in state.areas.items()
    }
    return state._replace(areas=areas), [field for cell in areas.values() for field in cell]
