"""Spike trains: what may be wrong with the times in them, and rates around events."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.readers.events import counted, is_minus_one

Trains = list[Floats]  # [unit] spike times in s, rising

UNRECORDED = "before the first or after the last spike of all units"

SLACK = 1e-6  # s; rounding of times
FEW = 100  # spikes of which nothing is concluded


def trains_of(source: str | Path, raw: Sequence[Floats]) -> tuple[Trains, tuple[str, ...]]:
    """Spike times without those at no time (NaN, -1), rising, and what was wrong with them.

    Raises:
        ValueError: if they are all whole numbers, so samples or milliseconds, or all at no time.
    """
    kept = [train[np.isfinite(train) & ~is_minus_one(train)] for train in raw]
    count = sum(map(len, raw))
    lost = count - sum(map(len, kept))
    if count and lost == count:
        raise ValueError(
            f"{source}: all {count} spikes are at no time (NaN or -1): give times in seconds."
        )
    _require_seconds(source, raw)
    said = (f"{lost} of {count} spikes at no time (NaN or -1)",) if lost else ()
    unsorted = np.array([(np.diff(train[np.isfinite(train)]) < 0).any() for train in raw], bool)
    trains = [train if (np.diff(train) >= 0).all() else np.sort(train) for train in kept]
    return trains, said + counted(unsorted, "units", "with unsorted spikes (sorted)")


def _require_seconds(source: str | Path, raw: Sequence[Floats]) -> None:
    there = [train for train in raw if len(train)]
    if sum(map(len, there)) < FEW:
        return
    with np.errstate(invalid="ignore"):
        whole = all(np.array_equal(train, np.round(train), equal_nan=True) for train in there)
    if whole:
        raise ValueError(
            f"{source}: all spike times are whole numbers, such as {there[0][-1]:g}: give seconds, "
            "not samples or milliseconds."
        )


def rates(train: Floats, onsets: Floats, bins: Floats) -> Floats:
    """[event, time] spikes/s; spike times are sorted, so counts are differences of places.

    A spike at an edge is in the bin that begins there, however onset and edge add up: times in ms
    lie at edges often.
    """
    places = np.searchsorted(train, onsets[:, None] + bins - SLACK)
    return np.diff(places, axis=1) / np.diff(bins)


def require_among(source: str | Path, trains: Trains, onsets: Floats, edges: Floats) -> None:
    """Refuse events of which none lies among the spikes: their clocks or units differ."""
    if outside(trains, onsets, edges).all():
        first, last = _span(trains)
        raise ValueError(
            f"{source}: events run from {onsets.min():g} to {onsets.max():g} s, all spikes from "
            f"{first:g} to {last:g} s: give both in seconds of one clock."
        )


def outside(trains: Trains, onsets: Floats, edges: Floats) -> NDArray[np.bool_]:
    """[event] whether nothing was recorded then.

    So it is taken to be before the first and after the last spike of all units, by more than ten
    times the longest silence between.
    """
    if sum(map(len, trains)) < FEW:
        return np.zeros(len(onsets), bool)
    first, last = _span(trains)
    seconds = np.unique(np.concatenate([np.unique(np.floor(train)) for train in trains]))
    margin = 10 * np.diff(seconds).max(initial=1.0)
    return (onsets + edges[-1] < first - margin) | (onsets + edges[0] > last + margin)


def _span(trains: Trains) -> tuple[float, float]:
    """First and last spike of all, s."""
    there = [train for train in trains if len(train)]
    return min(float(t[0]) for t in there), max(float(t[-1]) for t in there)
