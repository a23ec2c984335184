"""Held-out curves of a run, kept in memory for whoever trains it from Python."""

import pytorch_lightning as pl

HELD_OUT = "held_out_"
"""What the names of the curves begin with."""


class Curves(pl.Callback):
    """Keeps what is logged of held-out streams after each validation."""

    def __init__(self) -> None:
        self.points: dict[str, dict[int, float]] = {}  # by name, by step

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep a point of each curve."""
        if trainer.sanity_checking:
            return
        for name, value in trainer.callback_metrics.items():
            if name.startswith(HELD_OUT):
                self.points.setdefault(name, {})[trainer.global_step] = float(value)
