"""Recordings in tables of trials and of spikes: DataFrames, .csv, .tsv or .parquet files."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.optional import optional
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import require_no_slip
from brainmodel.probing.recordings.readers.conditions import (
    BLANK_WORDS,
    as_areas,
    as_numbers,
    as_words,
    as_written,
    by_condition,
    by_numbers_within,
)
from brainmodel.probing.recordings.readers.events import Asked, counted, read_events
from brainmodel.probing.recordings.readers.files import readable, require_field, require_file
from brainmodel.probing.recordings.readers.movies import Table
from brainmodel.probing.recordings.readers.nwb_units import chosen_rows, require_some
from brainmodel.probing.recordings.readers.spikes import (
    UNRECORDED,
    Trains,
    outside,
    rates,
    require_among,
    trains_of,
)
from brainmodel.probing.recordings.recording import LABELS, Recording


@dataclass(frozen=True)
class Columns:
    """Which columns of the tables are what.

    Args:
        stimulus: of trials: what was shown, a column or several, joined; equal values are repeats.
        onset: of trials: when it came on, s.
        movie_frame: of trials: the number of the frame, where each row is one frame of a movie.
        unit: of spikes, and of units: name of the unit.
        time: of spikes: s, by the clock of `onset`.
        area: of units, or of spikes; or the area itself, where there is one alone.
    """

    stimulus: str | Sequence[str] = "stimulus"
    onset: str = "start_time"
    movie_frame: str | None = None
    unit: str = "unit"
    time: str = "time"
    area: str = "area"


USUAL_COLUMNS = Columns()


def read_tables(
    trials: Any,
    spikes: Any,
    edges: Sequence[float],
    *,
    units: Any = None,
    columns: Columns = USUAL_COLUMNS,
    leave_out: LeaveOut = USUAL,
) -> Recording:
    """Firing rates around stimulus onsets, from one row for each trial and one for each spike.

    Args:
        trials: a DataFrame, or the path of a table; a row for each trial, with its onset and what
            it showed.
        spikes: the same; a row for each spike, with its unit and its time, in any order.
        edges: [time + 1] of the bins, s from onset.
        units: the same; a row for each unit. Unless given, units are those that have spikes: a unit
            that never fired is not known. `layer`, `depth`, `compartment`, `subject`, `session`
            become labels; units whose `quality` is "noise" or the like are left out.
        columns: which columns are what.
        leave_out: what to leave out, as of NWB files.

    Raises:
        FileNotFoundError: if there is no such file.
        ModuleNotFoundError: if pandas (or pyarrow, for .parquet) is not installed.
        ValueError: in one sentence, if a table or column cannot be used, or edges are no seconds.
    """
    source = Path(trials).name if isinstance(trials, (str, Path)) else "tables"
    bins, shown_by = np.asarray(edges, float), columns.stimulus
    asked = Asked("trials", shown_by, bins, columns.onset, columns.movie_frame, leave_out)
    events = read_events(source, _table(trials, "trials", asked.columns), asked)
    fired = _table(spikes, "spikes", [columns.unit])
    sorted_units = None if units is None else _table(units, "units", [columns.unit])
    names, labels, said = _units(source, sorted_units, fired, columns, leave_out)
    trains, of_spikes = _trains(source, fired, names, columns)
    responses, unrecorded = _responses(source, trains, events.onsets, asked)
    return Recording(
        by_condition(responses, events.shown),
        stimuli=events.shown.stimuli,
        edges=bins,
        unit="spikes/s",
        source=source,
        left_out=(*events.left_out, *said, *of_spikes, *unrecorded),
        **labels,
    )


def _responses(
    source: str, trains: Trains, onsets: Floats, asked: Asked
) -> tuple[Floats, tuple[str, ...]]:
    """[unit, event, time] spikes/s, and how many events are missing."""
    require_among(source, trains, onsets, asked.edges)
    found = np.stack([rates(train, onsets, asked.edges) for train in trains])
    if not asked.leave_out.invalid_times:
        return found, ()
    lost = outside(trains, onsets, asked.edges)
    found[:, lost] = np.nan
    return found, counted(lost, "events", UNRECORDED)


def _table(given: Any, kind: str, texts: Collection[str]) -> Table:
    """The columns of a DataFrame or of a file by name; spans of time as seconds.

    Args:
        given: DataFrame or path.
        kind: of table, for messages.
        texts: columns that are read as text: "007" is no number.
    """
    frame = _file(Path(given), texts) if isinstance(given, (str, Path)) else given
    if not hasattr(frame, "to_numpy") or not hasattr(frame, "columns"):
        raise ValueError(
            f"{kind} is {type(given).__name__}: give a DataFrame, or the path of a table."
        )
    if any(name is not None and name not in frame.columns for name in frame.index.names):
        frame = frame.reset_index()
    if not len(frame):
        raise ValueError(f"{kind} has no rows: give one for each of them.")
    _require_unlike(kind, [str(name).strip() for name in frame.columns])
    held = {str(name).strip(): frame[name].to_numpy() for name in frame.columns}
    return {name: _in_seconds(values) for name, values in held.items()}


def _in_seconds(values: NDArray[Any]) -> NDArray[Any]:
    return values / np.timedelta64(1, "s") if values.dtype.kind == "m" else values


def _file(path: Path, texts: Collection[str]) -> Any:
    pandas, source = optional("pandas"), require_file(path)
    if source.suffix.lower() == ".parquet":
        optional("pyarrow", "parquet")
        with readable(source, "a table in Parquet", "write it with DataFrame.to_parquet"):
            return pandas.read_parquet(source)
    with readable(source, "a table in CSV", "write it with DataFrame.to_csv"):
        with source.open(encoding="utf-8-sig") as opened:
            first = opened.readline()
        separator = max(",;\t", key=first.count)
        named = [name.strip().strip('"') for name in first.strip().split(separator)]
        found = pandas.read_csv(
            source,
            sep=separator,
            dtype=dict.fromkeys(texts, str),
            skipinitialspace=True,
            encoding="utf-8-sig",
            low_memory=False,
        )
    _require_unlike(str(source), named)
    return _without_empty_end(found, source)


def _require_unlike(source: str, names: Sequence[str]) -> None:
    """Refuse columns of one name: which of them is meant cannot be known."""
    if twice := [name for name, count in Counter(names).items() if name and count > 1]:
        raise ValueError(
            f"{source}: the column {twice[0]!r} stands there more than once: give each a name of "
            "its own."
        )


def _without_empty_end(frame: Any, source: Path) -> Any:
    """A table with one value more in each row than columns, as it is meant.

    R writes the names of rows so, before the others; a spreadsheet a comma at the end, behind which
    is nothing: pandas then takes the first column for names of rows, and moves all others.
    """
    numbered = type(frame.index).__name__ == "RangeIndex"
    if numbered or not len(frame) or frame.iloc[:, -1].notna().any():
        return frame
    raise ValueError(
        f"{source}: rows have a separator at their end that the first line lacks: take it away, or "
        "write the table with DataFrame.to_csv."
    )


def _units(
    source: str, units: Table | None, spikes: Table, columns: Columns, leave_out: LeaveOut
) -> tuple[NDArray[np.str_], dict[str, Any], tuple[str, ...]]:
    """[unit] names, their labels, and what is left out."""
    require_field(source, "column of spikes called", columns.unit, spikes)
    if units is None:
        names, first = np.unique(_names(source, spikes, columns), return_index=True)
        order = sorted(range(len(names)), key=lambda k: by_numbers_within(str(names[k])))
        names, table, rows, said = names[order], spikes, first[order], ()
        _require_one_area(source, spikes, columns)
    else:
        require_field(source, "column of units called", columns.unit, units)
        table, every = units, _names(source, units, columns)
        if len(set(every.tolist())) < len(every):
            raise ValueError(f"{source}: a unit stands twice in units: give each one row.")
        keep, said = chosen_rows(source, units, len(every), "units", {}, leave_out)
        require_some(source, int(keep.sum()), "units", said)
        rows = np.flatnonzero(keep)
        names = every[rows]
    labels: dict[str, Any] = {"areas": _areas(source, (units or {}, spikes), table, rows, columns)}
    for field, column in LABELS.items():
        if units is not None and column in units:
            values = np.asarray(units[column])[rows]
            labels[field] = values if field == "depths" else as_words(values, column, source)
    return names, labels, said


def _areas(
    source: str, tables: Sequence[Table], table: Table, rows: Whole, columns: Columns
) -> NDArray[np.str_]:
    if columns.area in table:
        return as_areas(np.asarray(table[columns.area])[rows], columns.area, source)
    if columns.area == Columns.area:
        there = sorted({name for held in tables for name in held})
        raise ValueError(
            f"{source}: no column of areas: give as columns.area one of {there}, or the area "
            "itself, if there is one alone."
        )
    require_no_slip(columns.area, {name for held in tables for name in held}, source)
    return np.array([columns.area] * len(rows))


def _require_one_area(source: str, spikes: Table, columns: Columns) -> None:
    """Refuse a unit whose spikes say that it lies in two areas."""
    if columns.area not in spikes:
        return
    words = as_words(spikes[columns.area], columns.area, source)
    places = sorted(set(zip(_names(source, spikes, columns).tolist(), words.tolist(), strict=True)))
    for (unit, area), (other, another) in zip(places, places[1:], strict=False):
        if unit == other:
            raise ValueError(
                f"{source}: spikes of unit {unit!r} are of {area!r} and of {another!r}: name units "
                "so that each has one area."
            )


def _names(source: str, table: Table, columns: Columns) -> NDArray[np.str_]:
    """[row] names of units; whole numbers without a point, so that 7.0 is 7."""
    words = as_words(table[columns.unit], columns.unit, source)
    unique, which = np.unique(words, return_inverse=True)
    if np.isin(np.char.lower(unique), sorted(BLANK_WORDS)).any():
        raise ValueError(f"{source}: {columns.unit} is empty in some rows: name the unit in each.")
    numbers = as_numbers(unique)
    if numbers is not None and (numbers == np.round(numbers)).all():
        unique = np.array([as_written(word) for word in unique.tolist()])
    return unique[which]


def _trains(
    source: str, spikes: Table, names: NDArray[np.str_], columns: Columns
) -> tuple[Trains, tuple[str, ...]]:
    """[unit] spike times, rising; and what is left out of them."""
    require_field(source, "column of spikes called", columns.time, spikes)
    try:
        times = np.asarray(spikes[columns.time]).astype(float)
    except (ValueError, TypeError) as problem:
        raise ValueError(
            f"{source}: {columns.time} of spikes holds what is no number ({problem}): give s, "
            "with a point."
        ) from problem
    row_of = {name: k for k, name in enumerate(names.tolist())}
    unique, which = np.unique(_names(source, spikes, columns), return_inverse=True)
    unit = np.array([row_of.get(name, len(names)) for name in unique.tolist()])[which]
    if (unit == len(names)).all():
        raise ValueError(
            f"{source}: spikes are of units such as {str(unique[0])!r}, and none of these is among "
            f"the units, such as {str(names[0])!r}: name them alike in both tables."
        )
    order = np.lexsort((times, unit))
    ends = np.searchsorted(unit[order], np.arange(len(names) + 1))
    raw = [times[order[a:b]] for a, b in zip(ends, ends[1:], strict=False)]
    trains, said = trains_of(source, raw)
    return trains, counted(unit == len(names), "spikes", "of units that are not used") + said
