"""How what was shown comes to a brain: pictures to its eye, trials of a task to all its inputs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.probing.activity import (
    ActivityBySignal,
    ModelActivity,
    average_places,
    eye_of,
    mean_inputs,
    record_conditions,
    record_model,
)
from brainmodel.probing.analyses import Evidence, require_responses
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines import Baseline, record_baselines
from brainmodel.probing.plan import Plan
from brainmodel.probing.recordings import Recorded, Recording, Shown, Stimuli, TaskTrials
from brainmodel.probing.scores import Scoring

PICTURES = 12  # of stimuli, for the report
SLACK = 1e-6  # steps; rounding of the edges of bins


class Seen(NamedTuple):
    """What of the stimuli a report shows."""

    pictures: Floats  # [stimulus, channel, height, width] of a few, in [0, 1]
    names: list[str]  # of these stimuli
    how: str  # they were shown, in words
    caption: str  # of the pictures


class StimulusShowing(ABC):
    """What was shown, as a plan has it.

    Attributes:
        scoring: that of the plan, with the edges of the steps that are recorded.
        labels: of all steps, by name, which perturbations may ask for; pictures have none.
        frames: [stimulus, ...] of which no two may lie in different folds; None for trials.
    """

    scoring: Scoring
    labels: Mapping[str, Tensor] = {}
    frames: NDArray[Any] | None = None

    @abstractmethod
    def record(
        self, brain: Brain, signals: Sequence[str], folder: Path | None, progress: str
    ) -> ActivityBySignal:
        """What the areas of a brain do, [stimulus, step, unit]."""

    @abstractmethod
    def baselines(self, brain: Brain, folder: Path, progress: bool) -> dict[str, Floats]:
        """By name, [stimulus, step, unit] of what any model has to beat."""

    @abstractmethod
    def inputs(self, brain: Brain, folder: Path) -> dict[str, Floats]:
        """By name of the metrics that take inputs, [stimulus, step, input] of what was shown."""

    @abstractmethod
    def seen(self, names: Sequence[str], brain: Brain) -> Seen:
        """A few of the stimuli, of these names."""

    @abstractmethod
    def require_analysable(self, recording: Recorded) -> None:
        """Refuse analyses that cannot be made of it, with a ValueError in one sentence."""

    @abstractmethod
    def evidence(self, recording: Recording, brain: Brain, activity: ModelActivity) -> Evidence:
        """For analyses that were not refused."""


class PictureShowing(StimulusShowing):
    """Stills and movies, which come to the eye of the brain."""

    def __init__(self, stimuli: Stimuli, plan: Plan) -> None:
        self.stimuli, self.plan, self.presentation = stimuli, plan, plan.presentation
        self.scoring, self.frames = plan.used_scoring, stimuli.frames

    def record(
        self, brain: Brain, signals: Sequence[str], folder: Path | None, progress: str
    ) -> ActivityBySignal:
        """See `StimulusShowing.record`."""
        shown, batch = self.presentation, self.plan.batch
        return record_model(brain, self.stimuli, shown, signals, folder, batch, progress)

    def baselines(self, brain: Brain, folder: Path, progress: bool) -> dict[str, Floats]:
        """See `StimulusShowing.baselines`."""
        return self._features(self.plan.used_baselines, brain, folder, progress)

    def inputs(self, brain: Brain, folder: Path) -> dict[str, Floats]:
        """See `StimulusShowing.inputs`."""
        return self._features(self.plan.used_inputs, brain, folder)

    def _features(
        self,
        of: Mapping[str, Baseline],
        brain: Brain,
        folder: Path,
        progress: bool = False,
    ) -> dict[str, Floats]:
        height, batch = eye_of(brain)[1], self.plan.batch
        shown = self.presentation
        return record_baselines(of, self.stimuli, shown, height, folder, batch, progress)

    def seen(self, names: Sequence[str], brain: Brain) -> Seen:
        """As the eye of the brain sees them, in the middle of their first frame."""
        rows = np.unique(np.linspace(0, len(self.stimuli.frames) - 1, PICTURES).astype(int))
        shown = self.presentation
        middles = (shown.edges[1:] + shown.edges[:-1]) / 2
        step = np.abs(middles - self.stimuli.edges[:2].sum() / 2).argmin()
        pictures = shown.seen(self.stimuli, rows, eye_of(brain))[shown.before + step]
        caption = (
            "<b>Stimuli as the eye of the model saw them,</b> a few of them in the middle of their "
            "first frame."
        )
        return Seen(pictures.numpy(), [str(names[row]) for row in rows], shown.words, caption)

    def require_analysable(self, recording: Recorded) -> None:
        """See `StimulusShowing.require_analysable`."""
        for name, analysis in (self.plan.analyses or {}).items():
            analysis.check(require_responses(recording, name), self.stimuli, self.presentation)

    def evidence(self, recording: Recording, brain: Brain, activity: ModelActivity) -> Evidence:
        """See `StimulusShowing.evidence`."""
        return Evidence(recording, self.stimuli, self.presentation, eye_of(brain), activity)


class TaskShowing(StimulusShowing):
    """Trials of a task, which give the brain all of its inputs; means by condition are compared.

    What any model has to beat is what it was given, its inputs, and what it was asked, the answer.
    """

    def __init__(self, trials: TaskTrials, recording: Recorded, plan: Plan) -> None:
        if plan.baselines is not None:
            raise ValueError(
                "baselines are features of pictures, and a task was shown: leave them out; its "
                "inputs and its answer take their place."
            )
        self.plan, self.rate = plan, trials.task.frames_per_second
        self.windows = trials.task.held_out_windows(trials.windows)
        self.labels = _joined([w[2] for w in self.windows])
        wanted = _steps_within(recording, self.rate, plan.scoring.lags)
        self.places = average_places(self.labels, trials.event, trials.conditions, wanted)
        edges = (self.places.first + np.arange(self.places.steps + 1)) / self.rate
        self.scoring = replace(plan.scoring, edges=tuple(map(float, edges)))
        self.event = trials.event or "begin of the trial"

    def record(
        self, brain: Brain, signals: Sequence[str], folder: Path | None, progress: str
    ) -> ActivityBySignal:
        """See `StimulusShowing.record`; means are small, and stay in memory."""
        del folder, progress
        return record_conditions(brain, self.windows, self.places, signals)

    def baselines(self, brain: Brain, folder: Path, progress: bool) -> dict[str, Floats]:
        """Inputs, and the answer where there is one, by condition, as far as they vary."""
        del brain, folder, progress
        found = {"inputs": self._inputs()}
        if "answer" in self.labels:
            found["answer"] = mean_inputs(self.labels["answer"], self.places)
        return {name: values for name, values in found.items() if np.ptp(values) > 0}

    def inputs(self, brain: Brain, folder: Path) -> dict[str, Floats]:
        """Those of the brain, whatever features the metric would take."""
        del brain, folder
        return dict.fromkeys(self.plan.used_inputs, self._inputs())

    def _inputs(self) -> Floats:
        joined = _joined([w[0] for w in self.windows])
        return np.concatenate([mean_inputs(v, self.places) for v in joined.values()], axis=2)

    def seen(self, names: Sequence[str], brain: Brain) -> Seen:
        """Inputs over time: a row of the picture is one of them, a column a step."""
        del brain
        inputs = self._inputs().transpose(0, 2, 1)[:PICTURES, None]
        low, high = inputs.min(), inputs.max()
        first, last, least = self.scoring.edges[0], self.scoring.edges[-1], self.places.trials.min()
        how = (
            f"{self.rate:g} steps/s, trials of a task, averaged by condition ({least} or more of "
            f"each), from {first:g} to {last:g} s from the event ({self.event})."
        )
        caption = (
            "<b>Inputs over time,</b> means by condition: each row is one input, black the lowest "
            "and white the highest."
        )
        some = [str(name) for name in names[:PICTURES]]
        return Seen((inputs - low) / max(high - low, 1e-12), some, how, caption)

    def require_analysable(self, recording: Recorded) -> None:
        """See `StimulusShowing.require_analysable`."""
        del recording
        for name in self.plan.analyses or {}:
            raise ValueError(
                f"analyses.{name}: asks about pictures, and a task was shown: leave it out."
            )

    def evidence(self, recording: Recording, brain: Brain, activity: ModelActivity) -> Evidence:
        """Never: all analyses are refused."""
        raise NotImplementedError


def showing_of(shown: Shown, plan: Plan) -> StimulusShowing:
    """What was shown, as a plan has it.

    Raises:
        ValueError: in one sentence, if the plan does not fit what was shown.
    """
    if isinstance(shown.stimuli, TaskTrials):
        return TaskShowing(shown.stimuli, shown.recording, plan)
    return PictureShowing(shown.stimuli, plan)


def _steps_within(recorded: Recorded, rate: float, lags: Sequence[float]) -> tuple[int, int]:
    """The first step that the recording covers at some lag, and the one after the last."""
    if not isinstance(recorded, Recording):
        raise ValueError(
            f"{recorded.source} holds dissimilarities only, which say nothing of when: bring "
            "responses where a task was shown."
        )
    begin, end = recorded.edges[0] - max(lags), recorded.edges[-1] - min(lags)
    return int(np.ceil(begin * rate - SLACK)), int(np.floor(end * rate + SLACK))


def _joined(windows: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """By name, [time, stream, ...] of windows one after the other."""
    return {name: torch.cat([window[name] for window in windows]) for name in windows[0]}
