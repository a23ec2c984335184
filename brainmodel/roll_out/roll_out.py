"""The roll-out of a brain over a window: one differentiable operation.

Its forward pass is the sweep of all areas; its backward pass hands each area's learning signal to
that area's rule, by way of the scope. Neither brain nor loss needs to know which rule it is.
"""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call

from areas.record import Record
from brainmodel.learning.modulation import Moments
from brainmodel.learning.rule import Gradients
from brainmodel.roll_out.sweep import Sweep
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope
from brainmodel.wiring.literal_window import LiteralWindow
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring
from objectives import Activity

Listener = Callable[[Passage, dict[str, ActivityDerivatives], Gradients], None]
"""What is called in each backward pass; see `Brain.listen`."""


def roll_out(
    brain: Wiring,
    scope: Scope,
    listener: Listener,
    inputs: dict[str, Tensor],
    reset: Tensor,
    state: BrainState,
) -> tuple[dict[str, Activity], BrainState]:
    """Roll a brain out over a window; see `Brain.forward`.

    Args:
        brain: the areas and pathways.
        scope: how far learning signals travel.
        listener: is called in each backward pass; see `Brain.listen`.
        inputs: by name, [time, batch, *shape].
        reset: [time, batch] bool.
        state: before the window.

    Returns:
        what each area did, by name, and the state after the window.
    """
    weights = dict(brain.named_parameters())
    with torch.autocast(reset.device.type, enabled=False):
        inputs = {name: signal.to(brain.dtype) for name, signal in inputs.items()}
        rolling = _Rolling(brain, scope, listener, inputs, reset, state)
        shown = _RollOut.apply(rolling, list(weights), *weights.values())
    activities = {}
    for k, name in enumerate(brain.areas):
        activities[name] = Activity(*shown[4 * k : 4 * k + 4], valid=~reset)
    assert rolling.after is not None
    return activities, rolling.after


class _Rolling:
    """What the forward and the backward pass of one roll-out share."""

    def __init__(
        self,
        brain: Wiring,
        scope: Scope,
        listener: Listener,
        inputs: dict[str, Tensor],
        reset: Tensor,
        state: BrainState,
    ):
        self.brain, self.scope, self.listener = brain, scope, listener
        self.inputs, self.reset, self.start = inputs, reset, state
        self.learns = torch.is_grad_enabled()
        self.passage: Passage | None = None
        self.after: BrainState | None = None
        self.shown: list[torch.Size] = []  # shapes of what the forward returns

    def forward(self) -> list[Tensor]:
        way = self._go()
        records = way.records()
        memories: dict[str, Any] = dict.fromkeys(self.brain.areas)
        modulators: dict[str, Any] = dict.fromkeys(self.brain.modulators)
        waiting = None
        if self.learns:
            levels, modulators = self._modulate(records)
            literal = way if isinstance(way, LiteralWindow) else None
            passage = Passage(self.inputs, self.reset, self.start, records, levels, literal=literal)
            memories, waiting = self.scope.remember(self.brain, passage)
            self.passage = passage._replace(waiting=waiting)
        self.after = BrainState(way.states(), way.delayed(), memories, modulators, waiting)
        shown = [signal for name in self.brain.areas for signal in self._shown(records[name])]
        self.shown = [signal.shape for signal in shown]
        return shown

    def _go(self) -> LiteralWindow | Sweep:
        """Go through the window, as the scope needs it in order to come back."""
        window = self.brain, self.inputs, self.reset, self.start
        literal = self.scope.literal(*window) if self.learns else None
        if literal is not None:
            return literal
        sweep = Sweep(*window)
        sweep.run()
        return sweep

    def _modulate(self, records: dict[str, Record]) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """M(t) by area that has a modulator, and what the modulators remember."""
        levels, memories = {}, {}
        for name in self.brain.modulators:
            error, age = records[name].sources["error"], int(self.brain.age)
            moments = Moments(error, self.inputs, ~self.reset, age)
            memory = self.start.modulators[name]
            levels[name], memories[name] = self.brain.modulator(name).level(moments, memory)
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
        derivatives = self._derivatives(bars)
        found = self.scope.gradients(self.brain, self.passage, derivatives)
        self.brain.complete(found)
        self.listener(self.passage, derivatives, found)
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


class _GoingBack(nn.Module):
    """The way back as a module, for that is what `functional_call` puts weights into."""

    def __init__(self, rolling: _Rolling):
        super().__init__()
        self.brain, self.rolling = rolling.brain, rolling

    def forward(self, bars: Sequence[Tensor | None]) -> Gradients:
        return self.rolling.gradients(bars)


class _RollOut(torch.autograd.Function):
    """The roll-out as autograd sees it: parameters in, what areas did out.

    The backward pass has the weights of its forward pass, whoever made them and whatever is in
    their place by then; torch refuses it if they were changed in place.
    """

    @staticmethod
    def forward(
        ctx: Any, rolling: _Rolling, names: list[str], *weights: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.rolling, ctx.names = rolling, names
        ctx.save_for_backward(*weights)
        ctx.set_materialize_grads(False)
        return tuple(rolling.forward())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        weights = dict(zip(ctx.names, ctx.saved_tensors, strict=True))
        if all(map(is_, weights.values(), ctx.rolling.brain.parameters())):
            found = ctx.rolling.gradients(bars)
        else:
            back = _GoingBack(ctx.rolling)
            found = functional_call(back, {f"brain.{n}": w for n, w in weights.items()}, (bars,))
        learns = ctx.needs_input_grad[2:]
        gradients = [
            (found[n] if n in found else torch.zeros_like(w)) if learnt else None
            for (n, w), learnt in zip(weights.items(), learns, strict=True)
        ]
        return (None, None, *gradients)
