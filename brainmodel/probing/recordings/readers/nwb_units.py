"""Which units of an NWB file are used, and when they fired."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.leave_out import LeaveOut
from brainmodel.probing.recordings.readers.conditions import as_numbers, as_words
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.nwb_events import counted, valid_spikes

QUALITY = "quality"
BAD = ("noise", "bad", "poor", "artifact", "artefact", "junk", "rejected", "invalid")

Select = Mapping[str, Sequence[str | float]]  # column of a table -> values to keep


def chosen_rows(
    source: Path, table: Any, kind: str, select: Select, leave_out: LeaveOut
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """[row] which rows of a table are used, and what was left out.

    Args:
        source: of the table, for messages.
        table: of units or ROIs.
        kind: what its rows are.
        select: values to keep, by column.
        leave_out: `bad_units` is looked at, where `select` says nothing of quality.

    Raises:
        ValueError: if a column is missing.
    """
    keep, left_out = np.ones(len(table), bool), ()
    for column, wanted in select.items():
        require_field(source, f"column of {kind} called", column, table.colnames)
        lost = keep & ~_is_one_of(as_words(table[column][:], column, str(source)), wanted)
        left_out += counted(lost, kind, f"whose {column} is not {' or '.join(map(str, wanted))}")
        keep &= ~lost
    if leave_out.bad_units and QUALITY in table.colnames and QUALITY not in select:
        qualities = np.char.lower(as_words(table[QUALITY][:], QUALITY, str(source)))
        lost = keep & np.isin(qualities, BAD)
        found = ", ".join(sorted(set(qualities[lost].tolist())))
        left_out += counted(lost, kind, f"of bad quality ({found})")
        keep &= ~lost
    return keep, left_out


def require_some(source: Path, left: int, kind: str, said: tuple[str, ...]) -> None:
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


def spike_trains(source: Path, units: Any, rows: Whole) -> tuple[list[Floats], tuple[str, ...]]:
    """[unit] spike times in s, rising, and what was wrong with them."""
    require_field(source, "column of units called", "spike_times", units.colnames)
    raw = [np.asarray(units["spike_times"][int(row)], float) for row in rows]
    trains = [valid_spikes(train) for train in raw]
    lost = sum(map(len, raw)) - sum(map(len, trains))
    unsorted = np.array([(np.diff(train[np.isfinite(train)]) < 0).any() for train in raw])
    said = (f"{lost} of {sum(map(len, raw))} spikes at no time (NaN or -1)",) if lost else ()
    return trains, said + counted(unsorted, "units", "with unsorted spikes (sorted)")
