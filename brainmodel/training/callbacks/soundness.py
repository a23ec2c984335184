"""Training stops where numbers end: losses, gradients and memories are watched at every step."""

import pytorch_lightning as pl

from brainmodel.training.callbacks.monitor import every
from brainmodel.training.finite_watch import FiniteWatch, watched
from brainmodel.training.module import BrainModule


class Soundness(pl.Callback):
    """Stops training when a loss, a gradient or a rule's memory is no longer finite.

    What each step made is looked at without waiting for the device. Whether it was finite is read
    every `trainer.log_every_n_steps` steps of the optimizer, before each checkpoint (by the module,
    so that none is written), and at the end.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin anew."""
        assert isinstance(pl_module, BrainModule)
        pl_module.finite = FiniteWatch(pl_module.finite.kept)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at all that this window made.

        Raises:
            NotFinite: when the log is written, if anything so far was not finite.
        """
        assert isinstance(pl_module, BrainModule)
        scaled = getattr(trainer.precision_plugin, "scaler", None) is not None
        state = pl_module.streams.state
        made = watched(pl_module.brain, pl_module.losses, state, gradients=not scaled)
        step = trainer.global_step + 1
        pl_module.finite.look(step, list(made))
        if step % every(trainer) == 0:
            pl_module.finite.require()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """See `on_after_backward`."""
        assert isinstance(pl_module, BrainModule)
        pl_module.finite.require()
