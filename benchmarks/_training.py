"""Training of shipped configs by benchmarks: quiet, and with nothing written but what they ask."""

import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, TypeVar

import pytorch_lightning as pl
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, merge, read_config
from brainmodel.command_line.train_command import CommandLine, usual
from brainmodel.training.module import brain_of

Kind = TypeVar("Kind", bound=pl.Callback)


def fit(config: str | Config, changes: Config, seed: int, steps: int | None = None) -> CommandLine:
    """Train the brain of a config; seeds draw other weights and other streams.

    Args:
        config: the name of a shipped one, or what it would say.
        changes: merged over it.
        seed: of weights and streams.
        steps: changes of the weights; as the config has it unless given.
    """
    with tempfile.TemporaryDirectory() as folder:
        usually: Config = {
            "seed_everything": seed,
            "data": {"init_args": {"seed": seed}},
            "trainer": {
                "max_time": None,
                "default_root_dir": folder,
                "logger": False,
                "enable_progress_bar": False,
                "enable_checkpointing": False,
                "limit_val_batches": 0,
            },
            "report": {"scenes": 0},
        }
        if steps is not None:
            usually["trainer"]["max_steps"] = steps
        named = isinstance(config, str)
        own = read_config(config) if named else config
        shipped = merge(usual("fit", [config] if named else []), own)
        return CommandLine("fit", merge(merge(shipped, changes), usually), [])


def callback(command: CommandLine, kind: type[Kind]) -> Kind:
    """The callback of a kind that a training had."""
    callbacks: list[pl.Callback] = command.trainer.callbacks  # type: ignore[attr-defined]
    return next(found for found in callbacks if isinstance(found, kind))


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
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keep those after a step."""
        self._keep(trainer.global_step, pl_module)

    def _keep(self, step: int, module: Any) -> None:
        if step in self.steps:
            self.kept[step] = deepcopy(brain_of(module).state_dict())


def brains_along(config: str, steps: Sequence[int], seed: int) -> Iterator[tuple[int, Brain]]:
    """The brain of a shipped config in one training, after each of some numbers of steps.

    The learning rate falls until the last step.
    """
    snapshots: Config = {
        "class_path": "benchmarks._training.Snapshots",
        "init_args": {"steps": list(steps)},
    }
    command = fit(config, {"trainer": {"callbacks": [snapshots]}}, seed, max(steps))
    kept, brain = callback(command, Snapshots).kept, brain_of(command.model)
    for step in steps:
        brain.load_state_dict(kept[step])
        yield step, brain
