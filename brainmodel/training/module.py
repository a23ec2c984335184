"""The Lightning module: a brain, its continuing streams, and one optimizer for all areas."""

from copy import deepcopy
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.cli import OptimizerCallable
from torch import Tensor

from brainmodel.brain import AreaPlan, Brain
from brainmodel.data.window import Window
from brainmodel.learning import Scope
from brainmodel.pathway import Pathway
from brainmodel.state import BrainState
from brainmodel.training.checkpoint import Streams, require_fit
from brainmodel.training.parameter_groups import parameter_groups, require_plain
from objectives import Activity, GroupObjective, Objective


class BrainModule(pl.LightningModule):
    """A brain in training.

    Args:
        areas: what each area is to be, by name.
        pathways: what joins them, by name.
        inputs: shapes of the inputs by name; the command line takes them from the data.
        groups: objectives that several areas share, by name.
        scope: how far learning signals travel; within each area unless given.
        learning_rate: step size of the optimizer, where an area's plan gives none.
        learning_rates: where it differs, by kind of parameter ("predictor"), by area and kind
            ("V1.predictor") or by shared objective ("groups.NAME"); kinds are synapses, predictor,
            objective and rule.
        optimizer: turns gradients into changes.
    """

    def __init__(
        self,
        areas: dict[str, AreaPlan],
        pathways: dict[str, Pathway],
        inputs: dict[str, list[int]],
        groups: dict[str, GroupObjective] | None = None,
        scope: Scope | None = None,
        learning_rate: float = 1e-3,
        learning_rates: dict[str, float] | None = None,
        optimizer: OptimizerCallable = torch.optim.Adam,
    ):
        super().__init__()
        areas = {
            name: deepcopy(plan) for name, plan in areas.items()
        }  # defaults are shared objects
        self.brain = Brain(areas, pathways, inputs, scope, groups)
        own = {name: plan.learning_rate for name, plan in areas.items()}
        self.parts = parameter_groups(self.brain, own, learning_rate, learning_rates or {})
        self.optimizer = optimizer
        self.streams = Streams()
        self.held_out: BrainState | None = None

    def training_step(self, window: Window, index: int) -> dict[str, Any]:
        """The loss of one window; its streams go on where the window before left them."""
        stream = self.streams.at(window.reset.shape[1], self.device)
        activities, self.streams.state = self.brain(window.inputs, window.reset, stream)
        activities = labelled(activities, window)
        return {"loss": self._judge(activities, window, "loss"), "activities": activities}

    def validation_step(self, window: Window, index: int) -> dict[str, Any]:
        """The loss of one held-out window; these streams begin anew with each validation."""
        held_out = None if index == 0 else self.held_out
        activities, self.held_out = self.brain(window.inputs, window.reset, held_out)
        activities = labelled(activities, window)
        loss = self._judge(activities, window, "held_out_loss")
        return {"loss": loss, "activities": activities}

    test_step = validation_step

    def _judge(self, activities: dict[str, Any], window: Window, group: str) -> Tensor:
        losses = self.brain.losses(activities)
        named = {f"{group}/{a}.{k}": v for a, own in losses.items() for k, v in own.items()}
        total = torch.stack(list(named.values())).sum()
        options: dict[str, Any] = {"batch_size": window.reset.numel()}
        self.log_dict(named, sync_dist=not self.training, **options)
        self.log(f"{group}/total", total, prog_bar=True, sync_dist=not self.training, **options)
        return total

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One optimizer with a group of parameters for each area and kind."""
        return require_plain(self.optimizer(self.parts))

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """A step of the optimizer, then what objectives do after each (moving averages)."""
        super().optimizer_step(*args, **kwargs)
        for named in (*self.brain.objectives.children(), self.brain.groups):
            for objective in named.children():
                cast(Objective | GroupObjective, objective).after_step()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Streams of all processes, states and traces included."""
        checkpoint["streams"] = self.streams.gather()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights of another brain; keep the streams for when training goes on."""
        require_fit(checkpoint["state_dict"], self.state_dict())
        self.streams.load(checkpoint.get("streams", []))


def labelled(activities: dict[str, Activity], window: Window) -> dict[str, Activity]:
    """What areas did, with the labels of the steps at which they did it, for tasks."""
    return {name: a._replace(labels=window.labels) for name, a in activities.items()}


def brain_of(module: pl.LightningModule) -> Brain:
    """The brain that a callback's module trains."""
    assert isinstance(module, BrainModule)
    return module.brain
