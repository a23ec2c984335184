"""The roll-out of a brain over a window: one differentiable operation.

Its forward pass is the sweep of all areas; its backward pass hands each area's learning signal to
that area's rule, by way of the scope. Neither brain nor loss needs to know which rule it is.
"""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from areas.loops.precision import asked_for, kind_of_products, products_in
from areas.record import Record
from brainmodel.environments.environment import REWARD
from brainmodel.learning.learning_signal import times
from brainmodel.learning.modulation import Moments
from brainmodel.learning.rule import Gradients
from brainmodel.roll_out.sweep import Sweep
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope
from brainmodel.wiring.engine import Engine
from brainmodel.wiring.literal_window import LiteralWindow
from brainmodel.wiring.made_weights import with_weights
from brainmodel.wiring.perturbed_inputs import level_of
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring
from objectives import Activity

Listener = Callable[[Passage, dict[str, ActivityDerivatives], Gradients], None]
"""What is called in each backward pass; see `Brain.listen`."""


def roll_out(
    brain: Wiring,
    scope: Scope,
    engine: Engine,
    listener: Listener,
    inputs: dict[str, Tensor],
    reset: Tensor,
    state: BrainState,
) -> tuple[dict[str, Activity], BrainState]:
    """Roll a brain out over a window; see `Brain.forward`.

    Args:
        brain: the areas and pathways.
        scope: how far learning signals travel.
        engine: what takes literal steps, where the scope has any taken.
        listener: is called in each backward pass; see `Brain.listen`.
        inputs: by name, [time, batch, *shape].
        reset: [time, batch] bool.
        state: before the window.

    Returns:
        what each area did, by name, and the state after the window.
    """
    names: dict[Tensor, list[str]] = {}  # a parameter of several areas has several
    for name, parameter in brain.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    kind = asked_for(reset.device)
    with torch.autocast(reset.device.type, enabled=False), products_in(kind):
        inputs = {name: signal.to(brain.dtype) for name, signal in inputs.items()}
        rolling = _Rolling(brain, scope, engine, listener, inputs, reset, state)
        made = brain.make()
        weights = [made.get(own[0], parameter) for parameter, own in names.items()]
        rolling.made = {n: w.detach().requires_grad_(w.requires_grad) for n, w in made.items()}
        shown = _RollOut.apply(rolling, list(names.values()), *weights)
    derived = dict(zip(rolling.derived, shown[4 * len(brain.areas) :], strict=True))
    labels, activities = rolling.labels | derived, {}
    for k, name in enumerate(brain.areas):
        activities[name] = Activity(*shown[4 * k : 4 * k + 4], valid=~reset, labels=labels)
    assert rolling.after is not None
    return activities, rolling.after


class _Rolling:
    """What the forward and the backward pass of one roll-out share."""

    def __init__(
        self,
        brain: Wiring,
        scope: Scope,
        engine: Engine,
        listener: Listener,
        inputs: dict[str, Tensor],
        reset: Tensor,
        state: BrainState,
    ):
        self.brain, self.scope, self.engine, self.listener = brain, scope, engine, listener
        self.inputs, self.reset, self.start = inputs, reset, state
        self.learns = torch.is_grad_enabled()
        self.products = kind_of_products()
        self.made: dict[str, Tensor] = {}  # weights in the place of parameters, by name
        self.passage: Passage | None = None
        self.after: BrainState | None = None
        self.shown: list[torch.Size] = []  # shapes of what the forward returns
        self.labels: dict[str, Tensor] = {}  # that environments gave
        self.derived: list[str] = []  # those of them that the loss may be differentiated by
        self.cells = [brain.area(name).cell for name in brain.areas]

    def forward(self) -> list[Tensor]:
        way = self._go()
        records = way.records()
        if self.brain.environments:
            self.labels = way.labels()
        self.derived = [name for name in self.labels if self._derives(name)]
        memories: dict[str, Any] = dict.fromkeys(self.brain.areas)
        modulators: dict[str, Any] = dict.fromkeys(self.brain.modulators)
        waiting = None
        if self.learns:
            levels, modulators = self._modulate(records)
            literal = way if isinstance(way, LiteralWindow) else None
            met = way.met() if isinstance(way, Sweep) else {}
            passage = Passage(
                self.inputs, self.reset, self.start, records, levels, literal=literal, met=met
            )
            memories, waiting = self.scope.remember(self.brain, passage)
            self.passage = passage._replace(waiting=waiting)
        noise = self.start.noise and self.start.noise.later(len(self.reset))
        carried = memories, modulators, waiting, noise, way.environments(), self.start.perturbed
        self.after = BrainState(way.states(), way.delayed(), *carried)
        shown = [signal for name in self.brain.areas for signal in self._shown(records[name])]
        shown += [self.labels[name].detach() for name in self.derived]
        self.shown = [signal.shape for signal in shown]
        return shown

    def _go(self) -> LiteralWindow | Sweep:
        """Go through the window, as the scope needs it in order to come back."""
        window = self.brain, self.inputs, self.reset, self.start
        literal = self.scope.literal(*window, self.engine) if self.learns else None
        if literal is not None:
            return literal
        sweep = Sweep(*window)
        sweep.run()
        return sweep

    def _derives(self, label: str) -> bool:
        """Whether a label is a number of an environment that has derivatives."""
        worlds = self.brain.environments
        own = label.rpartition(".")[0] if len(worlds) > 1 else next(iter(worlds))
        return worlds[own].differentiable and self.labels[label].is_floating_point()

    def _modulate(self, records: dict[str, Record]) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """M(t) by area that has a modulator or is told one, and what the modulators remember."""
        levels, memories = {}, {}
        told = self.labels.items()
        rewards = {n: own[..., None] for n, own in told if n.rpartition(".")[2] == REWARD}
        for name in self.brain.modulators:
            error = records[name].sources["drive"] - records[name].prediction
            moments = Moments(error, self.inputs | rewards, ~self.reset, self.brain.clock)
            memory = self.start.modulators[name]
            levels[name], memories[name] = self.brain.modulator(name).level(moments, memory)
        for name in self.brain.areas:
            if (factor := self.inputs.get(level_of(name))) is not None:
                levels[name] = times(levels.get(name), factor)
        return levels, memories

    @staticmethod
    def _shown(record: Record) -> list[Tensor]:
        """What `Activity` shows of an area: drive, prediction, error and rate."""
        rate = record.fields["rate"][1:]
        shown = [record.sources["drive"], record.prediction, record.sources["error"], rate]
        return [signal.detach() for signal in shown]  # one tensor may play two parts

    def gradients(self, bars: Sequence[Tensor | None]) -> Gradients:
        """Gradients by name, from derivatives of the loss by all that the forward pass returned."""
        assert self.passage is not None
        if not all(map(is_, self.cells, (self.brain.area(n).cell for n in self.brain.areas))):
            raise RuntimeError(
                "the brain was perturbed, or given gains, in one of the passes of a window and not "
                "in the other: call backward where the window was seen"
            )
        derivatives, late = self._derivatives(bars), bars[4 * len(self.brain.areas) :]
        by_labels = {
            name: bar for name, bar in zip(self.derived, late, strict=True) if bar is not None
        }
        passage = self.passage._replace(by_labels=by_labels)
        found = self.scope.gradients(self.brain, passage, derivatives)
        self.brain.complete(found)
        self.listener(passage, derivatives, found)
        return found

    def _derivatives(self, bars: Sequence[Tensor | None]) -> dict[str, ActivityDerivatives]:
        """Derivatives of the loss by area, from those by all that the forward pass returned."""
        like = next(bar for bar in bars if bar is not None)
        full = [
            like.new_zeros(()).expand(shape) if bar is None else bar
            for bar, shape in zip(bars, self.shown, strict=True)
        ]
        areas = enumerate(self.brain.areas)
        return {name: ActivityDerivatives(*full[4 * k : 4 * k + 4]) for k, name in areas}


class _RollOut(torch.autograd.Function):
    """The roll-out as autograd sees it: parameters in, what areas did out.

    The backward pass has the weights of its forward pass, whoever made them and whatever is in
    their place by then; torch refuses it if they were changed in place.
    """

    @staticmethod
    def forward(
        ctx: Any, rolling: _Rolling, names: list[list[str]], *weights: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.rolling, ctx.names = rolling, names
        ctx.save_for_backward(*weights)
        ctx.set_materialize_grads(False)
        return tuple(with_weights(rolling.brain, rolling.made, rolling.forward))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        weights, names = ctx.saved_tensors, ctx.names
        with products_in(ctx.rolling.products):  # another thread may go back than went forwards
            if all(map(is_, weights, ctx.rolling.brain.parameters())):
                found = ctx.rolling.gradients(bars)
            else:
                held = {own[0]: weight for own, weight in zip(names, weights, strict=True)}
                found = with_weights(ctx.rolling.brain, held, lambda: ctx.rolling.gradients(bars))
        _require_known(found, names)
        learns = ctx.needs_input_grad[2:]
        gradients = [
            _sum_of([found[n] for n in own if n in found], weight) if learnt else None
            for own, weight, learnt in zip(names, weights, learns, strict=True)
        ]
        return (None, None, *gradients)


def _sum_of(found: Sequence[Tensor], weight: Tensor) -> Tensor:
    """The gradient of a weight that has several names: of each that it plays a part by."""
    return sum(found[1:], found[0]) if found else torch.zeros_like(weight)


def _require_known(found: Gradients, names: Sequence[Sequence[str]]) -> None:
    """Refuse gradients of what is no parameter any more: they would be lost."""
    if lost := set(found).difference(*names):
        raise RuntimeError(
            f"{min(lost)} is no parameter of the brain any more (pruned, or made of others by a "
            "parametrization), and rules learn parameters alone: use areas.Sparse for synapses "
            "that there are not, or change weights between steps."
        )
