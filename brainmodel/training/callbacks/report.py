"""The report at the end of a run: prediction errors, a picture, and where all files are."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.utilities import rank_zero_only

from brainmodel.brain import Brain
from brainmodel.data import StreamModule
from brainmodel.data.window import Window
from brainmodel.figures import draw_brain, draw_circuits, draw_frames, save, views
from brainmodel.perturbation import intact
from brainmodel.physiology import orientation_tuning, receptive_fields
from brainmodel.training.held_out import (
    STEPS,
    Ahead,
    HeldOut,
    LinearPredictor,
    Tally,
    TermSums,
    ahead_table,
    compare,
    error_table,
    errors_ahead,
    fit_linear,
    follow_streams,
)
from brainmodel.training.judged import labelled
from brainmodel.training.loops_in_use import steps_of, warn_of_slow
from brainmodel.training.module import BrainModule, brain_of
from brainmodel.training.terms import labels_of, parted
from brainmodel.training.witness import Witness
from objectives import Activity

LOSS = "held_out_loss/"
MEANING = """of repeating the last drive the
mean squared error per unit of each area's drive, of all else the share of that:
"""
AHEAD = """
Some steps ahead, by the best linear read-out of rates and from the last two
drives, of repeating the last drive the error, of all else the share of that:

"""


class Report(pl.Callback):
    """Measures the brain on held-out streams before and after training and prints a table.

    Args:
        scenes: held-out scenes in the picture; 0 makes none.
        steps: steps of each scene in the picture.
        ahead: how many steps ahead a second table looks, beside what rates tell then (see
            `errors_ahead`); none unless given.

    Raises:
        ValueError: for a number out of range.
    """

    def __init__(self, scenes: int = 3, steps: int = 8, ahead: Sequence[int] = ()):
        least = (("scenes", scenes, 0), ("steps", steps, 1), *(("ahead", k, 1) for k in ahead))
        for name, value, lowest in least:
            if value < lowest:
                raise ValueError(f"report.{name}: need {lowest} or more, got {value}")
        self.scenes, self.steps, self.ahead = scenes, steps, tuple(ahead)
        self.told: Ahead = {}
        self.untrained: dict[str, HeldOut] = {}
        self.tallies: dict[str, Tally] = {}
        self.terms: dict[str, float] = {}  # of objectives, by "AREA.OBJECTIVE.TERM", measured last
        self.untrained_terms: dict[str, float] = {}
        self._linear: dict[str, LinearPredictor] = {}
        self.selectivity: dict[str, float] = {}  # for orientation, the median of each area's units
        self.untrained_selectivity: dict[str, float] = {}

    @property
    def errors(self) -> dict[str, HeldOut]:
        """Errors of each area that predicts, when they were measured last."""
        return {name: tally.held_out() for name, tally in self.tallies.items()}

    def state_dict(self) -> dict[str, Any]:
        """The errors before training, for a run that is resumed."""
        held = {name: tuple(errors) for name, errors in self.untrained.items()}
        return {
            "untrained": held,
            "selectivity": self.untrained_selectivity,
            "terms": self.untrained_terms,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`; older checkpoints tell less."""
        self.untrained_selectivity = state_dict.get("selectivity", {})
        self.untrained_terms = state_dict.get("terms", {})
        for name, held in state_dict["untrained"].items():
            known = held if isinstance(held, tuple) else (held, float("nan"))
            self.untrained[name] = HeldOut(*known)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say what takes the steps, and measure the untrained brain."""
        assert isinstance(pl_module, BrainModule)
        say(f"Steps are taken by {steps_of(pl_module)}.")
        warn_of_slow(brain_of(pl_module))
        say(*getattr(getattr(trainer, "datamodule", None), "facts", ()))
        say(*parted(brain_of(pl_module), trainer.world_size))
        if not (self.untrained or self.untrained_terms):
            self.tallies, seen = self._measure(trainer, pl_module)
            self.untrained, self.untrained_terms = self.errors, self.terms
            self.untrained_selectivity = selectivity(brain_of(pl_module))
            say(*seen.sentences())

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure again; print the table and where all files are."""
        folder = trainer.log_dir  # on all processes: they agree on it
        self._table(trainer, pl_module, f"after {trainer.global_step} steps")
        if not trainer.is_global_zero:
            return
        places = {"TensorBoard": "", "checkpoint": "", "pictures": ""}
        if trainer.loggers and folder is not None:
            places["TensorBoard"] = f"tensorboard --logdir {folder}"
            if self.scenes:
                places["pictures"] = self._draw(trainer, pl_module, Path(folder))
        callback = trainer.checkpoint_callback
        places["checkpoint"] = getattr(callback, "last_model_path", "") or getattr(
            callback, "best_model_path", ""
        )
        assert isinstance(pl_module, BrainModule)
        places["loops"] = steps_of(pl_module)
        print()
        for what, where in places.items():
            if where:
                print(f"{what:<12}{where}")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """After the commands validate and test: print the table."""
        if trainer.state.fn != "fit":
            self._table(trainer, pl_module, "")
            say(*losses(trainer.callback_metrics))

    on_test_end = on_validation_end

    def _table(self, trainer: pl.Trainer, module: pl.LightningModule, when: str) -> None:
        """Measure, all processes together, and print."""
        self._fit(trainer, module)
        self.tallies, seen = self._measure(trainer, module)
        if self.tallies:
            table = error_table(brain_of(module), self.tallies, self.untrained, seen.words())
            say(f"\nPrediction of held-out streams{when and ' '}{when}: {MEANING}\n", table)
        self._look_ahead(trainer, module)
        chance = getattr(streams(trainer), "chance", {})
        say(*scores(self.terms, self.untrained_terms, labels_of(brain_of(module)), chance))
        self.selectivity = selectivity(brain_of(module))
        say(*tuned(self.selectivity, self.untrained_selectivity))
        say(*[f"\n{sentence}" for sentence in seen.sentences()])

    def _fit(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """The linear predictors; drives that come from inputs alone never change."""
        data = streams(trainer)
        if data is not None and not self._linear:
            windows = data.first_windows(windows_of(data, trainer))
            self._linear = fit_linear(brain_of(module), windows, module.device)

    def _look_ahead(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Measure what rates tell some steps ahead, and print it, if it is asked for."""
        data = streams(trainer)
        if data is None or not self.ahead:
            return
        training = data.first_windows(windows_of(data, trainer))
        brain = brain_of(module)
        self.told = errors_ahead(brain, training, held_out(trainer), self.ahead, module.device)
        if self.told:
            say(AHEAD, ahead_table(self.told))

    def _measure(
        self, trainer: pl.Trainer, module: pl.LightningModule
    ) -> tuple[dict[str, Tally], Witness]:
        """Errors of each area on the held-out windows of all processes; what was odd in them."""
        brain = brain_of(module)
        seen = Witness([n for n in brain.areas if brain.area(n).predictor is not None])
        terms = TermSums(brain)

        def look(window: Window, activities: dict[str, Activity]) -> None:
            seen.see(window, activities)
            terms.see(labelled(activities, window))

        data, linear = streams(trainer), {a: p.to(module.device) for a, p in self._linear.items()}
        tallies = compare(brain, held_out(trainer), data, linear, module.device, look)
        terms.of_all_processes()
        self.terms = terms.terms()
        return tallies, seen.of_all_processes()

    def _draw(self, trainer: pl.Trainer, module: pl.LightningModule, folder: Path) -> str:
        made = [folder / "brain.png"]
        save(draw_brain(brain_of(module)), made[0])
        for name, figure in draw_circuits(brain_of(module)).items():
            made.append(folder / f"circuit_{name}.png")
            save(figure, made[-1])
        shown: dict[str, tuple[Any, ...]] = {}
        for _, activities in follow_streams(
            brain_of(module), two(held_out(trainer)), module.device
        ):
            shown = views(brain_of(module), activities)
        for name, signals in shown.items():
            some = tuple(signal[:, : self.scenes] for signal in signals)
            made.append(folder / f"held_out_{name}.png")
            with intact(brain_of(module)):
                fields = receptive_fields(brain_of(module), name)
            save(draw_frames(*some, most=self.steps, fields=fields), made[-1])
        return "  ".join(map(str, reversed(made)))


def windows_of(data: StreamModule, trainer: pl.Trainer) -> int:
    """How many windows of training streams rivals and read-outs are fitted to."""
    return ceil(STEPS / (data.window * data.batch_size * trainer.world_size))


def held_out(trainer: pl.Trainer) -> Any:
    """The held-out windows of a run: those of its test where it tests, else of its validation."""
    assert trainer.datamodule is not None  # type: ignore[attr-defined]
    if trainer.state.fn == "test":
        return trainer.datamodule.test_dataloader()  # type: ignore[attr-defined]
    return trainer.datamodule.val_dataloader()  # type: ignore[attr-defined]


def selectivity(brain: Brain) -> dict[str, float]:
    """The median selectivity for orientation of each area with maps, without perturbations."""
    with intact(brain):
        found = orientation_tuning(brain)
    return {name: own.median for name, own in found.items() if len(brain.area(name).units) == 3}


def tuned(now: dict[str, float], untrained: dict[str, float]) -> list[str]:
    """A line on selectivity for orientation, beside that of the untrained brain."""
    told = []
    for name, value in now.items():
        before = f" (untrained {untrained[name]:.2f})" if name in untrained else ""
        told.append(f"{name} {value:.2f}{before}")
    return [f"\nOrientation selectivity of units, median: {', '.join(told)}."] if told else []


def scores(
    now: Mapping[str, float],
    untrained: Mapping[str, float],
    labels: Mapping[str, Sequence[str]],
    chance: Mapping[str, float],
) -> list[str]:
    """A line on the terms of tasks, each beside chance, where it is known, and the untrained brain.

    Args:
        now: by "AREA.OBJECTIVE.TERM".
        untrained: likewise; some may be missing.
        labels: that each objective reads; those that read none do no task.
        chance: by label.
    """
    told = []
    for name, value in now.items():
        own = labels[name.rpartition(".")[0]]
        beside = [f"chance {chance[label]:.3f}" for label in own if label in chance]
        beside += [f"untrained {untrained[name]:.3f}"] if name in untrained else []
        if own:
            told.append(f"{name} {value:.3f}" + (f" ({', '.join(beside)})" if beside else ""))
    return [f"\nTasks on held-out streams: {'; '.join(told)}."] if told else []


def losses(logged: Mapping[str, Any]) -> list[str]:
    """A line on the losses of held-out streams, those of all areas and their sum."""
    found = {k.partition("/")[2]: float(v) for k, v in logged.items() if k.startswith(LOSS)}
    told = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
    return [f"\nLosses on held-out streams: {told}."] if told else []


def streams(trainer: pl.Trainer) -> StreamModule | None:
    """The data of a run; None if they are of another kind."""
    data = getattr(trainer, "datamodule", None)
    return data if isinstance(data, StreamModule) else None


@rank_zero_only
def say(*lines: str) -> None:
    """Print lines, once for all processes."""
    for line in lines:
        print(line)


def two(windows: Any) -> Any:
    """The first two windows; in the second, streams are under way."""
    for _, window in zip(range(2), windows, strict=False):
        yield window
