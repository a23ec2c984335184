"""A weight ledger of a run: what changed which synapses, as a file, as curves and as a table."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.errors import named
from brainmodel.plasticity.account import PROJECTION, SCALING, Account
from brainmodel.plasticity.ledger_table import LedgerRow, ledger_rows, ledger_text
from brainmodel.plasticity.weight_ledger import WeightLedger, watched
from brainmodel.training.callbacks.monitor import every
from brainmodel.training.callbacks.synaptic_scaling import SynapticScaling
from brainmodel.training.module import BrainModule, brain_of
from brainmodel.training.processes import mean_over_processes


class Ledger(pl.Callback):
    """Takes the changes of some synapses apart: by objective, momentum, decay, scaling, projection
    (see `brainmodel.plasticity`). It writes into the folder of the run, if there is one:

    ledger.csv: every `trainer.log_every_n_steps` steps, the changes since the last rows; a row for
        each group of synapses and component
    ledger.pt: at the end, the changes of all steps, for `brainmodel.plasticity.Account.load`

    and curves, as often: ledger_norm/GROUP.COMPONENT and ledger_along/GROUP.COMPONENT, its share of
    the whole change. At the end of training it prints the table of all steps.

    A step that is accounted for costs a backward pass for each objective (under scope Local, of the
    areas whose synapses these are) and one more. A run that goes on from a checkpoint begins a new
    account.

    Args:
        what: groups of synapses, as of `brainmodel.perturbation.Plasticity`: "V1.recurrent",
            "V1.E.recurrent", "LM_V1", "V1.predictor", "V1.read_out", "V1".
        every_n_steps: which steps of the optimizer are accounted for; all, unless given, and only
            then do the rows add up to what training changed.

    Raises:
        ValueError: if `every_n_steps` is below 1; when training begins, for synapses that there are
            not, for a second ledger, and for one behind SynapticScaling.
    """

    def __init__(self, what: str | Sequence[str], every_n_steps: int = 1):
        if every_n_steps < 1:
            raise ValueError(f"ledger.every_n_steps: need 1 or more, got {every_n_steps}")
        self.what = [what] if isinstance(what, str) else list(what)
        self.every_n_steps = every_n_steps
        self.account = Account()  # of all steps so far
        self.latest: dict[str, float] = {}  # of all steps, by curve; when training is over
        self._since = Account()  # of those since the last rows
        self._ledger: WeightLedger | None = None
        self._folder: Path | None = None

    def require(self, brain: Brain, callbacks: Iterable[object]) -> None:
        """Refuse synapses that there are not, and callbacks in an order that hides what they do.

        Raises:
            ValueError: in one sentence.
        """
        with named("ledger"):
            watched(brain, self.what)
        kinds = [type(callback) for callback in callbacks]
        if kinds.count(Ledger) > 1:
            raise ValueError("trainer.callbacks: need one Ledger, got several; give it all groups")
        if SynapticScaling in kinds and kinds.index(SynapticScaling) < kinds.index(Ledger):
            raise ValueError(
                "trainer.callbacks: Ledger comes after SynapticScaling, whose changes it would "
                "take for a projection; name it before"
            )

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Refuse what does not fit."""
        if stage == "fit":
            self.require(brain_of(pl_module), trainer.callbacks)  # type: ignore[attr-defined]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look on at the optimizer."""
        self._ledger = WeightLedger(brain_of(pl_module), self.what, trainer.optimizers[0])
        folder = trainer.log_dir  # on all processes: they agree on it
        if trainer.loggers and folder is not None and trainer.is_global_zero:
            self._folder = Path(folder)

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        """Ask for the gradients of objectives, if this step is accounted for."""
        assert isinstance(pl_module, BrainModule) and self._ledger is not None
        if (trainer.global_step + 1) % self.every_n_steps == 0:
            windows = trainer.accumulate_grad_batches
            weighed = pl_module.brain.weigh(pl_module.losses)
            self._ledger.split(
                {a: {k: v / windows for k, v in own.items()} for a, own in weighed.items()}
            )

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        """What all processes ask for is what the optimizer is given."""
        assert self._ledger is not None
        self._ledger.note(SCALING)  # whatever callbacks did to weights until now
        if trainer.world_size > 1:
            self._ledger.average(mean_over_processes)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any, **__: Any) -> None:
        """What changed since the optimizer's step, the brain did after it."""
        assert self._ledger is not None
        self._ledger.note(PROJECTION)

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any, **__: Any) -> None:
        """What changed since then, other callbacks did at the end of the step."""
        self._close(trainer, trainer.global_step % every(trainer) == 0)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """See `on_train_batch_start`."""
        self._close(trainer, False)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the last rows, and print the table of all steps."""
        self._close(trainer, True)
        if not self.account.steps:
            return
        rows = self._rows(self.account)
        self.latest = _curves(rows)
        if trainer.is_global_zero:
            done, of = self.account.steps, f"of {trainer.global_step} steps"
            print(f"\nChanges of weights by cause, in {done} {of}:\n{ledger_text(rows)}")
        if self._folder is not None:
            self.account.save(self._folder / "ledger.pt")

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Leave the optimizer alone."""
        if self._ledger is not None:
            self._ledger.detach()
            self._ledger = None

    def _close(self, trainer: pl.Trainer, write: bool) -> None:
        """End the account of the step before; write rows if it is time, and there is something."""
        if self._ledger is None:
            return
        self._ledger.note(SCALING)
        account = self._ledger.close()
        self.account.add(account)
        self._since.add(account)
        if not write or not self._since.steps:
            return
        rows, steps, self._since = self._rows(self._since), self._since.steps, Account()
        for logger in trainer.loggers:
            logger.log_metrics(_curves(rows), step=trainer.global_step - 1)
        if self._folder is not None:
            _append(self._folder / "ledger.csv", rows, trainer.global_step, steps)

    def _rows(self, account: Account) -> list[LedgerRow]:
        assert self._ledger is not None
        return ledger_rows(self._ledger.brain, self._ledger.groups, account)


def _curves(rows: Sequence[LedgerRow]) -> dict[str, float]:
    """Norms and shares by the names of curves, where they are numbers."""
    found = {}
    for row in rows:
        for kind, value in (("norm", row.norm), ("along", row.along)):
            if value == value:
                component = row.component.replace(" ", "_")
                found[f"ledger_{kind}/{row.group}.{component}"] = value
    return found


def _append(path: Path, rows: Sequence[LedgerRow], step: int, steps: int) -> None:
    """Add rows to a file: up to which step they are, and over how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["step", "steps", *LedgerRow._fields])
        writer.writerows([step, steps, *row] for row in rows)
