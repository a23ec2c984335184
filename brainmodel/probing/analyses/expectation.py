"""Expected against unexpected stimuli: courses, selectivity beside its shuffle null, learning.

After Gillon et al. (2024), J. Neurosci. 44:e1009232023: the index of a unit is its difference of
means in standard deviations (`statistics/unexpected.py`); somata and apical dendrites change in
opposite ways over sessions. The rates of a model stand for somata, the size of its errors for
apical dendrites; the stages of a model are its checkpoints, those of the brain its sessions.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from brainmodel.probing.activity import Presentation
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.analyses.area_responses import (
    AreaResponses,
    brain_responses,
    model_responses,
)
from brainmodel.probing.analyses.expectation_figures import draw_courses, draw_selectivity
from brainmodel.probing.analyses.learning import Answer, Learnt, learnt_by_area
from brainmodel.probing.analyses.time_courses import (
    AreaEffect,
    TimeCourses,
    masks_of,
    time_courses,
    within,
)
from brainmodel.probing.recordings import RecordedOrNot, Stimuli
from brainmodel.probing.statistics import Stage, over_stages

COURSES = (
    "<b>Expected (grey) and unexpected (red) stimuli.</b> Means over units: responses of the "
    "brain, somata of the model and apical dendrites. Titles: effect, unexpected less expected, "
    "mean over units; its standard error over events."
)
STAGES = (
    "<b>Selectivity for the unexpected over learning.</b> Mean index over units, with 95 % "
    "intervals over events: of the brain by session, of the model by steps of training, step 0 "
    "being untrained seeds. Blue: somata; red: apical dendrites; black: the brain."
)


class Expectation(Analysis):
    """The effect of unexpected stimuli.

    Args:
        expected: names of stimuli; * stands for any text.
        unexpected: likewise.
        window: start and end, s from stimulus onset, in which responses are averaged.
        shuffles: of the labels of events, for the null of the index; draws for its interval.
        seed: of these.
        somata: the signal of the model that stands for somata; its rates unless given. A field of
            the state of cells that have compartments: "state.somatic".
        dendrites: that which stands for apical dendrites; the size of errors unless given, of
            pyramidal cells "state.apical".
    """

    def __init__(
        self,
        expected: Sequence[str],
        unexpected: Sequence[str],
        window: Sequence[float] = (0.0, 0.5),
        shuffles: int = 1000,
        seed: int = 0,
        somata: str = "rate",
        dendrites: str = "error",
    ) -> None:
        if len(window) != 2 or not window[0] < window[1]:
            raise ValueError(f"window is {window!r}: give start and end in rising seconds.")
        if shuffles < 1:
            raise ValueError(f"shuffles is {shuffles}: give 1 or more.")
        self.expected, self.unexpected, self.window = list(expected), list(unexpected), list(window)
        for name, signal in (("somata", somata), ("dendrites", dendrites)):
            if signal not in ("rate", "error", "prediction") and not signal.startswith("state."):
                raise ValueError(
                    f"{name} is {signal!r}: give rate, error, prediction or state.FIELD, such as "
                    "state.apical."
                )
        self.shuffles, self.seed = shuffles, seed
        self.somata, self.dendrites = somata, dendrites
        self.signals = tuple(dict.fromkeys(s.partition(".")[0] for s in (somata, dendrites)))

    def check(self, recording: RecordedOrNot, stimuli: Stimuli, presentation: Presentation) -> None:
        masks_of(self.expected, self.unexpected, recording.stimuli, recording.source)
        within(self.window, recording.edges, recording.source)
        within(self.window, presentation.edges, "the model")

    def __call__(self, evidence: Evidence) -> Section:
        effects = list(self._effects(evidence))
        tables: dict[str, list[dict[str, Any]]] = {"expectation": [_row(e) for e in effects]}
        courses = [effect.courses for effect in effects]
        figures = {"expectation": Illustration(draw_courses(courses), COURSES)}
        if changes := list(self._changes(effects)):
            tables["expectation_changes"] = changes
            figures["expectation_stages"] = Illustration(
                draw_selectivity(effects, self.somata, self.dendrites), STAGES
            )
        return Section("Expected and unexpected", tables, figures)

    def _effects(self, evidence: Evidence) -> Iterator[AreaEffect]:
        """Of every area of the brain and of all models."""
        recording = evidence.recording
        masks = masks_of(self.expected, self.unexpected, recording.stimuli, recording.source)
        for responses in (*brain_responses(evidence), *self._model_responses(evidence)):
            courses = time_courses(responses, masks, self.window)
            yield AreaEffect(courses, self._selectivity(courses))

    def _model_responses(self, evidence: Evidence) -> Iterator[AreaResponses]:
        """In both compartments, of the areas that have them.

        Raises:
            ValueError: if no area has one of them.
        """
        for name, signal in (("somata", self.somata), ("dendrites", self.dendrites)):
            if evidence.activity and not any(own.signal == signal for own in evidence.activity):
                raise ValueError(f"{name} is {signal!r}: no area of this brain has it.")
        yield from model_responses(evidence, (self.somata, self.dendrites))

    def _selectivity(self, courses: TimeCourses) -> Stage | None:
        """Selectivity of the units; None where there are too few events, or no unit varies."""
        if min(events.shape[1] for events in courses.events) < 2:
            return None
        events = {"": {courses.origin.signal: courses.events}}
        try:
            return over_stages(events, self.shuffles, self.seed)[0]
        except ValueError:
            return None

    def _changes(self, effects: Sequence[AreaEffect]) -> Iterator[dict[str, Any]]:
        """With learning: of somata, of dendrites, and of one against the other."""
        answers = [
            Answer(effect.courses.origin, effect.selectivity.mean, effect.selectivity.draws)
            for effect in effects
            if effect.selectivity is not None and effect.courses.origin.stage is not None
        ]
        changes = learnt_by_area(answers)
        for (kind, area, signal), change in changes.items():
            yield _change_row(kind, area, f"{signal}, {change.stages}", change)
        for (kind, area, signal), change in changes.items():
            somata = changes.get((kind, area, self.somata))
            if signal == self.dendrites and somata is not None:
                what = f"change of {signal} less that of {self.somata}"
                yield _change_row(kind, area, what, change - somata)


def _change_row(kind: str, area: str, what: str, change: Learnt) -> dict[str, Any]:
    return {"model": kind, "area": area, "change of": what} | change.judged._asdict()


def _row(effect: AreaEffect) -> dict[str, Any]:
    """The effect and the index of one area, as a row of a table."""
    courses, stage = effect
    units, events = len(courses.effects), [kind.shape[1] for kind in courses.events]
    row = courses.origin._asdict() | {
        "units": units,
        "events": f"{events[0]} / {events[1]}",
        "effect": float(courses.effects.mean()),
        "standard error": courses.error,
    }
    return row | {
        "index": None if stage is None else stage.mean,
        "low": None if stage is None else stage.low,
        "high": None if stage is None else stage.high,
        "% for expected": None if stage is None else stage.lower,
        "% for unexpected": None if stage is None else stage.higher,
    }
