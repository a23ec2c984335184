"""A recording that is wrong in one way, and what is right: a sentence, or a value all the same."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

NEURONS, STIMULI, REPEATS, BINS = 3, 4, 2, 5
VALUES = np.random.default_rng(0).random((NEURONS, STIMULI, REPEATS, BINS))
FRAMES = np.random.default_rng(1).integers(0, 256, (STIMULI, 8, 8), dtype=np.uint8)
EDGES = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25]
TOLD = (ValueError, FileNotFoundError, ModuleNotFoundError)  # what a user reads as a sentence


class Case(NamedTuple):
    """One file, or a few.

    Args:
        name: what is wrong with it.
        read: writes it into an empty folder and reads it.
        wanted: text that the sentence must hold (a regular expression), or a question to what was
            read.
    """

    name: str
    read: Callable[[Path], Any]
    wanted: str | Callable[[Any], Any]


def complaint(case: Case, folder: Path) -> str:
    """What is wrong with what the case comes to; empty if it is as it should be."""
    try:
        found = case.read(folder)
    except Exception as error:  # crashes are what is looked for
        return _complaint_of_sentence(case, error)
    if isinstance(case.wanted, str):
        return f"is read without a word: {getattr(found, 'facts', found)}"
    return "" if case.wanted(found) else f"another value: {getattr(found, 'facts', found)}"


def _complaint_of_sentence(case: Case, error: Exception) -> str:
    said = f"{type(error).__name__}: {error}"
    if not isinstance(case.wanted, str):
        return f"is refused: {said}"
    if not isinstance(error, TOLD):
        return f"crashes: {said}"
    text = str(error)
    one = "\n" not in text and text.endswith(".") and ": " in text and len(text) < 500
    if not one:
        return f"is no single sentence with its remedy: {said}"
    return "" if re.search(case.wanted, text) else f"another sentence: {said}"


def same(found: Any, expected: Any = VALUES) -> bool:
    """Whether a recording (or what was shown with it) has these responses."""
    recording = getattr(found, "recording", found)
    return recording.responses.shape == np.shape(expected) and np.allclose(
        recording.responses, expected, equal_nan=True
    )
