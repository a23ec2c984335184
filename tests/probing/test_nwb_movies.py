"""Tables of NWB with one row per frame: movies as [stimulus, repeat, time], not stills."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainmodel.probing.recordings import NwbUnits, read_frames
from brainmodel.probing.recordings.readers.nwb import read_rois, read_units
from tests.probing.nwb_sessions import (
    add_electrodes,
    add_intervals,
    add_units,
    save,
    session,
)
from tests.probing.test_nwb_references import two_photon

FRAMES, SHOWINGS = 30, 10
SPIKES = np.sort(np.random.default_rng(0).uniform(0, 40, 2000))


def movie_rows(step: float = 1 / 30) -> tuple[np.ndarray, np.ndarray]:
    """[row] onsets and numbers of frames of a movie, shown again and again."""
    numbers = np.tile(np.arange(FRAMES), SHOWINGS)
    return 10 + step * np.arange(len(numbers)), numbers.astype(float)


def rates(starts: np.ndarray, edges: list[float]) -> np.ndarray:
    """[showing, time] spikes/s, by looking at each spike."""
    ends = list(zip(edges[:-1], edges[1:], strict=True))
    counts = [[((t + a <= SPIKES) & (t + b > SPIKES)).sum() for a, b in ends] for t in starts]
    return np.array(counts) / np.diff(edges)


def written(folder: Path, onsets: Any, **columns: Any) -> Path:
    file = session()
    add_electrodes(file, ["VISp"])
    add_units(file, [SPIKES])
    add_intervals(file, "movies", onsets, float(np.diff(np.sort(onsets)).min()), **columns)
    return save(file, folder / "m.nwb")


@pytest.mark.parametrize("column", ["frame", "stimulus_name", ["stimulus_name", "frame"]])
def test_rows_of_a_film_make_a_movie_by_whatever_they_are_named(
    column: Any, tmp_path: Path
) -> None:
    onsets, numbers = movie_rows()
    shuffled = np.random.default_rng(0).permutation(len(onsets))  # rows need not be in order
    names = np.array(["film"] * len(onsets))
    columns = {"frame": numbers[shuffled], "stimulus_name": names}
    path = written(tmp_path, onsets[shuffled], **columns)
    edges = np.linspace(0, 1, FRAMES + 1).tolist()
    found = read_units(path, "movies", column, edges)
    assert found.responses.shape == (1, 1, SHOWINGS, FRAMES)
    assert found.responses[0, 0] == pytest.approx(rates(onsets[::FRAMES], edges))
    assert found.stimuli.tolist() == ["movies" if column == "frame" else "film"]
    stills = read_units(path, "movies", "frame", [0, 1 / 30])  # no longer than a frame
    assert stills.responses.shape == (1, FRAMES, SHOWINGS, 1)


def test_several_movies_in_turns_and_showings_that_break_off(tmp_path: Path) -> None:
    onsets, numbers = movie_rows()
    onsets += np.repeat(np.arange(SHOWINGS), FRAMES) * 0.5  # gray between showings
    names = np.repeat(["b", "a"] * 5, FRAMES)
    keep = np.ones(len(onsets), bool)
    keep[3 * FRAMES + 20 : 4 * FRAMES] = False  # the fourth breaks off, an "a"
    keep[2 * FRAMES + 7] = False  # the third lacks a frame, a "b"
    onsets[5 * FRAMES + 9 : 6 * FRAMES] += 0.2  # the sixth stops for a while, an "a"
    path = written(tmp_path, onsets[keep], frame=numbers[keep], clip=names[keep])
    edges = np.linspace(0, 1, 11).tolist()
    found = read_units(path, "movies", "clip", edges, movie_frame="frame")
    assert found.stimuli.tolist() == ["a", "b"]
    starts = onsets[::FRAMES]
    assert found.responses[0, 0, :3] == pytest.approx(rates(starts[[1, 7, 9]], edges))
    assert found.responses[0, 1] == pytest.approx(rates(starts[[0, 4, 6, 8]], edges))
    assert found.left_out == ("3 of 10 showings of movies, not whole",)


def test_slow_frames_are_a_movie_where_that_is_said_and_pictures_otherwise(tmp_path: Path) -> None:
    onsets, numbers = movie_rows(step=0.2)
    onsets, numbers = onsets[: 4 * FRAMES], numbers[: 4 * FRAMES] + 1
    path = written(tmp_path, onsets, frame=numbers, order=np.where(numbers == 9, np.nan, numbers))
    edges = np.linspace(0, 6, 31).tolist()
    assert read_units(path, "movies", "frame", [0, 0.2, 0.4]).responses.shape == (1, 30, 4, 2)
    found = read_units(path, "movies", "frame", edges, movie_frame="frame")
    assert found.responses[0, 0] == pytest.approx(rates(onsets[::FRAMES], edges))
    with pytest.raises(ValueError, match=r"no event of movies is left \(4 of 4 showings of movies"):
        read_units(path, "movies", "order", edges, movie_frame="order")
    with pytest.raises(ValueError, match=r"no column of movies called 'clip': there are"):
        read_units(path, "movies", "frame", edges, movie_frame="clip")


def test_pictures_in_quick_succession_are_no_movie(tmp_path: Path) -> None:
    onsets = 10 + 0.05 * np.arange(60)
    random = np.concatenate([np.random.default_rng(k).permutation(20) for k in range(3)])
    path = written(tmp_path, onsets, frame=random)
    assert read_units(path, "movies", "frame", [0, 0.1, 0.2]).responses.shape == (1, 20, 3, 2)
    path = written(tmp_path, onsets, frame=np.arange(60))  # each once, in order
    assert read_units(path, "movies", "frame", [0, 0.1, 0.2]).responses.shape == (1, 60, 1, 2)


def test_rows_of_no_frame_are_counted(tmp_path: Path) -> None:
    onsets, numbers = movie_rows()
    onsets, numbers = np.append(onsets, [30.0, 31.0]), np.append(numbers, [-1, np.nan])
    path = written(tmp_path, onsets, frame=numbers)
    found = read_units(path, "movies", "frame", [0, 0.5, 1], movie_frame="frame")
    assert found.responses.shape == (1, 1, SHOWINGS, 2)
    assert found.left_out == ("2 of 302 rows without number of a frame in frame",)


def test_two_photon_movies_are_cut_alike(tmp_path: Path) -> None:
    file, traces = two_photon([("DfOverF", "traces", "VISp")])  # 10 frames/s, 10 s
    numbers = np.tile(np.arange(20), 3)
    onsets = 1 + np.arange(60) / 20
    add_intervals(file, "movies", onsets, 0.05, frame=numbers, stimulus_name=["film"] * 60)
    path = save(file, tmp_path / "r.nwb")
    edges = np.linspace(0, 1, 6).tolist()
    found = read_rois(path, "movies", "stimulus_name", edges)
    assert found.responses.shape == (3, 1, 3, 5)
    seconds = np.arange(100) / 10
    inside = (seconds >= 2.4 - 1e-9) & (seconds < 2.6 - 1e-9)  # third bin of the second showing
    assert found.responses[:, 0, 1, 2] == pytest.approx(traces[0][inside].mean(0))


def test_the_frames_of_one_movie_need_no_further_axis(tmp_path: Path) -> None:
    onsets, numbers = movie_rows()
    path = written(tmp_path, onsets, frame=numbers)
    frames = np.random.default_rng(0).integers(0, 256, (FRAMES, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "film.npy", frames)
    edges = np.linspace(0, 1, FRAMES + 1).tolist()
    asked: Any = (str(path), "movies", "frame", edges, str(tmp_path / "film.npy"))
    _, stimuli = NwbUnits(*asked, frame_edges=edges).read()
    assert np.array_equal(stimuli.frames, frames[None, ..., None])
    assert read_frames(tmp_path / "film.npy", [0, 0.1]).frames.shape == (FRAMES, 1, 4, 4, 1)
    with pytest.raises(ValueError, match=r"m.nwb: frames of 30 stimuli for a recording of 1"):
        NwbUnits(*asked, frame_edges=[0, 1]).read()
