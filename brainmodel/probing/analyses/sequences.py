"""Sequences of elements: does their order matter, and what answers an element that is left out?

Gavornik & Bear (2014), Nat. Neurosci. 17:732; see `sequence_responses.py`. A stimulus is a
sequence if its name begins with its elements, a letter each: "ABCD", "DCBA 2". With an element left
out, "AB_D", and with nothing at all, "____", responses to the omission are judged as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from brainmodel.probing.activity import Presentation
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.analyses.area_responses import (
    AreaResponses,
    brain_responses,
    model_responses,
)
from brainmodel.probing.analyses.dots import Dot, draw_dots
from brainmodel.probing.analyses.time_courses import within
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Recording, Stimuli
from brainmodel.probing.statistics import change_within, omission, order_effect

CAPTION = (
    "<b>Order and omission,</b> mean effects in standard deviations over units, and their standard "
    "errors. Order: response to elements in their trained place less that in other places. "
    "Omission: response where an element was left out less that where nothing was due. Dots: "
    "trained; rings: untrained seeds; diamonds: the brain."
)
OMITTED = "_"


class Sequences(Analysis):
    """Order of sequences, and omissions.

    Args:
        trained: the sequence that was learnt, such as "ABCD".
        seconds: that an element lasts.
        window: start and end, s from the onset of each element, in which responses are averaged.
        shuffles: for the p of omissions.
        seed: of the shuffles.
    """

    signals: ClassVar[tuple[str, ...]] = ("rate", "error")

    def __init__(
        self,
        trained: str,
        seconds: float,
        window: Sequence[float],
        shuffles: int = 1000,
        seed: int = 0,
    ) -> None:
        if len(trained) < 2 or OMITTED in trained:
            raise ValueError(f"trained is {trained!r}: give 2 letters or more, one per element.")
        if not seconds > 0 or len(window) != 2 or not window[0] < window[1]:
            raise ValueError(
                f"seconds is {seconds} and window {window!r}: give the length of an element, and "
                "start and end in rising seconds from its onset."
            )
        self.trained, self.seconds, self.window = trained, seconds, list(window)
        self.shuffles, self.seed = shuffles, seed

    def check(self, recording: Recording, stimuli: Stimuli, presentation: Presentation) -> None:
        order, left_out = self._kinds(self._words(recording))
        if len(order) < 2 and not left_out:
            raise ValueError(
                f"{recording.source}: no stimulus is a sequence of {self.trained!r} in another "
                f"order or with {OMITTED!r} for an element: there are "
                f"{[str(name) for name in recording.stimuli[:5]]} and so on."
            )
        for place in range(len(self.trained)):
            within(self._at(place), recording.edges, recording.source)
            within(self._at(place), presentation.edges, "the model")

    def _words(self, recording: Recording) -> list[str]:
        """[stimulus] its elements."""
        return [(str(name).split() or [""])[0] for name in recording.stimuli]

    def _kinds(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """The trained sequence and others of its length; it with one element left out."""
        known = list(dict.fromkeys(word for word in words if len(word) == len(self.trained)))
        whole = [word for word in known if set(word) <= set(self.trained)]
        blank = OMITTED * len(self.trained)
        gaps = [word for word in known if self._gap(word) is not None]
        if self.trained not in whole:
            return [], []
        return whole, gaps if blank in known else []

    def _gap(self, word: str) -> int | None:
        """Place of the one element that is left out of the trained sequence."""
        places = [k for k, letter in enumerate(word) if letter == OMITTED]
        fits = all(a in (b, OMITTED) for a, b in zip(word, self.trained, strict=True))
        return places[0] if fits and len(places) == 1 else None

    def _at(self, place: int) -> list[float]:
        return [place * self.seconds + end for end in self.window]

    def __call__(self, evidence: Evidence) -> Section:
        words = self._words(evidence.recording)
        rows, panels = [], {"order effect, SD": [], "omission effect, SD": []}
        for responses in (*brain_responses(evidence), *model_responses(evidence, self.signals)):
            whole, gaps = self._kinds(words)
            answers = self._answers(responses, words, [*whole, *gaps])
            if len(answers[self.trained]) < 2:
                continue  # too few units that saw all of them
            if self._moves(whole):
                row, dot = self._order(responses, answers, whole)
                rows.append(row)
                panels["order effect, SD"].append(dot)
            for word in gaps:
                row, dot = self._omission(responses, answers, word)
                rows.append(row)
                panels["omission effect, SD"].append(dot)
        figure = draw_dots({what: dots for what, dots in panels.items() if dots}, zero=True)
        return Section(
            "Sequences", {"sequences": rows}, {"sequences": Illustration(figure, CAPTION)}
        )

    def _answers(
        self, responses: AreaResponses, words: Sequence[str], wanted: Sequence[str]
    ) -> dict[str, Floats]:
        """By sequence, [unit, place, event] means in the windows of its elements.

        Of units that saw all the sequences that are wanted.
        """
        found = {}
        blank = OMITTED * len(self.trained)
        for word in (*wanted, *([blank] if blank in words else [])):
            mine = responses.values[:, [other == word for other in words]]
            by_place = [
                mine[..., within(self._at(k), responses.edges, responses.origin.area)].mean(3)
                for k in range(len(self.trained))
            ]
            found[word] = np.stack([v.reshape(len(v), -1) for v in by_place], axis=1).astype(float)
        seen = [np.isfinite(values).any(2).all(1) for values in found.values()]
        return {word: values[np.all(seen, axis=0)] for word, values in found.items()}

    def _moves(self, whole: Sequence[str]) -> bool:
        """Whether an element stands elsewhere than in its trained place."""
        return any(a != b for word in whole for a, b in zip(word, self.trained, strict=True))

    def _order(
        self, responses: AreaResponses, answers: Mapping[str, Floats], whole: Sequence[str]
    ) -> tuple[dict[str, Any], Dot]:
        events = max(answers[word].shape[2] for word in whole)
        padded = [
            np.pad(
                answers[word],
                [(0, 0), (0, 0), (0, events - answers[word].shape[2])],
                constant_values=np.nan,
            )
            for word in whole
        ]
        effect = order_effect(np.stack(padded, axis=1), whole, self.trained)
        return _told(responses, "order", effect)

    def _omission(
        self, responses: AreaResponses, answers: Mapping[str, Floats], word: str
    ) -> tuple[dict[str, Any], Dot]:
        place, shown = self._gap(word), answers[self.trained]
        assert place is not None
        elements = {letter: shown[:, k] for k, letter in enumerate(self.trained)}
        blank = answers[OMITTED * len(self.trained)][:, place]
        found = omission(
            answers[word][:, place], blank, elements, self.trained[place], self.shuffles, self.seed
        )
        row, dot = _told(responses, word, found.effect)
        likeness = {"likeness": found.likeness, "of others": found.others, "p of likeness": found.p}
        return row | likeness, dot


def _told(responses: AreaResponses, what: str, effect: Floats) -> tuple[dict[str, Any], Dot]:
    """The effect of a question over units, as a row and as a dot."""
    effect = effect[np.isfinite(effect)]
    change = change_within(np.zeros_like(effect), effect)
    spread = float(effect.std(ddof=1))
    error = spread / np.sqrt(len(effect))
    row = responses.origin._asdict() | {"question": what, "units": len(effect)}
    row |= {"effect": change.value, "standard error": float(error), "p": change.p}
    row |= dict.fromkeys(("likeness", "of others", "p of likeness"))
    scale = spread if spread > 0 else 1.0
    return row, Dot(responses.origin, change.value / scale, float(error / scale))
