"""Brains on their way: one training, looked at after some numbers of changes of the weights."""

import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, merge, read_config
from brainmodel.command_line.train_command import CommandLine, usual
from brainmodel.training.module import brain_of


class Snapshots(pl.Callback):
    """Keeps the weights after some numbers of changes.

    Args:
        steps: these numbers; 0 is the brain as it begins.
    """

    def __init__(self, steps: Sequence[int]) -> None:
        self.steps = set(steps)
        self.kept: dict[int, dict[str, Tensor]] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep those of the beginning."""
        self._keep(0, pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Keep those after a step."""
        self._keep(trainer.global_step, pl_module)

    def _keep(self, step: int, module: Any) -> None:
        if step in self.steps:
            self.kept[step] = deepcopy(brain_of(module).state_dict())


def brains_along(config: str, steps: Sequence[int], seed: int) -> Iterator[tuple[int, Brain]]:
    """The brain of a shipped config in one training, after each of some numbers of steps.

    Seeds draw other weights and other streams; the learning rate falls until the last step.
    """
    kept = "benchmarks._stages.Snapshots"
    with tempfile.TemporaryDirectory() as folder:
        trainer: Config = {
            "max_steps": max(steps),
            "max_time": None,
            "default_root_dir": folder,
            "logger": False,
            "enable_progress_bar": False,
            "enable_checkpointing": False,
            "limit_val_batches": 0,
            "callbacks": [{"class_path": kept, "init_args": {"steps": list(steps)}}],
        }
        changes: Config = {
            "seed_everything": seed,
            "data": {"init_args": {"seed": seed}},
            "trainer": trainer,
            "report": {"scenes": 0},
        }
        merged = merge(merge(usual("fit", [config]), read_config(config)), changes)
        command = CommandLine("fit", merged, [])
    callbacks: list[pl.Callback] = command.trainer.callbacks  # type: ignore[attr-defined]
    snapshots = next(c for c in callbacks if isinstance(c, Snapshots))
    brain = brain_of(command.model)
    for step in steps:
        brain.load_state_dict(snapshots.kept[step])
        yield step, brain
