"""The roll-out of a brain over a window: one differentiable operation.

Its forward is the sweep of all areas; its backward hands each area's learning signal to that
area's rule, by way of the scope. Which rule that is, neither the brain nor the loss needs to know.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from brainmodel.brain import Brain
from brainmodel.learning.scope import Passage, Signals
from brainmodel.state import BrainState
from brainmodel.sweep import Sweep
from objectives import Activity


def roll_out(
    brain: Brain, inputs: dict[str, Tensor], reset: Tensor, state: BrainState
) -> tuple[dict[str, Activity], BrainState]:
    """Roll a brain out over a window; see `Brain.forward`."""
    learnt = [p for p in brain.parameters() if p.requires_grad]
    with torch.autocast(reset.device.type, enabled=False):
        inputs = {name: signal.to(brain.dtype) for name, signal in inputs.items()}
        course = _Course(brain, inputs, reset, state)
        shown = _RollOut.apply(course, *learnt)
    activities = {}
    for k, name in enumerate(brain.areas):
        activities[name] = Activity(*shown[4 * k : 4 * k + 4], valid=~reset)
    assert course.after is not None
    return activities, course.after


class _Course:
    """What forward and backward of one roll-out share."""

    def __init__(self, brain: Brain, inputs: dict[str, Tensor], reset: Tensor, state: BrainState):
        self.brain, self.inputs, self.reset, self.start = brain, inputs, reset, state
        self.learns = torch.is_grad_enabled()
        self.passage: Passage | None = None
        self.after: BrainState | None = None

    def forward(self) -> list[Tensor]:
        sweep = Sweep(self.brain, self.inputs, self.reset, self.start)
        sweep.run()
        records = sweep.records()
        states = {name: course.state() for name, course in sweep.courses.items()}
        memories: dict[str, Any] = dict.fromkeys(self.brain.areas)
        if self.learns:
            self.passage = Passage(self.inputs, self.reset, self.start, records)
            for name, record in records.items():
                before = self.start.memories[name]
                memories[name] = self.brain.rule(name).remember(
                    self.brain.area(name), record, before
                )
        self.after = BrainState(states, sweep.delayed(), memories)
        return [signal for name in self.brain.areas for signal in self._shown(records[name])]

    @staticmethod
    def _shown(record: Any) -> list[Tensor]:
        rate = record.fields["rate"][1:]
        shown = [record.sources["drive"], record.prediction, record.sources["error"], rate]
        return [signal.detach() for signal in shown]  # one tensor may play two parts


class _RollOut(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, course: _Course, *parameters: Tensor) -> tuple[Tensor, ...]:
        ctx.course = course
        return tuple(course.forward())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        course = ctx.course
        brain = course.brain
        signals = {name: Signals(*bars[4 * k : 4 * k + 4]) for k, name in enumerate(brain.areas)}
        assert course.passage is not None
        found = brain.scope.gradients(brain, course.passage, signals)
        learnt = [(n, p) for n, p in brain.named_parameters() if p.requires_grad]
        gradients = [found[n] if n in found else torch.zeros_like(p) for n, p in learnt]
        return (None, *gradients)
