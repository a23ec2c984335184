"""The end of a step: what every checkpoint holds, whenever it is written.

Within a step, loops, loaders and streams run ahead of the weights; and an epoch that a limit cut
short counts as done. So the trainer's loops and the streams are remembered where a step of the
optimizer ended, and each checkpoint until the next such moment holds these. A run that is resumed
goes on with the window after it.
"""

from typing import Any

import pytorch_lightning as pl

from brainmodel.training.module import BrainModule


class StepEnds(pl.Callback):
    """Remembers where the last step of the optimizer ended, and has checkpoints hold that.

    Attributes:
        whole: whether weights and optimizer are those of the last step's end.
    """

    def __init__(self) -> None:
        self._step = -1
        self._loops: dict[str, Any] | None = None
        self.whole = True

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        """From here on weights change."""
        self.whole = False

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Remember, if the optimizer took a step."""
        assert isinstance(pl_module, BrainModule)
        if trainer.global_step != self._step:
            self._step = trainer.global_step
            self._loops = trainer.fit_loop.state_dict()
            pl_module.streams.keep()

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any, **__: Any) -> None:
        """What others did at the end of the step is done, too."""
        self.whole = True

    on_validation_start = on_train_batch_start

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """A run that is resumed begins at the end of a step."""
        if trainer.state.fn == "fit":
            self._step, self._loops = checkpoint["global_step"], checkpoint["loops"]["fit_loop"]

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Put the loops of the step's end into the checkpoint, as the module does the streams."""
        if self._loops is not None and self._step == trainer.global_step:
            checkpoint["loops"]["fit_loop"] = self._loops
