"""The random numbers of a run, kept in checkpoints: resuming goes on with the same ones."""

import random
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from brainmodel.training.checkpoint import gather, place


class RandomNumbers(pl.Callback):
    """Saves and restores the states of Python's, NumPy's and PyTorch's global generators."""

    def __init__(self) -> None:
        self._saved: list[dict[str, Any]] = []

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the states of each process."""
        checkpoint["random_numbers"] = gather(current())

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the states until training goes on."""
        self._saved = checkpoint.get("random_numbers", [])

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Go on with the saved states at the first window after resuming."""
        here, count = place()
        if len(self._saved) == count:
            restore(self._saved[here])
        self._saved = []


def current() -> dict[str, Any]:
    """States of all global generators, in plain containers of numbers and tensors."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(words), gauss],
        "numpy": [kind, np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore(states: dict[str, Any]) -> None:
    """Put the generators into the states that `current` gave."""
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(states["torch"].cpu())
    if torch.cuda.is_available() and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([state.cpu() for state in states["cuda"]])
