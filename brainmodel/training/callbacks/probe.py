"""Probing during training: scores against a recording as curves, dissimilarities as pictures."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch

from brainmodel.probing import Experiment, Plan
from brainmodel.probing.during_training import best_scores, score_baselines, score_brain
from brainmodel.probing.report import draw_dissimilarities
from brainmodel.training.callbacks.pictures import writers
from brainmodel.training.module import brain_of

USUAL = Plan()


class Probe(pl.Callback):
    """Scores the brain against a recording before training, every few epochs and after it. Writes:

    probe_METRIC/AREA-BRAIN_AREA: the score at its best lag; of baselines and of the ceiling, too
    dissimilarities: matrices of the brain and of the model's areas, side by side

    Intervals, p values and untrained seeds are for the command `probe`, after training.

    Args:
        recording: what was recorded, and what was shown.
        plan: how it is compared; draws of its scoring are not used.
        every_n_epochs: how often.
    """

    def __init__(self, recording: Experiment, plan: Plan = USUAL, every_n_epochs: int = 1):
        if every_n_epochs < 1:
            raise ValueError(f"every_n_epochs: need 1 or more, got {every_n_epochs}")
        self.shown = recording.read()
        if plan.brain_areas is not None:
            chosen = self.shown.recording.of(areas=list(plan.brain_areas))
            self.shown = self.shown._replace(recording=chosen)
        self.plan, self.every_n_epochs = plan, every_n_epochs
        self.constant: dict[str, float] = {}  # scores of baselines, and ceilings
        self.history: list[tuple[int, dict[str, float]]] = []

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Score baselines once, and the brain as it begins."""
        if trainer.is_global_zero:
            brain = brain_of(pl_module)
            self.constant = best_scores(score_baselines(brain, self.shown, self.plan))
            self._probe(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Score the brain."""
        if trainer.is_global_zero and (trainer.current_epoch + 1) % self.every_n_epochs == 0:
            self._probe(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Score the brain as it ends, if that was not done."""
        done = self.history[-1][0] if self.history else -1
        if trainer.is_global_zero and done != trainer.global_step:
            self._probe(trainer, pl_module)

    def _probe(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        with torch.random.fork_rng():
            scores, patterns = score_brain(brain_of(module), self.shown, self.plan)
        values = best_scores(scores)
        self.history.append((trainer.global_step, values))
        for logger in trainer.loggers:
            logger.log_metrics(values | self.constant, step=trainer.global_step)
        self._draw(trainer, patterns)

    def _draw(self, trainer: pl.Trainer, patterns: Mapping[str, Any]) -> None:
        for writer in writers(trainer):
            figure = draw_dissimilarities(self.shown.recording, patterns)
            writer.add_figure("dissimilarities", figure, trainer.global_step)
