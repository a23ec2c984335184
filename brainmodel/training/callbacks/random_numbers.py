"""The random numbers of training: independent of what happens between steps, saved in checkpoints.

Validation, loaders and pictures may draw from the global generators. Training steps would then
depend on how often one validates, and a resumed run would differ from an uninterrupted one.
"""

import random
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from brainmodel.training.processes import gather, rank_and_count


class Generators(NamedTuple):
    """States of Python's, NumPy's and PyTorch's global generators."""

    python: Any
    numpy: Any
    torch: Tensor
    cuda: list[Tensor]


def current() -> Generators:
    """The states as they are."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return Generators(random.getstate(), np.random.get_state(), torch.get_rng_state(), cuda)


def restore(states: Generators) -> None:
    """Put the generators into these states."""
    random.setstate(states.python)
    np.random.set_state(states.numpy)
    torch.set_rng_state(states.torch)
    if states.cuda:
        torch.cuda.set_rng_state_all(states.cuda)


def as_containers(states: Generators) -> dict[str, Any]:
    """States as containers that PyTorch's safe load reads."""
    version, words, gauss = states.python
    kind, keys, *rest = states.numpy
    return {
        "python": [version, list(words), gauss],
        "numpy": [kind, keys.tolist(), *rest],
        "torch": states.torch,
        "cuda": states.cuda,
    }


def states_of(content: dict[str, Any]) -> Generators:
    """The states that `as_containers` made containers of."""
    version, words, gauss = content["python"]
    kind, keys, *rest = content["numpy"]
    numpy = (kind, np.array(keys, dtype=np.uint32), *rest)
    cuda = [state.cpu() for state in content["cuda"]]
    return Generators((version, tuple(words), gauss), numpy, content["torch"].cpu(), cuda)


class RandomNumbers(pl.Callback):
    """Gives training steps random numbers of their own, and saves their state in checkpoints."""

    def __init__(self) -> None:
        self._own: Generators | None = None  # after the last window
        self._kept: Generators | None = None  # after the last window that ended a step
        self._step = 0

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Begin with the generators as building the brain left them."""
        self._own = self._kept = current()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Go on where the step before ended."""
        if self._own is not None:
            restore(self._own)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Remember where this window ends, and where a step of the optimizer does."""
        self._own = current()
        if trainer.global_step != self._step:
            self._step, self._kept = trainer.global_step, self._own

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the states of each process at the end of the last step."""
        checkpoint["random_numbers"] = gather(as_containers(self._kept or current()))

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Go on from the checkpoint, if it is of as many processes as this run."""
        here, count = rank_and_count()
        saved = checkpoint.get("random_numbers", [])
        if len(saved) == count and trainer.state.fn == "fit":
            self._own = self._kept = states_of(saved[here])
            self._step = checkpoint["global_step"]
