"""Going on from a checkpoint: a time limit counts anew, the config's learning rates hold, and both
are said; so do the other options of its optimizer, such as weight decay."""

from datetime import timedelta
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer
from pytorch_lightning.utilities import rank_zero_only
from torch.optim.lr_scheduler import LambdaLR

from brainmodel.training.module import BrainModule
from brainmodel.training.resumable import require_resumable
from brainmodel.training.same_brain import learns_otherwise, shows_otherwise

OF_A_RUN = ("params", "name", "lr", "initial_lr")
"""What a group of parameters has besides the options of its optimizer."""


class Resuming(pl.Callback):
    """Says from where a resumed run goes on, for how long, at which rates, and what is new."""

    def __init__(self) -> None:
        self._resumed = self._anew = False
        self._otherwise: list[str] = []

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Forget the time that the run before took: `trainer.max_time` is that of each run.

        Raises:
            Refused: if training cannot go on from the checkpoint as if it had not stopped.
        """
        if trainer.state.fn == "fit":
            assert isinstance(pl_module, BrainModule)
            data = trainer.datamodule  # type: ignore[attr-defined]
            require_resumable(checkpoint, pl_module, trainer, getattr(data, "batch_size", None))
            self._resumed = True
            checkpoint["callbacks"].pop(Timer.__qualname__, None)
            self._anew = not checkpoint["streams"]
            self._otherwise = learns_otherwise(checkpoint, pl_module.hparams)
            self._otherwise += shows_otherwise(checkpoint, getattr(data, "hparams", {}))
            self._say_if_done(trainer, checkpoint["global_step"])

    @rank_zero_only
    def _say_if_done(self, trainer: pl.Trainer, step: int) -> None:
        """Lightning would go on to the table without a word, and without another hook."""
        if 0 <= trainer.max_steps <= step:
            print(
                f"\nNothing is learnt: trainer.max_steps is {trainer.max_steps}, and "
                f"{trainer.ckpt_path} is of step {step}; give more."
            )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the learning rates where the config has them after so many steps, and its options."""
        if not self._resumed:
            return
        fresh = pl_module.optimizer(pl_module.parts)  # type: ignore[operator, union-attr]
        for group, of_config in zip(
            trainer.optimizers[0].param_groups, fresh.param_groups, strict=True
        ):
            group |= {k: v for k, v in of_config.items() if k not in OF_A_RUN}
        groups = trainer.optimizers[0].param_groups
        usual = [group["lr"] for group in pl_module.parts]  # type: ignore[union-attr]
        ends = usual
        for schedule in (config.scheduler for config in trainer.lr_scheduler_configs):
            assert isinstance(schedule, LambdaLR)
            schedule.base_lrs, schedule.last_epoch = list(usual), trainer.global_step
            pace = schedule.lr_lambdas[0]
            ends = [rate * pl_module.final for rate in usual]  # type: ignore[operator]
            usual = [rate * pace(trainer.global_step) for rate in usual]
        for group, rate in zip(groups, usual, strict=True):
            group["lr"] = rate
        self._say(
            trainer, {g["name"]: rates for g, *rates in zip(groups, usual, ends, strict=True)}
        )

    @rank_zero_only
    def _say(self, trainer: pl.Trainer, rates: dict[str, list[float]]) -> None:
        limits = [f"step {trainer.max_steps}"] if trainer.max_steps != -1 else []
        limits += [f"epoch {trainer.max_epochs}"] if trainer.max_epochs not in (-1, None) else []
        until = f", until {' or '.join(limits)}" if limits else ""
        for timer in (c for c in trainer.callbacks if isinstance(c, Timer)):  # type: ignore[attr-defined]
            left = timer.time_remaining()
            until += "" if left is None else f", for {timedelta(seconds=round(left))} at most"
        print(f"\nGoes on after step {trainer.global_step} of {trainer.ckpt_path}{until}.")
        if self._anew:
            print("Its streams begin anew: the checkpoint has none.")
        for sentence in self._otherwise:
            print(sentence)
        for (now, end), names in _alike(rates).items():
            later = "" if now == end else f", {end:.3g} at the end"
            print(f"Learning rate of {', '.join(names)}: {now:.3g} now{later}.")


def _alike(rates: dict[str, list[float]]) -> dict[tuple[float, ...], list[str]]:
    """Names by their rates."""
    found: dict[tuple[float, ...], list[str]] = {}
    for name, own in rates.items():
        found.setdefault(tuple(own), []).append(name)
    return found
