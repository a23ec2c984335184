"""Stopping from outside: ctrl-C, SIGTERM and SIGUSR1 end training between two steps.

A signal is only noted. Before the next window all processes of the run agree on whether one of them
has one; then the last step is saved, and all of them leave. A second ctrl-C does not wait.

SIGUSR1 is what SLURM sends before the time of a job is over. The run is saved in its own folder and
not queued anew: the next job goes on with `--ckpt_path`.
"""

import multiprocessing
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, NoReturn

import pytorch_lightning as pl
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from brainmodel.errors import Stopped
from brainmodel.training.callbacks.checkpoints import Checkpoints, last_of
from brainmodel.training.processes import any_process, rank_and_count

HEARD = {"SIGINT": "ctrl-C", "SIGTERM": "SIGTERM", "SIGUSR1": "SIGUSR1"}
PATIENCE = 20.0  # s that a step may take once the process that started this one is gone


class Stopping(pl.Callback):
    """Ends training between two steps when a signal asks for it, with the last step saved."""

    def __init__(self) -> None:
        self._asked = 0  # number of the signal
        self._before: dict[int, Any] = {}
        self._over = threading.Event()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Follow the process that started this one, if it is of this run."""
        if was_started(trainer):
            threading.Thread(target=self._follow, args=(os.getppid(),), daemon=True).start()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Follow no more."""
        self._over.set()

    def on_sanity_check_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Listen, in the place of Lightning, whose handlers make processes wait for each other."""
        if threading.current_thread() is threading.main_thread() and not self._before:
            for name in HEARD:
                number = getattr(signal, name, None)  # Windows has no SIGUSR1
                if number is not None:
                    self._before[number] = signal.signal(number, self._note)

    on_train_start = on_sanity_check_start

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        """Stop here, between two steps, if a process was asked to.

        Raises:
            Stopped: on all processes.
        """
        asked = any_process(self._asked, trainer.strategy.root_device)
        if asked:
            for callback in trainer.checkpoint_callbacks:
                if isinstance(callback, Checkpoints):
                    callback.save_step(trainer)
            self._leave(trainer, pl_module, asked)

    on_validation_batch_start = on_train_batch_start

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Listen no more."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Listen no more."""
        self.on_train_end(trainer, pl_module)
        self._over.set()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self._asked == signal.SIGINT:
            raise KeyboardInterrupt
        if number == signal.SIGINT:
            os.write(2, b"\nStopping after this step; ctrl-C again stops at once.\n")
        self._asked = number

    def _leave(self, trainer: pl.Trainer, module: pl.LightningModule, asked: int) -> NoReturn:
        if not trainer.is_global_zero:
            raise Stopped(0)  # whoever watches over the processes need not end the others
        word = HEARD[signal.Signals(asked).name]
        print(
            f"\nStopped by {word} after {trainer.global_step} steps. {last_of(module)}",
            file=sys.stderr,
        )
        raise Stopped(128 + asked)

    def _follow(self, parent: int) -> None:
        """End with the process that started this one: between two steps, or soon."""
        while not self._over.wait(1.0):
            if os.getppid() != parent:
                self._asked = self._asked or signal.SIGTERM
                if not self._over.wait(PATIENCE):
                    rank = rank_and_count()[0]
                    os.write(2, b"Process %d ends: the one that started it is gone.\n" % rank)
                    os._exit(1)
                return


def was_started(trainer: pl.Trainer) -> bool:
    """Whether another process of this run started this one."""
    if trainer.world_size == 1:
        return False
    environment = getattr(trainer.strategy, "cluster_environment", None)
    popened = isinstance(environment, LightningEnvironment) and trainer.local_rank > 0
    return popened or multiprocessing.parent_process() is not None
