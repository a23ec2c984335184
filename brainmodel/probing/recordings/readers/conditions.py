"""Which event showed what: events whose values are equal are repeats of one stimulus.

Numbers sort as numbers, also in text: -1, 0.0, 2.0, 10.0, and "im2" before "im10". With several
columns the first decides, then the second. Numbers that differ in zeros after the point alone are
equal, 7 and 7.0; 7 and 007, 1_11 and 11_1, 12e3 and 120e2 are not.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.leave_out import LeaveOut
from brainmodel.probing.recordings.recording import Labels

BLANK = "blank"
BLANK_WORDS = frozenset({"", "nan", "nat", "<na>", "na", "n/a", "none", "null", "spontaneous"}) | {
    f"{word}{end}"
    for word in ("gray", "grey", BLANK)
    for end in ("", "screen", " screen", "_screen")
}
UNKNOWN = "unknown"
NOWHERE = frozenset({"", "unknown", "none", "nan", "null", "na", "n/a", "see electrode locations"})
NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
WRITTEN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class Conditions(NamedTuple):
    """The stimuli, in order, and which event showed which."""

    stimuli: Labels  # [stimulus] names, each once
    of_event: Whole  # [event] its stimulus; -1 where the event is left out
    left_out: tuple[str, ...]  # sentences for `Recording.left_out`


class Names(NamedTuple):
    """What each event showed, column by column."""

    words: NDArray[np.str_]  # [event, column]
    places: Whole  # [event, column] of the value among those of its column, in order
    blank: NDArray[np.bool_]  # [event]


def conditions(
    columns: Mapping[str, Any], leave_out: LeaveOut, source: str, named: bool = False
) -> Conditions:
    """The stimuli that values of events name, in order.

    Args:
        columns: [event] values, by the name of their column.
        leave_out: `blanks` is looked at.
        source: of the columns, for messages.
        named: write the names of the columns before their values.

    Raises:
        ValueError: if all events are blank and blanks are left out, or a column is no column.
    """
    names = _names(columns, source)
    rows, first, which = np.unique(
        names.places[~names.blank], axis=0, return_index=True, return_inverse=True
    )
    joined = _join(names.words[~names.blank][first], list(columns) if named else ())
    of_event = np.full(len(names.blank), -1)
    of_event[~names.blank] = which.reshape(-1)
    if leave_out.blanks:
        return Conditions(joined, of_event, _said_of_blanks(names, columns, source))
    if names.blank.any():
        of_event[names.blank] = len(rows)
        joined = np.append(joined, BLANK)
    return Conditions(joined, of_event, ())


def labels_in_order(
    columns: Mapping[str, Any], leave_out: LeaveOut, source: str
) -> tuple[Labels, NDArray[np.bool_], tuple[str, ...]]:
    """[stimulus] names where each row is a stimulus already, and which of them to keep."""
    names = _names(columns, source)
    joined = _join(names.words, list(columns) if len(columns) > 1 else ())
    if not leave_out.blanks:
        return joined, np.ones(len(joined), bool), ()
    left_out = _said_of_blanks(names, columns, source)
    return joined[~names.blank], ~names.blank, left_out


def by_condition(events: Floats, found: Conditions) -> Floats:
    """Events [neuron, event, time] as [neuron, stimulus, repeat, time].

    Repeats stand in the order of events; NaN where a stimulus was shown less often than another.
    """
    counts = np.bincount(found.of_event[found.of_event >= 0], minlength=len(found.stimuli))
    shape = (len(events), len(counts), counts.max(), events.shape[2])
    responses = np.full(shape, np.nan)
    for stimulus, count in enumerate(counts):
        responses[:, stimulus, :count] = events[:, found.of_event == stimulus]
    return responses


def as_words(values: Any, name: str, source: str) -> NDArray[np.str_]:
    """[row] values as text.

    Raises:
        ValueError: if there is not one value in each row.
    """
    try:
        held = np.asarray(values)
    except ValueError:  # rows of different lengths
        held = np.empty((0, 0))
    several = held.dtype == object and any(np.size(value) > 1 for value in held.ravel())
    if held.ndim != 1 or several:
        raise ValueError(f"{source}: {name} holds several values in a row: name a column with one.")
    if held.dtype.kind in "SO":
        held = np.array([as_text(value) for value in held.tolist()], dtype=str)
    return np.char.strip(held.astype(str))


def as_areas(values: Any, name: str, source: str) -> NDArray[np.str_]:
    """[neuron] names of areas; "unknown" where there is none."""
    words = as_words(values, name, source)
    return np.where(np.isin(np.char.lower(words), list(NOWHERE)), UNKNOWN, words)


def as_text(value: Any) -> str:
    """One value as text; of a cell within a cell what is in it, of an empty one nothing."""
    while isinstance(value, np.ndarray) and value.size < 2:
        value = value.item() if value.size else ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _names(columns: Mapping[str, Any], source: str) -> Names:
    words = [as_words(values, name, source) for name, values in columns.items()]
    ranked = [_ranked(column) for column in words]
    return Names(
        np.stack(words, 1),
        np.stack([places for places, _ in ranked], 1),
        np.any([blank for _, blank in ranked], axis=0),
    )


def _ranked(words: NDArray[np.str_]) -> tuple[Whole, NDArray[np.bool_]]:
    """[event] place of each value among the others, in order, and whether it is blank."""
    unique, which = np.unique(words, return_inverse=True)
    blank = np.array([word.lower() in BLANK_WORDS for word in unique], bool)
    numbers = as_numbers(unique[~blank])
    if numbers is None:
        keys: list[Any] = [by_numbers_within(word) for word in unique.tolist()]
    else:
        values = np.zeros(len(unique))
        values[~blank] = numbers
        blank |= (values == -1) & _count_pictures(numbers)
        words_of = np.where(blank, "0", unique).tolist()
        keys = [(Decimal(word), as_written(word)) for word in words_of]
    place = {key: k for k, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys], int)[which], blank[which]


def by_numbers_within(word: str) -> tuple[tuple[Any, ...], str]:
    """What text sorts by: its parts, of which every other one is a number; then itself."""
    parts = NUMBER.split(word)
    return tuple(float(part) if k % 2 else part for k, part in enumerate(parts)), word


def as_numbers(words: Sequence[str] | NDArray[np.str_]) -> Floats | None:
    """The numbers that these words are, None if one is none: 1_11 is a name."""
    if not all(WRITTEN.fullmatch(str(word)) for word in words):
        return None
    numbers = np.array([float(word) for word in words])
    return numbers if np.isfinite(numbers).all() else None


def as_written(number: str) -> str:
    """A number in words, without what adds nothing: 7 for 7.0, 0.5 for +.50, 0 for -0.0."""
    figures = number.lower().lstrip("+-")
    if "." in figures and "e" not in figures:
        figures = figures.rstrip("0").rstrip(".") or "0"
    figures = "0" + figures if figures.startswith(".") else figures
    return "-" * (Decimal(number) < 0) + figures


def _count_pictures(numbers: Floats) -> bool:
    """Whether numbers other than -1 are those of pictures, so that -1 is none of them.

    Beside 0 and 1 alone it is a third value, as of contrasts to the left, none, and to the right.
    """
    others = np.unique(numbers[numbers != -1])
    if len(others) < 2 or np.array_equal(others, [0, 1]):
        return False
    return bool(((others >= 0) & (others == np.round(others))).all())


def _join(words: NDArray[np.str_], prefixes: Sequence[str]) -> Labels:
    rows = words.tolist()
    if prefixes:
        rows = [[f"{p} {w}" for p, w in zip(prefixes, row, strict=True)] for row in rows]
    return np.array([" ".join(row) for row in rows])


def _said_of_blanks(names: Names, columns: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """How many events are blank, and where -1 is not, in sentences."""
    if names.blank.all():
        raise ValueError(
            f"{source}: every value of {', '.join(columns)} is a blank: name another column, or "
            "keep blanks with leave_out.blanks: false."
        )
    shown = names.words[~names.blank].T
    said = [_said_of_minus_one(*held) for held in zip(columns, shown, strict=True)]
    if names.blank.any():
        kinds = sorted(set(_join(names.words[names.blank], ()).tolist()))
        found = ", ".join(repr(kind) for kind in kinds[:3]) + (", ..." if len(kinds) > 3 else "")
        said = [f"{names.blank.sum()} of {len(names.blank)} events, blank ({found})", *said]
    return tuple(sentence for sentence in said if sentence)


def _said_of_minus_one(column: str, words: NDArray[np.str_]) -> str:
    """That -1 is taken for a stimulus, nothing where there is none among values of events."""
    unique, counts = np.unique(words, return_counts=True)
    minus_one = np.array([bool(WRITTEN.fullmatch(w)) and as_written(w) == "-1" for w in unique])
    if not minus_one.any():
        return ""
    others = sorted(unique[~minus_one].tolist(), key=by_numbers_within)
    beside = f"beside {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}"
    return (
        f"none of {counts[minus_one].sum()} events with {column} -1, taken for a stimulus "
        f'{beside if others else "by itself"} (where nothing was shown, call it "{BLANK}")'
    )
