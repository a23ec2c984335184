"""When something was shown, by a table with a row for each event."""

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
from brainmodel.probing.recordings.readers.movies import Table, movie_column, showings


@dataclass(frozen=True)
class Asked:
    """Which events, and what of them; fields as arguments of `read_units`."""

    intervals: str  # name of the table
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


NEVER = InvalidTimes(np.empty(0), np.empty(0), [])


def read_events(
    source: str | Path, table: Table, asked: Asked, invalid: InvalidTimes = NEVER
) -> ShownEvents:
    """The events of a table, with those without onset or at invalid times left out.

    Where each row is one frame of a movie, an event is a showing of the movie.

    Args:
        source: of the table, for messages.
        table: its columns by name; `start_time` and `stop_time` are looked at where they are there.
        asked: which events.
        invalid: times at which events are left out, if `leave_out` says so.

    Raises:
        ValueError: if a column is missing, no event is left, or edges are no seconds.
    """
    _require_edges(asked.edges)
    more = [asked.movie_frame] if asked.movie_frame else []
    for column in (*asked.columns, asked.onset, *more):
        require_field(source, f"column of {asked.intervals} called", column, table)
    onsets = _onsets(source, table, asked)
    keep = np.isfinite(onsets) & ~is_minus_one(onsets)
    left_out = counted(~keep, "events", f"without {asked.onset} (NaN or -1)")
    rows, columns, seconds, of_movies = _rows(source, table, asked, np.where(keep, onsets, np.nan))
    left_out += of_movies
    _require_seconds(source, asked, onsets[rows], seconds)
    if asked.leave_out.invalid_times:
        lost = invalid.meet(onsets[rows], asked.edges, None)
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
    source: str | Path, table: Table, asked: Asked, onsets: Floats
) -> tuple[Whole, dict[str, Any], Floats, tuple[str, ...]]:
    """Rows that begin an event, columns that name it, its seconds, and what is left out."""
    frame = asked.movie_frame or movie_column(source, table, asked.columns, onsets, asked.edges)
    columns = {name: table[name][:] for name in asked.columns if name != frame}
    if frame is None:
        rows = np.flatnonzero(np.isfinite(onsets))
        durations = _durations(table)
        return rows, columns, durations[rows] if len(durations) else durations, ()
    found = showings(source, table, frame, list(columns), onsets)
    broken = np.arange(found.broken + len(found.rows)) < found.broken
    without = np.arange(len(onsets)) < found.without
    left_out = counted(broken, "showings of movies,", "not whole")
    left_out += counted(without, "rows", f"without number of a frame in {frame}")
    columns = columns or {frame: [asked.intervals] * len(onsets)}
    return found.rows, columns, found.seconds, left_out


def counted(mask: NDArray[np.bool_], kind: str, why: str) -> tuple[str, ...]:
    """A sentence for `Recording.left_out`, if there is anything to say."""
    return (f"{mask.sum()} of {mask.size} {kind} {why}",) if mask.any() else ()


def _require_edges(edges: Floats) -> None:
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise ValueError(
            f"edges is {edges.tolist()}: give two numbers or more, rising, in s from onset."
        )


def _onsets(source: str | Path, table: Table, asked: Asked) -> Floats:
    try:
        held = np.asarray(table[asked.onset][:])
        found = np.empty((0, 0)) if held.dtype.kind in "mM" else held.astype(float)
    except (ValueError, TypeError):  # text, or rows of different lengths
        found = np.empty((0, 0))
    if found.ndim != 1:
        raise ValueError(
            f"{source}: {asked.onset} of {asked.intervals} is not one time in s for each row: "
            "give as onset a column that is."
        )
    return found


def is_minus_one(times: Floats) -> NDArray[np.bool_]:
    """Where -1 stands for no time: not among times before 0."""
    invalid = times == -1
    return invalid & ~((times < 0) & ~invalid).any()


def _durations(table: Table) -> Floats:
    """[event] s; none where the table does not say when events end."""
    try:
        starts, stops = (np.asarray(table[n][:], float) for n in ("start_time", "stop_time"))
    except (KeyError, ValueError, TypeError):  # not there, or text
        return np.empty(0)
    return stops - starts


def _require_seconds(source: str | Path, asked: Asked, onsets: Floats, durations: Floats) -> None:
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
