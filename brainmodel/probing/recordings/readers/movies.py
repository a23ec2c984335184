"""Movies of which each row of a table is one frame: where each showing begins."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.readers.conditions import as_words

USUAL = ("frame", "frame_number", "frame_index", "movie_frame", "movie_frame_index")
Table = Mapping[str, Any]  # columns by name; what one holds is read by column[:]

FILM = 0.1  # s; frames of films are shorter, pictures shown one by one are longer


class Showings(NamedTuple):
    """When a movie was shown from its first frame to its last."""

    rows: Whole  # [showing] row of the first frame
    seconds: Floats  # [showing] how long it took
    broken: int  # showings that lack frames or were interrupted
    without: int  # rows with an onset but no number of a frame
    frame: float  # s from one frame to the next


def movie_column(
    source: str | Path, table: Table, names: Sequence[str], onsets: Floats, edges: Floats
) -> str | None:
    """The column that numbers the frames of a movie, where rows can be nothing else.

    So they are if they follow each other as frames of films do, if each showing has all numbers in
    order, and if the bins reach over several of them.
    """
    for column in USUAL:
        if column not in table:
            continue
        if _numbers(table, column) is None or not np.isfinite(onsets).all():
            continue
        found = showings(source, table, column, [n for n in names if n != column], onsets)
        short = 0 < found.frame < FILM and np.ptp(edges) > 1.5 * found.frame
        often = len(found.rows) > (column in names)  # pictures may be shown once in their order
        if short and often and not (found.broken or found.without):
            return column
    return None


def showings(
    source: str | Path, table: Table, column: str, names: Sequence[str], onsets: Floats
) -> Showings:
    """The showings of movies, each of rows of one name whose frames run from first to last.

    Args:
        source, table: of the rows.
        column: that numbers frames.
        names: columns that name the movie, where there are several.
        onsets: [row] s; NaN where a row is not to be looked at.

    Raises:
        ValueError: if the column holds no numbers.
    """
    numbers = _numbers(table, column)
    if numbers is None:
        raise ValueError(
            f"{source}: {column} does not number the frames of a movie: give as movie_frame a "
            "column that does."
        )
    movies = np.array([""] * len(onsets))
    for name in names:
        movies = np.char.add(np.char.add(movies, "\n"), as_words(table[name][:], name, str(source)))
    numbered = np.isfinite(numbers) & (numbers >= 0)
    usable = numbered & np.isfinite(onsets)
    without = int((np.isfinite(onsets) & ~numbered).sum())
    found = []
    for movie in np.unique(movies[usable]):
        rows = np.flatnonzero(usable & (movies == movie))
        rows = rows[np.argsort(onsets[rows], kind="stable")]
        found.append(_of_one_movie(rows, numbers[rows], onsets[rows]))
    if not found:
        return Showings(np.empty(0, int), np.empty(0), 0, without, 0.0)
    rows, seconds, broken, _, frames = zip(*found, strict=True)
    order = np.argsort(onsets[np.concatenate(rows)], kind="stable")
    joined = np.concatenate(rows)[order], np.concatenate(seconds)[order]
    return Showings(*joined, sum(broken), without, max(frames))


def _of_one_movie(rows: Whole, numbers: Floats, onsets: Floats) -> Showings:
    """Rows in the order of their onsets, cut where the first frame comes again."""
    frames = np.unique(numbers)
    starts = np.flatnonzero(numbers == frames[0])
    steps = np.diff(onsets)
    step = float(np.median(steps)) if len(steps) else 0.0
    whole = []
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        runs = np.array_equal(numbers[start:end], frames)
        whole.append(runs and len(frames) > 1 and bool((steps[start : end - 1] < 1.5 * step).all()))
    kept = starts[np.array(whole, bool)]
    broken = len(starts) - len(kept) + int(starts[0] > 0)
    return Showings(rows[kept], np.full(len(kept), step * len(frames)), broken, 0, step)


def _numbers(table: Table, column: str) -> NDArray[np.floating[Any]] | None:
    try:
        found = np.asarray(table[column][:], float)
    except (ValueError, TypeError):
        return None
    return found if found.ndim == 1 else None
