"""What must stay finite in training, watched at every step without waiting for the device.

Each step leaves one flag per watched tensor on the device; they are read when somebody asks, which
is when the device is waited for. The first step with a flag that is down is the one to name, and
within it the first tensor: later ones may only have caught it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from brainmodel.brain import Brain
from brainmodel.errors import NotFinite
from brainmodel.wiring.parameter_names import take_apart
from brainmodel.wiring.state import BrainState

MOST_UNREAD = 100
"""Steps after which flags are read although nobody asked."""


class Watched(NamedTuple):
    """A tensor that must stay finite."""

    name: str  # where in the config it belongs and what it is; several tensors may share it
    value: Tensor


class Look(NamedTuple):
    """What one step left."""

    step: int  # of the optimizer, from 1
    names: list[str]
    finite: Tensor  # [name] bool, on the device


class KeptCheckpoint(NamedTuple):
    """A checkpoint that was written or read."""

    path: str
    step: int | None  # of the optimizer

    def __str__(self) -> str:
        return f"{self.path}, of step {self.step}"


class FiniteWatch:
    """Flags of the steps since they were last read.

    Attributes:
        kept: the last checkpoint that was written or read; None where there is none.
    """

    def __init__(self, kept: KeptCheckpoint | None = None) -> None:
        self.kept = kept
        self._unread: list[Look] = []
        self._found: str | None = None

    def look(self, step: int, watched: Sequence[Watched]) -> None:
        """Note which tensors are finite at a step; waits for the device every `MOST_UNREAD` steps.

        Args:
            step: of the optimizer, from 1.
            watched: in the order in which to blame them.

        Raises:
            NotFinite: see `require`.
        """
        if watched:
            finite = torch.stack([value.sum().isfinite() for _, value in watched])
            self._unread.append(Look(step, [name for name, _ in watched], finite))
        if len(self._unread) >= MOST_UNREAD:
            self.require()

    def require(self) -> None:
        """Refuse to go on if anything was not finite at any step so far; waits for the device.

        Raises:
            NotFinite: naming what was not finite first, and the step.
        """
        unread, self._unread = self._unread, []
        if unread and not bool(torch.cat([look.finite for look in unread]).all()):
            look = next(look for look in unread if not bool(look.finite.all()))
            name = look.names[look.finite.tolist().index(False)]
            self._found = self._found or f"{name} is not finite at step {look.step}"
        if self._found is not None:
            before = f"{self.kept} is kept" if self.kept else "no checkpoint was saved before it"
            raise NotFinite(
                f"{self._found}; {before}; a smaller learning rate or trainer.gradient_clip_val "
                "may help"
            )

    def require_finite(self, checkpoint: Mapping[str, Any]) -> None:
        """Refuse to save weights or an optimizer's memory that are not finite.

        Raises:
            NotFinite: naming the first.
        """
        self.require()
        named = {f"{name}: a weight": value for name, value in checkpoint["state_dict"].items()}
        for optimizer in checkpoint.get("optimizer_states", ()):
            groups = {
                i: group["name"] for group in optimizer["param_groups"] for i in group["params"]
            }
            for index, memory in optimizer["state"].items():
                own = {k: v for k, v in memory.items() if isinstance(v, Tensor)}
                named |= {f"{groups[index]}: the optimizer's {k}": v for k, v in own.items()}
        for name, value in named.items():
            if value.is_floating_point() and not bool(value.isfinite().all()):
                self._found = f"{name} is not finite at step {checkpoint['global_step']}"
                self.require()


def watched(
    brain: Brain, losses: Any, state: BrainState | None, *, gradients: bool
) -> Iterator[Watched]:
    """All that must stay finite, in the order in which to blame it.

    Args:
        brain: the brain.
        losses: as `Brain.losses` gives them.
        state: after the window.
        gradients: whether they count (not where mixed precision scales them, and skips such steps).
    """
    for place, own in losses.items():
        for name, loss in own.items():
            area = "groups" if place == "groups" else f"areas.{place}.objectives"
            yield Watched(f"{area}.{name}: the loss", loss.detach())
    if state is not None:
        for area, memory in state.memories.items():
            yield from _tensors_of(memory, f"areas.{area}.rule", brain.rule(area))
        for area, memory in state.modulators.items():
            yield from _tensors_of(memory, f"areas.{area}.modulator", brain.modulator(area))
    if gradients:
        for name, parameter in brain.named_parameters():
            if parameter.grad is not None:
                yield Watched(whose(brain, name), parameter.grad)


def _tensors_of(memory: Any, place: str, part: object) -> Iterator[Watched]:
    name = f"{place}: the memory of {type(part).__name__}"
    for leaf in tree_leaves(memory):
        if isinstance(leaf, Tensor) and leaf.is_floating_point():
            yield Watched(name, leaf)


def whose(brain: Brain, parameter: str) -> str:
    """What the gradient of a parameter is called: its area, its rule or objective, its name."""
    section, area, key = take_apart(parameter)
    if section in ("areas", "rules"):
        rule = type(brain.rule(area)).__name__
        return f"areas.{area}.rule: the gradient that {rule} gives {key}"
    if section == "objectives":
        objective, _, own = key.partition(".")
        return f"areas.{area}.objectives.{objective}: the gradient of {own}"
    return f"{section}.{area}: the gradient of {key}"
