"""A window of literal steps, which autograd has recorded and can go back through.

It is the slow way through a window, and the one whose derivatives nobody has to know; the sweep
(`brainmodel.roll_out.sweep`) computes the same, and leaves the way back to rules.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas.record import Record, StepRecord
from brainmodel.environments import Reply
from brainmodel.wiring.engine import Engine, Plain
from brainmodel.wiring.environments import labels_of_replies
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class LiteralWindow:
    """A brain's way through a window, step by step.

    Args:
        brain: the brain.
        inputs: by name, [time, batch, ...].
        reset: [time, batch] bool.
        start: the state before the window.
        cut: by area, whether to hide its recurrent synapses from autograd (see `Area.take`).
        engine: what takes the steps.
    """

    def __init__(
        self,
        brain: Wiring,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        start: BrainState,
        cut: Callable[[str], bool] = lambda area: False,
        engine: Engine | None = None,
    ):
        self._learnt = {name: p for name, p in brain.named_parameters() if p.requires_grad}
        self._breaks = tuple(brain.breaks(reset))
        self._keep = (~reset).to(brain.dtype) if any(self._breaks) else None
        self._steps: list[dict[str, StepRecord]] = []
        self._replies: list[dict[str, Reply]] = []
        self._worlds, self._engine = brain.environments, engine or Plain()
        with torch.enable_grad():
            self._start = start._replace(areas=tree_map_only(Tensor, _leaf, start.areas))
            self._after = self._start
            for t in range(len(reset)):
                seen = {name: signal[t] for name, signal in inputs.items()}
                found = self._engine.step(brain, seen, reset[t], self._after, cut)
                self._steps.append(found[0])
                self._replies.append(found[1])
                self._after = found[2]

    def records(self) -> dict[str, Record]:
        """The record of the window, by area; detached."""
        with torch.no_grad():
            kept = self._keep, self._breaks
            return {
                name: Record.of_steps([took[name] for took in self._steps], before, *kept)
                for name, before in self._start.areas.items()
            }

    def states(self) -> dict[str, Any]:
        """States of the cells after the window, by area; detached."""
        return tree_map_only(Tensor, torch.detach, self._after.areas)

    def delayed(self) -> dict[str, Tensor]:
        """Messages still under way after the window, by pathway; detached."""
        return tree_map_only(Tensor, torch.detach, self._after.delayed)

    def environments(self) -> dict[str, Any]:
        """States of environments after the window, by name; detached."""
        return tree_map_only(Tensor, torch.detach, self._after.environments)

    def labels(self) -> dict[str, Tensor]:
        """Labels that environments gave, [time, batch, ...] by name; detached."""
        told = [labels_of_replies(self._worlds, replies) for replies in self._replies]
        return {name: torch.stack([own[name].detach() for own in told]) for name in told[0]}

    def gradients(
        self,
        derivatives: Mapping[str, Sequence[Tensor]],
        by_labels: Mapping[str, Tensor] | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
        """Gradients by autograd; it may be asked several times.

        Args:
            derivatives: of the loss, by area: by its drive, prediction, error and rate, each of
                them by itself, [time, batch, ...].
            by_labels: of the loss, by label of an environment, likewise.

        Returns:
            gradients by the names of the brain's parameters; derivatives by the state before the
            window, by area and field. What the loss does not depend on is left out of both.
        """
        shown, bars = [], []
        for t, took in enumerate(self._steps):
            for name, step in took.items():
                for value, bar in zip(step.activity, derivatives[name], strict=True):
                    if value.requires_grad:
                        shown.append(value)
                        bars.append(bar[t])
        for t, replies in enumerate(self._replies):
            told = labels_of_replies(self._worlds, replies)
            for name, bar in (by_labels or {}).items():
                if told[name].requires_grad:
                    shown.append(told[name])
                    bars.append(bar[t])
        wanted = [*self._learnt.values(), *chain(*self._start.areas.values())]
        with self._engine.back():
            ways = torch.autograd.grad(shown, wanted, bars, retain_graph=True, allow_unused=True)
        made = iter(ways)
        found = dict(zip(self._learnt, made, strict=False))
        before = {
            name: dict(zip(state._fields, made, strict=False))
            for name, state in self._start.areas.items()
        }
        return _given(found), {name: _given(bars) for name, bars in before.items()}


def _given(gradients: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
    """Without those that are none."""
    return {name: gradient for name, gradient in gradients.items() if gradient is not None}


def _leaf(value: Tensor) -> Tensor:
    """A copy that autograd gives derivatives by."""
    return value.detach().clone().requires_grad_()
