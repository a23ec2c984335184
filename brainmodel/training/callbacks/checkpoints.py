"""Checkpoints: `last.ckpt` is always that of the last step, and nothing broken is saved as good."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.plugins.io import TorchCheckpointIO

from brainmodel.errors import NotFinite
from brainmodel.training.callbacks.step_ends import StepEnds
from brainmodel.training.checkpoint_files import WholeFiles
from brainmodel.training.finite_watch import KeptCheckpoint
from brainmodel.training.module import BrainModule
from brainmodel.training.processes import rank_and_count


class Checkpoints(ModelCheckpoint):
    """Lightning's checkpoints, of the end of the last step, whole and finite.

    When training ends or is stopped, the last step is saved as `last.ckpt` if it is not yet. After
    an error it is, too, where weights are still those of its end and no other process has to be
    asked for its streams; else the checkpoint before it stands, and is named.
    """

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """See the parent; files are put in their place in one go."""
        super().setup(trainer, pl_module, stage)
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = WholeFiles()

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """The checkpoint from which a run goes on is kept, whatever becomes of it."""
        if isinstance(pl_module, BrainModule) and trainer.ckpt_path is not None:
            pl_module.finite.kept = KeptCheckpoint(
                str(trainer.ckpt_path), checkpoint.get("global_step")
            )

    def save_step(self, trainer: pl.Trainer) -> None:
        """Save the last step, unless it is saved; all processes together.

        Raises:
            NotFinite: if something is not finite; then nothing is saved.
            OSError: if the file cannot be written.
        """
        if self._should_skip_saving_checkpoint(trainer) or trainer.global_step == 0:
            return
        found = self._monitor_candidates(trainer)
        if self.save_last:
            self._last_checkpoint_saved = ""  # a link would lead to an earlier step
            self._save_last_checkpoint(trainer, found)
        else:
            self._save_checkpoint(trainer, self.format_checkpoint_name(found))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the last step."""
        if self.save_last:
            self.save_step(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """After an error, save the last step if it can be had, and say what there is."""
        if not isinstance(exception, Exception | KeyboardInterrupt):
            return
        callbacks = trainer.callbacks  # type: ignore[attr-defined]
        untouched = all(each.whole for each in callbacks if isinstance(each, StepEnds))
        untouched = untouched and rank_and_count()[1] == 1
        if (
            self._should_save_on_exception(trainer)
            and untouched
            and isinstance(exception, Exception)
        ):
            with suppress(NotFinite, OSError):  # the exception tells what is wrong
                self.save_step(trainer)
        told = isinstance(exception, NotFinite) or trainer.global_step == 0
        if rank_and_count()[0] == 0 and not told:
            print(last_of(pl_module), file=sys.stderr)

    def _save_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        super()._save_checkpoint(trainer, filepath)
        if isinstance(trainer.lightning_module, BrainModule):
            shown = Path(filepath)
            if shown.is_absolute() and shown.is_relative_to(Path.cwd()):
                shown = shown.relative_to(Path.cwd())
            trainer.lightning_module.finite.kept = KeptCheckpoint(str(shown), trainer.global_step)


def last_of(module: pl.LightningModule) -> str:
    """A sentence that names the last checkpoint that was written or read."""
    assert isinstance(module, BrainModule)
    kept = module.finite.kept
    return f"The last checkpoint is {kept}." if kept else "No checkpoint was saved."
