"""Training stops where numbers end: losses, gradients and memories are watched at every step."""

from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor
from torch.utils._pytree import tree_leaves

from brainmodel.brain import Brain
from brainmodel.errors import NotFinite
from brainmodel.training.module import BrainModule
from brainmodel.wiring.parameter_names import take_apart
from brainmodel.wiring.state import BrainState


class Soundness(pl.Callback):
    """Stops training before weights take a step that is no number."""

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at all that this window made.

        Raises:
            NotFinite: naming the area, the step, and the objective or rule.
        """
        assert isinstance(pl_module, BrainModule)
        scaled = getattr(trainer.precision_plugin, "scaler", None) is not None
        places = dict(
            watched(pl_module.brain, pl_module.losses, pl_module.streams.state, not scaled)
        )
        if bool(torch.stack([value.sum().isfinite() for value in places.values()]).all()):
            return
        place = next(place for place, value in places.items() if not value.isfinite().all())
        raise NotFinite(
            f"{place} is not finite at step {trainer.global_step + 1}; the checkpoint before it is "
            "kept; a smaller learning rate or trainer.gradient_clip_val may help"
        )


class Checkpoints(ModelCheckpoint):
    """Lightning's checkpoints; what is no longer finite is not saved over what was."""

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Save, unless training stopped because something was not finite."""
        if not isinstance(exception, NotFinite):
            super().on_exception(trainer, pl_module, exception)


def watched(
    brain: Brain, losses: Any, state: BrainState | None, gradients: bool
) -> Iterator[tuple[str, Tensor]]:
    """All that must stay finite, by what it is, in the order in which to blame it.

    Args:
        brain: the brain.
        losses: as `Brain.losses` gives them.
        state: after the window.
        gradients: whether they count (not where mixed precision scales them, and skips such steps).
    """
    for place, own in losses.items():
        for name, loss in own.items():
            area = "groups" if place == "groups" else f"areas.{place}.objectives"
            yield f"{area}.{name}: the loss", loss.detach()
    if state is not None:
        for kind, held in (("rules", state.memories), ("modulators", state.modulators)):
            for area, memory in held.items():
                part = brain.rule(area) if kind == "rules" else brain.modulator(area)
                name = f"areas.{area}.{kind[:-1]}: the memory of {type(part).__name__}"
                for k, leaf in enumerate(tree_leaves(memory)):
                    if isinstance(leaf, Tensor) and leaf.is_floating_point():
                        yield f"{name}{' ' * k}", leaf  # blanks tell its tensors apart
    if gradients:
        for name, parameter in brain.named_parameters():
            if parameter.grad is not None:
                yield whose(brain, name), parameter.grad


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
