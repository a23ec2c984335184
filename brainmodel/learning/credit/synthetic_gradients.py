"""Rules that predict derivatives of future losses, by a synthesizer that learns from later ones.

    g(t) = A [s(t); 1]                        derivative of later losses by the state, predicted
    gradient = sum_t F(t)^T ( L(t) + g(t) ) (x) x(t)
    minimise | g(t-1) - J(t)^T ( L(t) + g(t) ) |^2 / 2 by A      the target taken as given

L(t) is the exact derivative of the loss of step t by the state; the synthesizer predicts the rest.
It sees the state alone, and the drive only on demand: where an area learns to predict a label, the
drive is that label. Where a stream ends, the target is zero.

A learning signal is complete one step late. As all is linear in it, the late part is added in the
next window, with the window's last step as it was remembered.

Predictions are of derivatives per step and stream, so that their size does not depend on the size
of a window: the loss is taken to be a mean over steps and streams, as `Brain.losses` makes it.
"""

from abc import abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from areas import Area
from areas.record import Record, flat
from brainmodel.learning.credit.jacobian import LinearSteps, linearise
from brainmodel.learning.credit.parameter_matrix import (
    add_gradients,
    matrix_gradients,
    presynaptic,
    state_from_rates,
    through_transposes,
)
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import (
    Gradients,
    Memory,
    Rule,
    need_dense,
    need_pointwise,
    need_symmetric,
    of_rule,
)


class SynthesizerMemory(NamedTuple):
    """What a rule with a synthesizer remembers of a window."""

    step: Record  # its last step
    earlier: Float[Tensor, "batch drive"] | None
    """The drive before that step; None if it was the first."""


class Transitions(NamedTuple):
    """Steps with those before them, time and streams as one dimension [step]."""

    seen: Float[Tensor, "step seen"]
    """What the synthesizer sees before the step; zeros if there is none."""
    shown: Float[Tensor, "step seen"]  # what it sees after the step
    sources: Float[Tensor, "step source"]  # x(t)
    linear: LinearSteps  # as one step of so many streams


class SyntheticGradients(Rule):
    """A rule with a synthesizer.

    Args:
        drive: whether the synthesizer sees the drive, too.
    """

    def __init__(self, drive: bool = False):
        super().__init__()
        self.drive = drive

    def build(self, area: Area) -> None:
        """See `Rule.build`; makes the synthesizer, which predicts zero at first."""
        need_dense(self, area, "EProp or BPTT")
        need_symmetric(self, area, "EProp or BPTT")
        need_pointwise(self, area, "EProp or BPTT")
        state = len(area.dynamics.outputs) * area.units[0]
        self.synthesizer = nn.Parameter(torch.zeros(state, state + self.drive * area.drive[0] + 1))

    @abstractmethod
    def back(
        self, area: Area, transitions: Transitions, state_bar: Float[Tensor, "step state"]
    ) -> Float[Tensor, "step state"]:
        """J(t)^T, or what stands for it, times derivatives by the state.

        Args:
            area: the area.
            transitions: the steps.
            state_bar: derivatives by the state after them.
        """

    def regress(self, area: Area, record: Record) -> Gradients:
        """Gradients of what else the rule learns, keyed by `of_rule`; by default none."""
        del area, record
        return {}

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`; the synthesizer's among them."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        earlier = None if memory is None else memory.step.sources["drive"][0]
        transitions = self._transitions(area, record, earlier)
        count = len(transitions.seen)
        predicted = transitions.shown @ self.synthesizer.t() / count
        state_bar = state_from_rates(area, flat(rate_bar)) + predicted
        table, own = self._of_signal(area, transitions, state_bar)
        own += self.synthesizer @ (transitions.seen.t() @ transitions.seen) / count
        if memory is not None:
            late = self._transitions(area, memory.step, memory.earlier)
            more = self._of_signal(area, late, state_from_rates(area, before))
            table, own = table + more[0], own + more[1]
        found = predictor_gradients(area, record, potential_bar)
        found = add_gradients(found, matrix_gradients(area, table))
        return found | {of_rule("synthesizer"): own} | self.regress(area, record)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`: the last step, and the drive before it."""
        steps = record.currents.shape[0]
        last = tree_map_only(Tensor, torch.clone, record.stretch(steps - 1, steps))
        if steps > 1:
            return SynthesizerMemory(last, record.sources["drive"][-2].clone())
        return SynthesizerMemory(last, None if memory is None else memory.step.sources["drive"][0])

    def _transitions(
        self, area: Area, record: Record, earlier: Float[Tensor, "batch drive"] | None
    ) -> Transitions:
        """The steps of a record, given the drive before it; None if no step came before."""
        states = torch.cat([record.fields[name] for name in area.dynamics.outputs], dim=2)
        drive = record.sources["drive"]
        drives = torch.cat([(drive[0] if earlier is None else earlier)[None], drive])
        seen = [states, drives] if self.drive else [states]
        seen = torch.cat([*seen, torch.ones_like(states[..., :1])], dim=2)
        before = seen[:-1]
        if earlier is None:
            before = torch.cat([torch.zeros_like(before[:1]), before[1:]])
        linear = linearise(area, record).side_by_side()
        return Transitions(flat(before), flat(seen[1:]), flat(presynaptic(area, record)), linear)

    def _of_signal(
        self, area: Area, transitions: Transitions, state_bar: Float[Tensor, "step state"]
    ) -> tuple[Float[Tensor, "target source"], Float[Tensor, "state seen"]]:
        """Gradients of the weights, and of the synthesizer.

        Those of its target alone: the part that its own prediction adds is in `gradients`.
        """
        credit = through_transposes(area, transitions.linear, 0, state_bar)[1]
        target = self.back(area, transitions, state_bar)
        return credit.t() @ transitions.sources, -target.t() @ transitions.seen
