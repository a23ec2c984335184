"""Which units of an NWB file are used, and when they fired."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.leave_out import LeaveOut
from brainmodel.probing.recordings.readers.conditions import as_numbers, as_words
from brainmodel.probing.recordings.readers.events import counted
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.movies import Table
from brainmodel.probing.recordings.readers.spikes import SLACK, Trains, trains_of

QUALITY = "quality"
BAD = ("noise", "bad", "poor", "artifact", "artefact", "junk", "rejected", "invalid")

Select = Mapping[str, Sequence[str | float]]  # column of a table -> values to keep


def chosen_rows(
    source: str | Path, table: Table, count: int, kind: str, select: Select, leave_out: LeaveOut
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """[row] which rows of a table are used, and what was left out.

    Args:
        source: of the table, for messages.
        table: of units or ROIs, its columns by name.
        count: of its rows.
        kind: what its rows are.
        select: values to keep, by column.
        leave_out: `bad_units` is looked at, where `select` says nothing of quality.

    Raises:
        ValueError: if a column is missing.
    """
    keep, left_out = np.ones(count, bool), ()
    for column, wanted in select.items():
        require_field(source, f"column of {kind} called", column, table)
        lost = keep & ~_is_one_of(as_words(table[column][:], column, str(source)), wanted)
        left_out += counted(lost, kind, f"whose {column} is not {' or '.join(map(str, wanted))}")
        keep &= ~lost
    if leave_out.bad_units and QUALITY in table and QUALITY not in select:
        qualities = np.char.lower(as_words(table[QUALITY][:], QUALITY, str(source)))
        lost = keep & np.isin(qualities, BAD)
        found = ", ".join(sorted(set(qualities[lost].tolist())))
        left_out += counted(lost, kind, f"of bad quality ({found})")
        keep &= ~lost
    return keep, left_out


def require_some(source: str | Path, left: int, kind: str, said: tuple[str, ...]) -> None:
    """ValueError in one sentence if no row is left."""
    if not left:
        raise ValueError(
            f"{source}: no {kind} are left ({', '.join(said)}): keep them with "
            "leave_out.bad_units: false, or select other values."
        )


def _is_one_of(words: NDArray[np.str_], wanted: Sequence[str | float]) -> NDArray[np.bool_]:
    """[row] whether the value is wanted; numbers are compared as numbers."""
    texts = [str(value) for value in wanted]
    same = np.isin(words, texts)
    numbers = as_numbers(texts)
    if numbers is None:
        return same
    return same | np.array([bool(np.isin(_number(word), numbers)) for word in words.tolist()])


def _number(word: str) -> float:
    found = as_numbers([word])
    return np.nan if found is None else float(found[0])


def spike_trains(source: Path, units: Any, rows: Whole) -> tuple[Trains, tuple[str, ...]]:
    """[unit] spike times in s, rising, and what was wrong with them."""
    require_field(source, "column of units called", "spike_times", units.colnames)
    _require_whole(source, units["spike_times"])
    return trains_of(source, [np.asarray(units["spike_times"][int(row)], float) for row in rows])


def _require_whole(source: Path, spike_times: Any) -> None:
    """Refuse an index of spikes that goes beyond them, or back: units would lack some of theirs."""
    if not hasattr(spike_times, "target"):
        return
    ends, count = np.asarray(spike_times.data[:], int), len(spike_times.target.data)
    if ends.max(initial=0) > count or (np.diff(ends, prepend=0) < 0).any():
        raise ValueError(
            f"{source}: spike_times_index runs to {ends.max()} and should rise to {count}, the "
            "number of spikes: fetch the file again."
        )


def unobserved(units: Any, rows: Whole, onsets: Floats, edges: Floats) -> NDArray[np.bool_] | None:
    """[unit, event, time] bins outside of the times at which a unit was observed.

    None where the file does not say (`obs_intervals`); a unit of which it says nothing was observed
    all the time.
    """
    if "obs_intervals" not in units.colnames:
        return None
    bins = onsets[:, None] + edges
    found = np.zeros((len(rows), len(onsets), len(edges) - 1), bool)
    for unit, row in enumerate(rows):
        held = np.asarray(units["obs_intervals"][int(row)], float).reshape(-1, 2)
        held = held[np.isfinite(held).all(1)]
        if len(held):
            starts, stops = _joined(held)
            place = np.searchsorted(starts, bins[:, :-1] + SLACK, side="right") - 1
            found[unit] = (place < 0) | (bins[:, 1:] > stops[place] + SLACK)
    return found


def _joined(intervals: Floats) -> tuple[Floats, Floats]:
    """Starts and stops of intervals in s, rising, those that meet as one."""
    starts, stops = intervals[np.argsort(intervals[:, 0])].T
    stops = np.maximum.accumulate(stops)
    begins = np.append(True, starts[1:] > stops[:-1] + SLACK)
    return starts[begins], stops[np.append(begins[1:], True)]
