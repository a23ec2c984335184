"""Expected against unexpected stimuli: courses, selectivity beside its shuffle null, learning.

After Gillon et al. (2024), J. Neurosci. 44:e1009232023: the index of a unit is its difference of
means in standard deviations (`unexpected.py`); somata and apical dendrites change in opposite ways
over sessions. Rates of a model stand for somata, the size of its errors for apical dendrites;
stages are checkpoints, of the brain its sessions.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from brainmodel.probing.activity import Presentation
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.analyses.area_responses import brain_responses, model_responses
from brainmodel.probing.analyses.expectation_figures import draw_courses, draw_stages
from brainmodel.probing.analyses.time_courses import TimeCourses, marks, time_courses, within
from brainmodel.probing.recordings import Recording, Stimuli
from brainmodel.probing.statistics import Change, Stage, change_between, change_within, over_stages

COURSES = (
    "<b>Expected (grey) and unexpected (red) stimuli.</b> Means over units: responses of the "
    "brain, rates of the model (somata), size of its errors (what feedback brings to apical "
    "dendrites). Titles: mean effect over units, and its standard error."
)
STAGES = (
    "<b>Selectivity for the unexpected over learning.</b> Mean index over units, with 95 % "
    "intervals: of the brain by session, of the model by steps of training, step 0 being untrained "
    "seeds. Blue: rates (somata); red: errors (apical dendrites); black: the brain."
)


class Expectation(Analysis):
    """What unexpected stimuli do.

    Args:
        expected: names of stimuli; * stands for any text.
        unexpected: likewise.
        window: start and end, s from stimulus onset, in which responses are averaged.
        shuffles: of the labels of events, for the null of the index; draws for its interval.
        seed: of these.
    """

    signals: ClassVar[tuple[str, ...]] = ("rate", "error")

    def __init__(
        self,
        expected: Sequence[str],
        unexpected: Sequence[str],
        window: Sequence[float] = (0.0, 0.5),
        shuffles: int = 1000,
        seed: int = 0,
    ) -> None:
        if len(window) != 2 or not window[0] < window[1]:
            raise ValueError(f"window is {window!r}: give start and end in rising seconds.")
        if shuffles < 1:
            raise ValueError(f"shuffles is {shuffles}: give 1 or more.")
        self.expected, self.unexpected, self.window = list(expected), list(unexpected), list(window)
        self.shuffles, self.seed = shuffles, seed

    def check(self, recording: Recording, stimuli: Stimuli, presentation: Presentation) -> None:
        marks(self.expected, self.unexpected, recording.stimuli, recording.source)
        within(self.window, recording.edges, recording.source)
        within(self.window, presentation.edges, "the model")

    def __call__(self, evidence: Evidence) -> Section:
        found = list(self._courses(evidence))
        stages = [self._stage(course) for course in found]
        rows = [_row(*pair) for pair in zip(found, stages, strict=True)]
        tables: dict[str, list[dict[str, Any]]] = {"expectation": rows}
        figures = {"expectation": Illustration(draw_courses(found), COURSES)}
        if changes := list(self._changes(found, stages)):
            tables["expectation_changes"] = changes
            figures["expectation_stages"] = Illustration(draw_stages(rows), STAGES)
        return Section("Expected and unexpected", tables, figures)

    def _courses(self, evidence: Evidence) -> Iterator[TimeCourses]:
        recording = evidence.recording
        masks = marks(self.expected, self.unexpected, recording.stimuli, recording.source)
        for responses in (*brain_responses(evidence), *model_responses(evidence, self.signals)):
            yield time_courses(*responses, masks, self.window)

    def _stage(self, course: TimeCourses) -> Stage | None:
        """Selectivity; None where there are too few events, or nothing varies."""
        if min(side.shape[1] for side in course.events) < 2:
            return None
        events = {"": {course.origin.signal: course.events}}
        try:
            return over_stages(events, self.shuffles, self.seed)[0]
        except ValueError:
            return None

    def _changes(
        self, found: Sequence[TimeCourses], stages: Sequence[Stage | None]
    ) -> Iterator[dict[str, Any]]:
        """From the first to the last stage: of rates, of errors, and of one against the other."""
        ends = {}
        for course, stage in zip(found, stages, strict=True):
            origin = course.origin
            if stage is not None and origin.stage is not None and origin.model != "untrained":
                key = (origin.model, origin.area, origin.signal)
                ends.setdefault(key, []).append((origin.stage, stage.selectivity.indices))
        moved: dict[tuple[str, str], dict[str, Any]] = {}  # [unit] by area, by signal
        for (model, area, signal), stages_of in ends.items():
            if len({number for number, _ in stages_of}) < max(2, len(stages_of)):
                continue  # one stage, or several seeds at one
            stages_of.sort(key=lambda pair: pair[0])
            (first, before), (last, after) = stages_of[0], stages_of[-1]
            what = f"{signal}, stage {first} to {last}"
            if model == "brain":
                yield _changed(model, area, what, change_between(before, after))
                continue
            yield _changed(model, area, what, change_within(before, after))
            moved.setdefault((model, area), {})[signal] = after - before
        for (model, area), by_signal in moved.items():
            if {"rate", "error"} <= set(by_signal):
                change = change_between(by_signal["rate"], by_signal["error"])
                yield _changed(model, area, "change of errors less that of rates", change)


def _changed(model: str, area: str, what: str, change: Change) -> dict[str, Any]:
    return {"model": model, "area": area, "change of": what} | change._asdict()


def _row(course: TimeCourses, stage: Stage | None) -> dict[str, Any]:
    """The effect and the index of one area, as a row of a table."""
    count, events = len(course.effects), [side.shape[1] for side in course.events]
    spread = float(course.effects.std(ddof=1) / np.sqrt(count)) if count > 1 else None
    row = course.origin._asdict() | {
        "units": count,
        "events": f"{events[0]} / {events[1]}",
        "effect": float(course.effects.mean()),
        "standard error": spread,
    }
    names = ("index", "low", "high", "% for expected", "% for unexpected")
    if stage is None:
        return row | dict.fromkeys(names)
    told = (stage.mean, stage.low, stage.high, stage.lower, stage.higher)
    return row | dict(zip(names, told, strict=True))
