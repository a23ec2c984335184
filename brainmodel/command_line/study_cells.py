"""The cells of a study, each resolved into a config, checked, trained and measured."""

import logging
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar, cast

import pytorch_lightning as pl
import torch

from brainmodel.command_line.config_files import Config, lay_over, merge, read_config, settle
from brainmodel.command_line.train_command import CommandLine, usual, with_predictors
from brainmodel.errors import TrainsAlone
from brainmodel.study.plan import RELATIVE, Measure, StudyCell, StudyPlan
from brainmodel.training.callbacks.curves import Curves
from brainmodel.training.callbacks.gradient_alignment import Alignment
from brainmodel.training.callbacks.ledger import Ledger
from brainmodel.training.callbacks.probe import Probe
from brainmodel.training.callbacks.report import Report
from brainmodel.training.lockstep import Sharing
from brainmodel.training.module import brain_of
from brainmodel.training.terms import labels_of

TERMS = "held_out_terms/"
PROBED = "probe_"
Callback = TypeVar("Callback", bound=pl.Callback)


class RightTerms(pl.Callback):
    """Ends a training before its first step, where no term is what is to be measured.

    Args:
        measures: of the study.
    """

    def __init__(self, measures: Sequence[Measure]):
        self.measures = [m for m in measures if all(c.startswith(TERMS) for c in m.of)]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look for each among the terms of the untrained brain."""
        callbacks: list[pl.Callback] = trainer.callbacks  # type: ignore[attr-defined]
        (report,) = [found for found in callbacks if isinstance(found, Report)]
        there = {f"{TERMS}{name}": value for name, value in report.untrained_terms.items()}
        for measure in self.measures:
            _name_of(measure, there)


class CellRun(CommandLine):
    """The training of a cell, with its held-out curves kept.

    Args:
        config, rest: as of `CommandLine`.
        share: what learns from its windows together with other seeds; it learns alone unless given.
        measures: what it is to measure.
    """

    def __init__(
        self,
        config: Config,
        rest: list[str],
        share: Sharing | None = None,
        measures: Sequence[Measure] = (),
    ):
        self._share, self._measures = share, measures
        super().__init__("fit", config, rest)

    def before_fit(self) -> None:
        """See the parent; called by it.

        Raises:
            TrainsAlone: if somebody wants of one brain what seeds together have as one alone.
        """
        if self._share is None:
            return
        if self.callbacks_of(Ledger) or self.callback(Alignment).every_n_steps:
            raise TrainsAlone(
                "Ledger and Alignment ask each objective for its gradients, which seeds together "
                "do not have; leave them out, or train the seeds one by one"
            )
        if self.trainer.loggers:
            raise TrainsAlone(
                "trainer.logger: curves show states of one brain, and seeds together have them as "
                "one; leave it out, or train the seeds one by one"
            )
        self.model.share = self._share

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        """See the parent."""
        trainer = super().instantiate_trainer(**kwargs)
        more = [Curves(), RightTerms(self._measures)]
        cast(list[pl.Callback], trainer.callbacks).extend(more)  # type: ignore[attr-defined]
        return trainer

    def callback(self, kind: type[Callback]) -> Callback:
        """The callback of a kind."""
        return self.callbacks_of(kind)[0]

    def callbacks_of(self, kind: type[Callback]) -> list[Callback]:
        """All callbacks of a kind."""
        callbacks: list[pl.Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        return [found for found in callbacks if isinstance(found, kind)]


def resolved(
    plan: StudyPlan, cell: StudyCell, point: int | None, words: Sequence[str]
) -> tuple[Config, list[str]]:
    """The config of a cell and the options that are laid over it.

    Args:
        plan: of the study.
        cell: of it.
        point: of the grid, if the study tunes.
        words: options for all cells, as of the command line.

    Raises:
        Refused: if a config that is named does not exist or is none.
    """
    config: Config = {}
    for name in plan.base:
        config = merge(config, read_config(name))
    config = merge(config, plan.changes)
    options = list(words)
    for factor, level in zip(plan.factors, cell.levels, strict=True):
        for part in factor.levels[level].configs:
            config = merge(config, read_config(part) if isinstance(part, str) else part)
        options += factor.levels[level].words
    if plan.tuning is not None and point is not None:
        options += plan.tuning.words(point)
    return lay_over(settle(config), options)


def in_place(
    config: Config, rest: Sequence[str], seed: int, folder: str
) -> tuple[Config, list[str]]:
    """A config, and options laid over it, whose run writes nothing that stays.

    It has the seed of a cell, and cells have the same number of steps, however slow the machine.
    """
    quiet: Config = {
        "seed_everything": seed,
        "data": {"init_args": {"seed": seed}},
        "trainer": {
            "default_root_dir": folder,
            "logger": False,
            "enable_progress_bar": False,
            "enable_checkpointing": False,
        },
        "report": {"scenes": 0},
        "pictures": {"scenes": 0},
    }
    whole = with_predictors(merge(merge(usual("fit", []), config), quiet))
    return whole, [*rest, "--trainer.max_time=null"]


def train_cell(
    plan: StudyPlan,
    cell: StudyCell,
    point: int | None,
    words: Sequence[str],
    log: Path,
    share: Sharing | None = None,
) -> dict[str, Any]:
    """Train a cell, and measure it.

    Args:
        plan: of the study.
        cell: of it.
        point: of the grid, if the study tunes.
        words: options for all cells.
        log: where what the training says is kept.
        share: as of `CellRun`.

    Returns:
        measures, untrained and chance by measure; curves by measure, as pairs of step and score;
        and how long it took.
    """
    begun = time.monotonic()
    config, rest = resolved(plan, cell, point, words)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        log.open("w", encoding="utf-8") as said,
        redirect_stdout(said),
        redirect_stderr(said),
    ):
        run = CellRun(*in_place(config, rest, cell.seed, folder), share, plan.measures)
    found: dict[str, Any] = {"measures": {}, "untrained": {}, "chance": {}, "curves": {}}
    measured, untrained, chance = _told(run)
    points = run.callback(Curves).points | _probed(run)
    for measure in plan.measures:
        name = _name_of(measure, measured)
        found["measures"][measure.name] = measured[name]
        for kind, known in (("untrained", untrained), ("chance", chance)):
            if name in known:
                found[kind][measure.name] = known[name]
        if name in points:
            found["curves"][measure.name] = [list(pair) for pair in points[name].items()]
    return found | {"seconds": round(time.monotonic() - begun, 1)}


def _name_of(measure: Measure, measured: dict[str, float]) -> str:
    """The curve that a measure means, of those that a run has.

    Raises:
        ValueError: if there is none, or more than one.
    """
    names = [n for n in measured if any(fnmatchcase(n, pattern) for pattern in measure.of)]
    if len(names) != 1:
        told = ", ".join(names or measured)
        found = f"{len(names)} curves are" if names else "no curve is"
        raise ValueError(f"measures.{measure.name}: {found} called that; among {told}")
    return names[0]


def _told(run: CellRun) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """What a run measured, the same of the untrained brain, and chance; by curve."""
    report, module = run.callback(Report), run.model
    ratios = {f"{RELATIVE}{area}": held.ratio for area, held in report.errors.items()}
    before = {f"{RELATIVE}{area}": held.ratio for area, held in report.untrained.items()}
    trainer: Any = run.trainer
    logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
    measured = logged | run.callback(Alignment).latest | ratios
    measured |= {f"{TERMS}{name}": value for name, value in report.terms.items()}
    for ledger in run.callbacks_of(Ledger):
        measured |= ledger.latest
    untrained = before | {f"{TERMS}{n}": value for n, value in report.untrained_terms.items()}
    for name, points in _probed(run).items():
        untrained[name], *_, measured[name] = points.values()
    by_label = getattr(run.datamodule, "chance", {})
    labels = labels_of(brain_of(module))
    chance = {}
    for name in report.terms:
        own = [label for label in labels[name.rpartition(".")[0]] if label in by_label]
        if own:
            chance[f"{TERMS}{name}"] = float(by_label[own[0]])
    return measured, untrained, chance


def _probed(run: CellRun) -> dict[str, dict[int, float]]:
    """Scores against recordings, by curve, by step; the first is that of the untrained brain."""
    found: dict[str, dict[int, float]] = {}
    for probe in run.callbacks_of(Probe):
        for step, values in probe.history:
            for name, value in values.items():
                found.setdefault(name, {})[step] = value
    return found


def settle_down(threads: int) -> None:
    """Set this process up for cells: so many threads, and no words of Lightning's."""
    torch.set_num_threads(threads)
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
