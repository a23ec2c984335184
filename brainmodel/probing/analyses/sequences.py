"""Sequences of elements: does their order matter, and what is the response to an omission?

Gavornik & Bear (2014), Nat. Neurosci. 17:732; see `statistics/sequence_responses.py`. A stimulus is
a sequence if its name begins with its elements, a letter each: "ABCD", "DCBA 2". Where one element
is left out, "AB_D", and where all are, "____", responses to the omission are compared as well.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from brainmodel.probing.activity import Presentation
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.analyses.area_responses import (
    AreaResponses,
    Origin,
    brain_responses,
    model_responses,
)
from brainmodel.probing.analyses.dots import Dot, draw_dots
from brainmodel.probing.analyses.learning import Answer, learnt_by_area
from brainmodel.probing.analyses.sequence_names import (
    OMITTED,
    blank_of,
    controls_of,
    gap_in,
    has_other_places,
    kinds_of,
    words_of,
)
from brainmodel.probing.analyses.time_courses import within
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import RecordedOrNot, Stimuli
from brainmodel.probing.statistics import Omission, omission, order_effect, over_brains

CAPTION = (
    "<b>Order and omission,</b> mean effects in standard deviations over units, and their standard "
    "errors over events. Order: response to elements in their trained place less that in other "
    "places. Omission: response where an element was left out less that in a gap after the same "
    "element in an untrained order, or on a blank screen where there is no such gap. Dots: "
    "trained; rings: untrained seeds; diamonds: the brain."
)
ORDER = "order"


class Effect(NamedTuple):
    """What one area answers to one question."""

    origin: Origin
    question: str  # "order", or the sequence with an element left out
    units: Floats  # [unit] effect
    draws: Floats | None  # [draw] of its mean, of events; None where there are too few
    omission: Omission | None


class Sequences(Analysis):
    """Order of sequences, and omissions.

    Args:
        trained: the sequence that was learnt, such as "ABCD".
        seconds: that an element lasts.
        window: start and end, s from the onset of each element, in which responses are averaged.
        shuffles: for the p of omissions.
        seed: of the shuffles.
    """

    signals = ("rate", "error")

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

    def check(self, recording: RecordedOrNot, stimuli: Stimuli, presentation: Presentation) -> None:
        whole, gaps = kinds_of(words_of(recording.stimuli), self.trained)
        if len(whole) < 2 and not gaps:
            raise ValueError(
                f"{recording.source}: no stimulus is a sequence of {self.trained!r} in another "
                f"order or with {OMITTED!r} for an element: there are "
                f"{[str(name) for name in recording.stimuli[:5]]} and so on."
            )
        for place in range(len(self.trained)):
            within(self._window_at(place), recording.edges, recording.source)
            within(self._window_at(place), presentation.edges, "the model")

    def _window_at(self, place: int) -> list[float]:
        """Start and end of the window of the element in a place, s from stimulus onset."""
        return [place * self.seconds + end for end in self.window]

    def __call__(self, evidence: Evidence) -> Section:
        words = words_of(evidence.recording.stimuli)
        effects: list[Effect] = []
        for responses in (*brain_responses(evidence), *model_responses(evidence, self.signals)):
            effects += self._effects(responses, words)
        panels: dict[str, list[Dot]] = {"order effect, SD": [], "omission effect, SD": []}
        rows = []
        for effect in effects:
            row, dot = _row_and_dot(effect)
            rows.append(row)
            kind = "order" if effect.question == ORDER else "omission"
            panels[f"{kind} effect, SD"].append(dot)
        figure = draw_dots({what: dots for what, dots in panels.items() if dots}, zero=True)
        tables = {"sequences": rows}
        if changes := list(_learning_rows(effects)):
            tables = {"sequences_learning": changes} | tables
        return Section("Sequences", tables, {"sequences": Illustration(figure, CAPTION)})

    def _effects(self, responses: AreaResponses, words: Sequence[str]) -> Iterator[Effect]:
        """Of one area; none where fewer than two units saw all of the sequences."""
        whole, gaps = kinds_of(words, self.trained)
        controls = [w for gap in gaps for w in self._controls(words, gap)]
        by_word = self._by_element(responses, words, [*whole, *gaps, *controls])
        if len(by_word[self.trained]) < 2:
            return
        if has_other_places(whole, self.trained):
            effect = order_effect(_side_by_side(by_word, whole), whole, self.trained)
            draws = self._drawn({w: by_word[w] for w in whole}, self._mean_order)
            yield Effect(responses.origin, ORDER, effect, draws, None)
        for word in gaps:
            controls = self._controls(words, word)
            found = self._omission(by_word, word, controls)
            without = controls or [blank_of(self.trained)]
            place = word.index(OMITTED)
            compared = {w: by_word[w][:, place : place + 1] for w in (word, *without)}
            draws = self._drawn(compared, _first_less_others)
            yield Effect(responses.origin, word, found.effect, draws, found)

    def _controls(self, words: Sequence[str], gap: str) -> list[str]:
        place = gap_in(gap, self.trained)
        assert place is not None
        return controls_of(words, self.trained, place)

    def _mean_order(self, means: dict[str, Floats]) -> float:
        whole = list(means)
        responses = np.stack([means[word] for word in whole])[None, :, :, None]
        return float(order_effect(responses, whole, self.trained)[0])

    def _drawn(
        self, by_word: Mapping[str, Floats], effect: Callable[[dict[str, Floats]], float]
    ) -> Floats | None:
        """[draw] mean effect over units when events are drawn again, the same in all areas.

        None where a sequence has one event only.
        """
        means = {word: np.nanmean(values, axis=0) for word, values in by_word.items()}
        if min(values.shape[1] for values in means.values()) < 2:
            return None
        random, found = np.random.default_rng(self.seed), []
        for _ in range(self.shuffles):
            drawn = {
                word: values[:, random.integers(values.shape[1], size=values.shape[1])].mean(1)
                for word, values in means.items()
            }
            found.append(effect(drawn))
        return np.array(found)

    def _by_element(
        self, responses: AreaResponses, words: Sequence[str], wanted: Sequence[str]
    ) -> dict[str, Floats]:
        """By sequence, [unit, place, event] means in the windows of its elements.

        Of units that saw all the sequences that are wanted, and the blank one if there is one.
        """
        found = {}
        blank = blank_of(self.trained)
        for word in (*wanted, *([blank] if blank in words else [])):
            mine = responses.values[:, [other == word for other in words]]
            by_place = [
                mine[..., within(self._window_at(k), responses.edges, responses.origin.area)].mean(
                    3
                )
                for k in range(len(self.trained))
            ]
            found[word] = np.stack([v.reshape(len(v), -1) for v in by_place], axis=1).astype(float)
        seen = [np.isfinite(values).any(2).all(1) for values in found.values()]
        return {word: values[np.all(seen, axis=0)] for word, values in found.items()}

    def _omission(
        self, by_word: Mapping[str, Floats], word: str, controls: Sequence[str]
    ) -> Omission:
        """The response in place of the element that `word` lacks."""
        place, shown = gap_in(word, self.trained), by_word[self.trained]
        assert place is not None
        elements = {letter: shown[:, k] for k, letter in enumerate(self.trained)}
        blank = by_word[blank_of(self.trained)][:, place]
        left_out, expected = by_word[word][:, place], self.trained[place]
        control = [by_word[other][:, place] for other in controls]
        gap = np.concatenate(control, axis=1) if control else None
        return omission(left_out, blank, elements, expected, gap, self.shuffles, self.seed)


def _first_less_others(means: dict[str, Floats]) -> float:
    """The first of the means less the mean of the others."""
    first, *others = (float(mean.mean()) for mean in means.values())
    return first - float(np.mean(others))


def _side_by_side(by_word: Mapping[str, Floats], words: Sequence[str]) -> Floats:
    """[unit, sequence, place, event]; NaN where a sequence has fewer events than another."""
    events = max(by_word[word].shape[2] for word in words)
    missing = [events - by_word[word].shape[2] for word in words]
    padded = [
        np.pad(by_word[word], [(0, 0), (0, 0), (0, count)], constant_values=np.nan)
        for word, count in zip(words, missing, strict=True)
    ]
    return np.stack(padded, axis=1)


def _row_and_dot(effect: Effect) -> tuple[dict[str, Any], Dot]:
    """The mean effect over units, as a row of a table, and in standard deviations as a dot."""
    units, found = effect.units[np.isfinite(effect.units)], effect.omission
    spread = float(units.std(ddof=1))
    draws = None if effect.draws is None else effect.draws[None]
    change = over_brains(np.array([units.mean()]), draws)
    error = 0.0 if draws is None else float(draws.std())
    row = effect.origin._asdict() | {
        "question": effect.question,
        "units": len(units),
        "effect": change.value,
        "standard error": None if draws is None else error,
        "p": change.p,
        "likeness": None if found is None else found.likeness,
        "of others": None if found is None else found.others,
        "p of likeness": None if found is None else found.p,
    }
    scale = spread if spread > 0 else 1.0
    return row, Dot(effect.origin, change.value / scale, error / scale)


def _learning_rows(effects: Sequence[Effect]) -> Iterator[dict[str, Any]]:
    """What learning changed: effects, and likeness of omissions to what was left out."""
    for question in dict.fromkeys(effect.question for effect in effects):
        mine = [e for e in effects if e.question == question and e.origin.model != "brain"]
        answers = {"effect": [Answer(e.origin, float(np.nanmean(e.units)), e.draws) for e in mine]}
        answers["likeness less that of others"] = [
            Answer(e.origin, e.omission.likeness - e.omission.others, None)
            for e in mine
            if e.omission is not None
        ]
        for what, given in answers.items():
            for (_, area, signal), change in learnt_by_area(given).items():
                where = {"area": area, "signal": signal, "question": question}
                change_of = {"change of": f"{what}, {change.stages}"}
                yield where | change_of | change.judged._asdict()
