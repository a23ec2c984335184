"""Which stimuli are sequences, by their names: "ABCD", "DCBA 2", "AB_D", "____"."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

OMITTED = "_"


class Kinds(NamedTuple):
    """The sequences among stimuli."""

    whole: list[str]  # the trained one, and others of its elements in other orders
    gaps: list[str]  # the trained one with one element left out


def words_of(stimuli: NDArray[Any]) -> list[str]:
    """[stimulus] its elements, a letter each: what its name begins with, up to a blank."""
    return [(str(name).split() or [""])[0] for name in stimuli]


def blank_of(trained: str) -> str:
    """The sequence of which every element is left out."""
    return OMITTED * len(trained)


def kinds_of(words: Sequence[str], trained: str) -> Kinds:
    """Sequences of the trained one's length; gaps count only where there is a blank, too."""
    known = list(dict.fromkeys(word for word in words if len(word) == len(trained)))
    if trained not in known:
        return Kinds([], [])
    whole = [word for word in known if set(word) <= set(trained)]
    gaps = [word for word in known if gap_in(word, trained) is not None]
    return Kinds(whole, gaps if blank_of(trained) in known else [])


def gap_in(word: str, trained: str) -> int | None:
    """Place of the one element that is left out of the trained sequence."""
    places = [place for place, letter in enumerate(word) if letter == OMITTED]
    fits = all(a in (b, OMITTED) for a, b in zip(word, trained, strict=True))
    return places[0] if fits and len(places) == 1 else None


def controls_of(words: Sequence[str], trained: str, place: int) -> list[str]:
    """Sequences with a gap in that place after the same element, but in an untrained order.

    Before the first element there is nothing: there the blank one serves.
    """
    known = list(dict.fromkeys(word for word in words if len(word) == len(trained)))
    if place == 0:
        return [word for word in known if word == blank_of(trained)]
    return [
        word
        for word in known
        if word[place] == OMITTED
        and word[place - 1] == trained[place - 1]
        and word[:place] != trained[:place]
    ]


def has_other_places(whole: Sequence[str], trained: str) -> bool:
    """Whether an element is seen in another place than in the trained sequence."""
    return any(a != b for word in whole for a, b in zip(word, trained, strict=True))
