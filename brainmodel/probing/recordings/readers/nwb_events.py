"""What an NWB file says of when something was shown: onsets, and times that are invalid."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.leave_out import LeaveOut
from brainmodel.probing.recordings.readers.conditions import Conditions, conditions
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.nwb_movies import movie_column, showings


@dataclass(frozen=True)
class Asked:
    """Which events, and what of them; fields as arguments of `read_units`."""

    intervals: str
    stimulus: str | Sequence[str]
    edges: Floats
    onset: str
    movie_frame: str | None
    leave_out: LeaveOut

    @property
    def columns(self) -> list[str]:
        """Columns that name the stimulus."""
        return [self.stimulus] if isinstance(self.stimulus, str) else list(self.stimulus)


class ShownEvents(NamedTuple):
    """Events that can be used."""

    onsets: Floats  # [event] s
    shown: Conditions
    left_out: tuple[str, ...]


class InvalidTimes(NamedTuple):
    """Intervals in which a file says that something failed."""

    starts: Floats  # [interval] s
    stops: Floats
    devices: list[frozenset[str]]  # [interval] what failed; empty where everything did

    def meet(self, onsets: Floats, edges: Floats, device: str | None) -> NDArray[np.bool_]:
        """[event] whether its bins meet an interval of a device, or of everything where None."""
        found = np.zeros(len(onsets), bool)
        for start, stop, devices in zip(self.starts, self.stops, self.devices, strict=True):
            if device in devices or (device is None and not devices):
                found |= (onsets + edges[0] < stop) & (onsets + edges[-1] > start)
        return found


def read_events(source: Path, file: Any, asked: Asked) -> ShownEvents:
    """The events of a table, with those without onset or at invalid times left out.

    Where each row is one frame of a movie, an event is a showing of the movie.

    Raises:
        ValueError: if a table or column is missing, no event is left, or edges are no seconds.
    """
    table = _table(source, file, asked)
    onsets = _onsets(source, table, asked)
    keep = np.isfinite(onsets) & ~_is_minus_one(onsets)
    left_out = counted(~keep, "events", f"without {asked.onset} (NaN or -1)")
    rows, columns, seconds, of_movies = _rows(source, table, asked, np.where(keep, onsets, np.nan))
    left_out += of_movies
    _require_seconds(source, asked, onsets[rows], seconds)
    if asked.leave_out.invalid_times:
        lost = invalid_times(file).meet(onsets[rows], asked.edges, None)
        left_out += counted(lost, "events", "within invalid_times")
        rows = rows[~lost]
    if not len(rows):
        raise ValueError(
            f"{source}: no event of {asked.intervals} is left "
            f"({', '.join(left_out) or 'no rows'}): "
            "name another table or onset, or keep them with leave_out."
        )
    kept = {name: [held[row] for row in rows] for name, held in columns.items()}
    shown = conditions(kept, asked.leave_out, str(source))
    return ShownEvents(onsets[rows], shown, left_out + shown.left_out)


def _rows(
    source: Path, table: Any, asked: Asked, onsets: Floats
) -> tuple[Whole, dict[str, Any], Floats, tuple[str, ...]]:
    """Rows that begin an event, columns that name it, its seconds, and what is left out."""
    frame = asked.movie_frame or movie_column(source, table, asked.columns, onsets, asked.edges)
    columns = {name: table[name][:] for name in asked.columns if name != frame}
    if frame is None:
        rows = np.flatnonzero(np.isfinite(onsets))
        return rows, columns, _durations(table)[rows], ()
    found = showings(source, table, frame, list(columns), onsets)
    broken = np.arange(found.broken + len(found.rows)) < found.broken
    without = np.arange(len(table)) < found.without
    left_out = counted(broken, "showings of movies,", "not whole")
    left_out += counted(without, "rows", f"without number of a frame in {frame}")
    columns = columns or {frame: [asked.intervals] * len(table)}
    return found.rows, columns, found.seconds, left_out


def counted(mask: NDArray[np.bool_], kind: str, why: str) -> tuple[str, ...]:
    """A sentence for `Recording.left_out`, if there is anything to say."""
    return (f"{mask.sum()} of {mask.size} {kind} {why}",) if mask.any() else ()


def invalid_times(file: Any) -> InvalidTimes:
    """The table `invalid_times` of a file; its tags may name electrode groups, planes, devices."""
    table = file.invalid_times
    if table is None or len(table) == 0:
        return InvalidTimes(np.empty(0), np.empty(0), [])
    known = {*file.electrode_groups, *file.imaging_planes, *file.devices}
    tags = table["tags"] if "tags" in table.colnames else [()] * len(table)
    stops = np.asarray(table["stop_time"][:], float)
    return InvalidTimes(
        np.asarray(table["start_time"][:], float),
        np.where(np.isnan(stops), np.inf, stops),
        [frozenset(map(str, tags[row])) & known for row in range(len(table))],
    )


def _table(source: Path, file: Any, asked: Asked) -> Any:
    tables = dict(file.intervals or {})
    if not tables:
        raise ValueError(f"{source}: no table of intervals: it says nothing of stimuli.")
    require_field(source, "table of intervals", asked.intervals, tables)
    table = tables[asked.intervals]
    more = [asked.movie_frame] if asked.movie_frame else []
    for column in (*asked.columns, asked.onset, *more):
        require_field(source, f"column of {asked.intervals} called", column, table.colnames)
    return table


def _onsets(source: Path, table: Any, asked: Asked) -> Floats:
    try:
        found = np.asarray(table[asked.onset][:], float)
    except (ValueError, TypeError):  # text, or rows of different lengths
        found = np.empty((0, 0))
    if found.ndim != 1:
        raise ValueError(
            f"{source}: {asked.onset} of {asked.intervals} is not one time in s for each row: "
            "give as onset a column that is."
        )
    return found


def _is_minus_one(times: Floats) -> NDArray[np.bool_]:
    """Where -1 stands for no time: not among times before 0."""
    invalid = times == -1
    return invalid & ~((times < 0) & ~invalid).any()


def valid_spikes(train: Floats) -> Floats:
    """Spike times without NaN and without -1 for none, in rising order."""
    kept = train[np.isfinite(train) & ~_is_minus_one(train)]
    return kept if (np.diff(kept) >= 0).all() else np.sort(kept)


def _durations(table: Any) -> Floats:
    """[event] s."""
    return np.asarray(table["stop_time"][:], float) - np.asarray(table["start_time"][:], float)


def _require_seconds(source: Path, asked: Asked, onsets: Floats, durations: Floats) -> None:
    """Refuse edges that are far longer than what they are edges of: they are milliseconds."""
    edges, gaps = asked.edges, np.diff(np.unique(onsets))
    lasts = [float(np.median(held)) for held in (gaps, durations[durations > 0]) if len(held)]
    span, shortest = float(np.ptp(edges)), float(np.diff(edges).min(initial=np.inf))
    if span < 10 or not lasts:
        return
    event = max(lasts)
    whole = span >= 20 and bool((edges == np.round(edges)).all())
    if span > 100 * event or 1 < shortest > 5 * event or (whole and span > 4 * event):
        raise ValueError(
            f"{source}: edges run from {edges[0]:g} to {edges[-1]:g} s, but events of "
            f"{asked.intervals} follow each other after {event:.3g} s: give edges in seconds, not "
            f"milliseconds ({edges[0] / 1000:g} to {edges[-1] / 1000:g})."
        )
