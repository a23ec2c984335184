"""The Lightning module: a brain, its continuing streams, and one optimizer for all areas."""

from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any, Self

import pytorch_lightning as pl
import torch
from pytorch_lightning.cli import OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.engines import Engine
from brainmodel.environments import Environment
from brainmodel.pathways.pathway import Pathway
from brainmodel.schedules import Annealing, Weight
from brainmodel.scopes import Scope
from brainmodel.training.checkpoint import Streams, read_checkpoint, require_fit
from brainmodel.training.drawn_weights import drawn_weights
from brainmodel.training.finite_watch import FiniteWatch
from brainmodel.training.judged import judged
from brainmodel.training.lockstep import Sharing, given
from brainmodel.training.old_checkpoints import without_constants
from brainmodel.training.parameter_groups import parameter_groups, require_plain
from brainmodel.training.processes import mean_over_processes
from brainmodel.training.recorded_windows import RecordedWindows
from brainmodel.wiring.losses import Losses, require_objectives
from brainmodel.wiring.plan import AreaPlan
from brainmodel.wiring.state import BrainState
from objectives import GroupObjective


class BrainModule(pl.LightningModule):
    """A brain in training.

    Args:
        areas: what each area is to be, by name.
        pathways: what joins them, by name.
        inputs: shapes of the inputs by name; the command line takes them from the data.
        groups: objectives that several areas share, by name.
        group_weights: of these, by name: a number >= 0, or one with a schedule.
        scope: how far learning signals travel; within each area unless given.
        learning_rate: step size of the optimizer, where an area's plan gives none.
        learning_rates: where it differs, by kind of parameter ("predictor"), by area and kind
            ("V1.predictor"), by pathway ("pathways.NAME") or by shared objective ("groups.NAME");
            kinds are synapses, predictor, objective, rule and pathway.
        optimizer: turns gradients into changes.
        final: the share of all learning rates that is left at the end of training, in (0, 1]; they
            fall to it along half a cosine over the steps of the trainer.
        environments: what areas act on, by name; the command line takes them from the data.
        falls_at: the share of the training after which they fall to `final` at once, in (0, 1);
            along half a cosine unless given.
        engine: what takes the literal steps of scope `Global`, or has whole windows recorded; they
            are computed as they are written unless given.

    Raises:
        ValueError: if areas, pathways and objectives do not fit, a learning rate is not positive,
            `final` is not in (0, 1] or `falls_at` not in (0, 1).
    """

    def __init__(
        self,
        areas: dict[str, AreaPlan],
        pathways: dict[str, Pathway],
        inputs: dict[str, list[int]],
        groups: dict[str, GroupObjective] | None = None,
        group_weights: dict[str, float | Weight] | None = None,
        scope: Scope | None = None,
        learning_rate: float = 1e-3,
        learning_rates: dict[str, float] | None = None,
        optimizer: OptimizerCallable = torch.optim.Adam,
        final: float = 1.0,
        environments: dict[str, Environment] | None = None,
        falls_at: float | None = None,
        engine: Engine | None = None,
    ):
        super().__init__()
        if not 0 < final <= 1:
            raise ValueError(f"final: need a share of the learning rates in (0, 1], got {final}")
        if falls_at is not None and not 0 < falls_at < 1:
            raise ValueError(f"falls_at: need a share of the training in (0, 1), got {falls_at}")
        areas = {
            name: deepcopy(plan) for name, plan in areas.items()
        }  # defaults are shared objects
        shared = groups, group_weights, environments
        self.brain = Brain(areas, pathways, inputs, scope, *shared, engine)
        own = {name: plan.learning_rate for name, plan in areas.items()}
        self.parts = parameter_groups(self.brain, own, learning_rate, learning_rates or {})
        self.optimizer, self.final, self.falls_at = optimizer, final, falls_at
        self.streams, self.windows = Streams(), RecordedWindows()
        self.drawn_weights = drawn_weights(self.state_dict())
        self.finite = FiniteWatch()
        self.losses: Losses = {}  # of the window that is being learnt from
        self.held_out: BrainState | None = None
        self.share: Sharing | None = None  # of runs in lockstep

    def setup(self, stage: str) -> None:
        """Refuse a brain without objectives before anything is done."""
        require_objectives(self.brain)

    def training_step(self, window: Window, index: int) -> dict[str, Any]:
        """The loss of one window, whose streams go on from the window before."""
        if self.share is not None:
            step = self.share(self.brain, window)
            self.losses = step.losses
            loss = self._log(self.losses, window, "loss")
            loss = given(loss, self.brain, step.gradients)
            return {"loss": loss, "activities": step.activities}
        stream = self.streams.at(window.reset.shape[1], self.device)
        self.losses, activities, self.streams.state = self.windows.judged(
            self.brain, window, stream
        )
        return {"loss": self._log(self.losses, window, "loss"), "activities": activities}

    def validation_step(self, window: Window, index: int) -> dict[str, Any]:
        """The loss of one held-out window; these streams begin anew with each validation."""
        held_out = None if index == 0 else self.held_out
        losses, activities, self.held_out = judged(self.brain, window, held_out)
        loss = self._log(losses, window, "held_out_loss")
        return {"loss": loss, "activities": activities}

    test_step = validation_step

    def _log(self, losses: Losses, window: Window, group: str) -> Tensor:
        """Log each loss, the mean of all processes, without its weight; return the weighted sum."""
        named = {f"{group}/{a}.{k}": v for a, own in losses.items() for k, v in own.items()}
        weighed = self.brain.weigh(losses).values()
        total = torch.stack([value for own in weighed for value in own.values()]).sum()
        named[f"{group}/total"] = total
        means = mean_over_processes(torch.stack(list(named.values())))  # each has as many steps
        for (name, _), mean in zip(named.items(), means, strict=True):
            own = {"batch_size": window.reset.numel(), "prog_bar": name.endswith("/total")}
            self.log(name, mean, sync_dist=not self.training, **own)
        return total

    def on_after_backward(self) -> None:
        """Free the losses of the window, after callbacks have used them."""
        self.losses = {}

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Keep what is not plastic now as it is, whatever momentum the optimizer has."""
        for parameter in self.brain.still():
            parameter.grad = None
        for name in self.brain.areas:
            if self.brain.plasticity(name) == 0:
                own = (self.brain.areas[name].parameters(), self.brain.rules[name].parameters())
                for parameter in chain(*own, self.brain.scope.synapses_of(name)):
                    parameter.grad = None

    def configure_optimizers(self) -> Any:
        """One optimizer with a group of parameters for each area and kind, and its schedule."""
        optimizer = require_plain(self.optimizer(self.parts))
        if self.final == 1:
            return optimizer
        require_end(self.trainer, self.final)
        scheduler = LambdaLR(optimizer, self._pace)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def _pace(self, step: int) -> float:
        """The share of the learning rates after so many steps.

        Before the first step the trainer is not asked how many there will be: to know it, it would
        begin the loaders before they are told where to go on.
        """
        if step == 0:
            return 1.0
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        if self.falls_at is not None:
            return self.final if step >= self.falls_at * steps else 1.0
        return Annealing(steps, self.final).level(step)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """A step of the optimizer, then what the brain does after each (age, moving averages)."""
        super().optimizer_step(*args, **kwargs)
        self.brain.after_step()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Streams of all processes, states and traces included; how the weights were drawn.

        Raises:
            NotFinite: if anything was not finite since training began, or weights and the
                optimizer's memory are not; then nothing is saved.
        """
        self.finite.require_finite(checkpoint)
        checkpoint["streams"] = self.streams.gather()
        checkpoint["drawn_weights"] = self.drawn_weights

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights of another brain; keep the streams for when training goes on."""
        without_constants(checkpoint, self.brain, self.parts)
        require_fit(checkpoint["state_dict"], self.state_dict())
        self.streams.load(checkpoint.get("streams", []))
        if self._trainer is not None:  # weights of double precision are not to be rounded
            self._trainer.precision_plugin.convert_module(self)
        self.drawn_weights = checkpoint.get("drawn_weights", {})

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **kwargs: Any) -> Self:
        """See the parent.

        Raises:
            Refused: if the checkpoint names a class by a path that it no longer has.
        """
        if isinstance(checkpoint_path, str | Path) and Path(checkpoint_path).is_file():
            read_checkpoint(checkpoint_path)
        return super().load_from_checkpoint(checkpoint_path, *args, **kwargs)


def require_end(trainer: pl.Trainer, final: float) -> None:
    """Refuse learning rates that fall until the end of training, if training has no end.

    Raises:
        ValueError: naming the option that gives it an end.
    """
    if final < 1 and trainer.max_steps == -1 and trainer.max_epochs == -1:
        raise ValueError(
            f"model.final: is {final}, but training has no end; set trainer.max_steps, or final: 1"
        )


def brain_of(module: pl.LightningModule) -> Brain:
    """The brain that a callback's module trains."""
    assert isinstance(module, BrainModule)
    return module.brain
