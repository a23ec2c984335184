"""The progress bar: losses under short names, nothing else."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import TQDMProgressBar

SHORT = {"loss/total": "loss", "held_out_loss/total": "held_out"}


class Progress(TQDMProgressBar):
    """Lightning's bar.

    Args:
        refresh_rate: steps between two changes of the bar.
    """

    def __init__(self, refresh_rate: int = 5):
        super().__init__(refresh_rate=refresh_rate)

    def get_metrics(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, Any]:
        """What stands beside the bar."""
        found = super().get_metrics(trainer, pl_module)
        return {short: found[name] for name, short in SHORT.items() if name in found}
