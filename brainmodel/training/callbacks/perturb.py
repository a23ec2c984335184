"""Perturbations of a run: which, and in which of its phases."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.utilities import rank_zero_only

from brainmodel.brain import Brain
from brainmodel.data import StreamModule
from brainmodel.data.tasks import TaskModule
from brainmodel.errors import named
from brainmodel.perturbation import Perturbation, perturbed
from brainmodel.perturbation.perturbed import Perturbed, in_words
from brainmodel.training.module import brain_of

Phase = Literal["training", "held_out", "probe"]
PHASES: tuple[Phase, ...] = ("training", "held_out", "probe")


class Perturb(pl.Callback):
    """Perturbs the brain of a run.

    Args:
        of: perturbations by name, in the order in which they act; none unless given.
        phases: in which they act. `training`: windows that are learnt from. `held_out`: windows of
            validations and tests, and of the tables and pictures at the beginning and the end.
            `probe`: the command of this name. All unless given.

    Raises:
        ValueError: for a phase that there is not; in `setup`, if a perturbation does not fit.
    """

    def __init__(self, of: dict[str, Perturbation] | None = None, phases: Sequence[Phase] = PHASES):
        for phase in phases:
            if phase not in PHASES:
                raise ValueError(f"perturb.phases: there is no {phase!r}; {', '.join(PHASES)} are")
        if of and not phases:
            raise ValueError(f"perturb.phases: is empty; give one or more of {', '.join(PHASES)}")
        self.of, self.phases = of or {}, tuple(phases)
        self._found: Perturbed | None = None

    def require(self, brain: Brain, data: object) -> None:
        """Refuse what does not fit a brain, and periods of labels that the data have not.

        Raises:
            ValueError: in one sentence, naming the perturbation.
        """
        with named("perturb.of"), perturbed(brain, self.of):
            pass
        if not isinstance(data, StreamModule):
            return
        for name, perturbation in self.of.items():
            with named(f"perturb.of.{name}"):
                perturbation.require_streams(data.batch_size)
        if data.label_names is None:
            return
        kinds = data.label_kinds
        labels = {name: kinds[name].whole if name in kinds else None for name in data.label_names}
        trial = data.order.longest if isinstance(data, TaskModule) else None
        anew = isinstance(data, TaskModule) and data.order.reset
        for name, perturbation in self.of.items():
            if perturbation.when is not None:
                with named(f"perturb.of.{name}.when"):
                    perturbation.when.require(labels, trial, anew)

    def within(self, phase: Phase, brain: Brain) -> AbstractContextManager[Any]:
        """The context of one phase, of a brain."""
        return perturbed(brain, self.of) if self.of and phase in self.phases else nullcontext()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Begin with what holds for held-out windows, and say so."""
        if self.of:
            with named("perturb.of"):
                self._found = Perturbed(brain_of(pl_module), self.of)
            self._turn("held_out", pl_module)
            say(self.of, [phase for phase in self.phases if phase != "probe"])

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Perturb what is learnt from."""
        self._turn("training", pl_module)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """What is frozen stays as it was, whatever other callbacks did; then held-out windows."""
        if self._found is not None and "training" in self.phases:
            self._found.keep()
        self._turn("held_out", pl_module)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Leave the brain as it was."""
        self._turn(None, pl_module)
        self._found = None

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """See `teardown`."""
        self._turn(None, pl_module)

    def _turn(self, phase: Phase | None, module: pl.LightningModule) -> None:
        found, brain = self._found, brain_of(module)
        if found is None:
            return
        now = found if phase in self.phases else None
        if brain.perturbed is not now:
            found.begin() if now is found else found.end()
            brain.perturbed = now


@rank_zero_only
def say(of: dict[str, Perturbation], phases: Sequence[str]) -> None:
    """Print which perturbations act, and in what; once for all processes."""
    where = {"training": "training", "held_out": "held-out windows"}
    if phases:
        print(f"Perturbed, in {' and '.join(where[phase] for phase in phases)}: {in_words(of)}.")
