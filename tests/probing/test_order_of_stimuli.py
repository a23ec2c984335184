"""Responses stand beside what was shown: numbers sort as numbers, blanks are no pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from brainmodel.probing.recordings import LeaveOut, NwbUnits, Recording, read_npz, write_npz
from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.readers.conditions import conditions
from brainmodel.probing.recordings.readers.mat import read_mat
from brainmodel.probing.recordings.readers.nwb import read_units
from brainmodel.probing.recordings.readers.rds import read_rds_recording
from tests.probing.nwb_sessions import (
    add_electrodes,
    add_intervals,
    add_units,
    save,
    session,
)

rdata: Any = pytest.importorskip("rdata")

KEEP = LeaveOut(blanks=False)
LAYOUT = Layout("counts", "trial", [0.0, 0.25], "spikes", "VISp", ["frame"])


def from_nwb(shown: np.ndarray, counts: np.ndarray, folder: Path, leave_out: LeaveOut) -> Recording:
    """A unit that fired `counts[k]` times while event k lasted, in spikes."""
    file = session()
    add_electrodes(file, ["VISp"])
    onsets = 10 + 0.5 * np.arange(len(shown))
    trains = [
        t + 0.01 + 0.2 * np.arange(n) / max(n, 1) for t, n in zip(onsets, counts, strict=True)
    ]
    add_units(file, [np.concatenate(trains)])
    add_intervals(file, "scenes", onsets, frame=shown.tolist())
    path = save(file, folder / "session.nwb")
    found = read_units(path, "scenes", "frame", [0.0, 0.25], leave_out=leave_out)
    return Recording(
        found.responses / 4, found.areas, found.stimuli, found.edges, "", left_out=found.left_out
    )


def from_mat(shown: np.ndarray, counts: np.ndarray, folder: Path, leave_out: LeaveOut) -> Recording:
    held = shown.astype(object) if shown.dtype.kind == "U" else shown
    savemat(folder / "r.mat", {"counts": counts, "frame": held})
    return read_mat(folder / "r.mat", LAYOUT, leave_out)


def from_rds(shown: np.ndarray, counts: np.ndarray, folder: Path, leave_out: LeaveOut) -> Recording:
    rdata.write_rds(folder / "r.rds", {"counts": counts.astype(float), "frame": shown})
    return read_rds_recording(folder / "r.rds", LAYOUT, leave_out)


Read = Callable[[np.ndarray, np.ndarray, Path, LeaveOut], Recording]
READERS = pytest.mark.parametrize("read", [from_nwb, from_mat, from_rds])


@READERS
@pytest.mark.parametrize("as_text", [False, True])
def test_responses_stand_in_the_order_of_the_numbers_of_frames(
    read: Read, as_text: bool, tmp_path: Path
) -> None:
    shown = np.concatenate([np.random.default_rng(k).permutation(13) for k in range(3)])
    values = np.array([f"{k}" for k in shown]) if as_text else shown.astype(float)
    found = read(values, 2 * shown + 1, tmp_path, LeaveOut())
    expected = np.repeat(2 * np.arange(13) + 1, 3).reshape(1, 13, 3, 1)
    assert found.responses == pytest.approx(expected)
    assert [float(name) for name in found.stimuli] == list(range(13))
    assert found.left_out == ()


@pytest.mark.sampled(2)
@READERS
@pytest.mark.parametrize("blank", [-1.0, np.nan, "gray", "", "Blank", "NULL"])
def test_blanks_are_left_out_and_counted_or_kept_as_the_last(
    read: Read, blank: Any, tmp_path: Path
) -> None:
    shown = np.tile(np.array([11, 2, 0, 5]), 3)
    texts = [f"im{k}" for k in shown] + [blank] * 2
    values = np.array(texts if isinstance(blank, str) else [*shown.astype(float), blank, blank])
    counts = np.append(shown + 1, [7, 8])
    found = read(values, counts, tmp_path, LeaveOut())
    assert found.responses == pytest.approx(np.repeat([1, 3, 6, 12], 3).reshape(1, 4, 3, 1))
    assert found.left_out == (f"2 of 14 events, blank ({str(blank)!r})",)
    assert f"left out: 2 of 14 events, blank ({str(blank)!r})" in found.facts
    kept = read(values, counts, tmp_path, KEEP)
    assert kept.stimuli[4] == "blank" and kept.left_out == ()
    assert kept.responses[0, :4] == pytest.approx(found.responses[0])
    np.testing.assert_array_equal(kept.responses[0, 4, :, 0], [7, 8, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        [1.0, -1.0],
        [-1.0, 0.0, 1.0],
        [-1.0, -0.5, 0.0, 0.5, 1.0],
        [-2, -1, 0, 1, 2],
        ["black", "white", "-1"],
    ],
)
def test_minus_one_is_a_value_where_the_others_are_no_numbers_of_pictures_and_that_is_told(
    values: Any,
) -> None:
    found = conditions({"color": np.tile(values, 4)}, LeaveOut(), "flashes")
    assert len(found.stimuli) == len(values) and (found.of_event >= 0).all()
    (said,) = found.left_out
    assert said.startswith("none of 4 events with color -1, taken for a stimulus beside ")


@READERS
def test_readers_take_minus_one_for_a_blank_beside_pictures_and_for_a_stimulus_beside_0_and_1(
    read: Read, tmp_path: Path
) -> None:
    shown = np.tile(np.array([1.0, -1.0, 0.0]), 3)
    found = read(shown, shown + 5, tmp_path, LeaveOut())
    assert [float(name) for name in found.stimuli] == [-1, 0, 1]
    assert found.responses == pytest.approx(np.repeat([4, 5, 6], 3).reshape(1, 3, 3, 1))
    assert found.left_out == (
        "none of 3 events with frame -1, taken for a stimulus beside 0.0, 1.0 (where nothing was "
        'shown, call it "blank")',
    )
    pictures = read(np.append(shown, 2.0), np.append(shown, 2.0) + 5, tmp_path, LeaveOut())
    assert [float(name) for name in pictures.stimuli] == [0, 1, 2]
    assert pictures.left_out == ("3 of 10 events, blank ('-1.0')",)


def test_several_columns_sort_by_the_first_then_the_second() -> None:
    held = {"contrast": [1.0, 0.5, 0.5, 0.5], "orientation": [0.0, 90.0, 135.0, np.nan]}
    found = conditions(held, LeaveOut(), "gratings")
    assert found.stimuli.tolist() == ["0.5 90.0", "0.5 135.0", "1.0 0.0"]
    assert found.of_event.tolist() == [2, 0, 1, -1]
    assert found.left_out == ("1 of 4 events, blank ('0.5 nan')",)
    named = conditions({k: v[:3] for k, v in held.items()}, KEEP, "gratings", named=True)
    assert named.stimuli[0] == "contrast 0.5 orientation 90.0"


def test_text_sorts_by_the_numbers_within_it_and_equal_numbers_are_one_stimulus() -> None:
    held = ["im10", "im9", "im09", "im1b", b"im1a"]
    found = conditions({"image": np.array(held, object)}, LeaveOut(), "images")
    assert found.stimuli.tolist() == ["im1a", "im1b", "im09", "im9", "im10"]
    again = conditions({"image": np.array(["10", "9.0", "9", "-0.0", "0"])}, LeaveOut(), "images")
    assert again.stimuli.tolist() == ["-0.0", "9.0", "10"]
    assert again.of_event.tolist() == [2, 1, 1, 0, 0]


@pytest.mark.parametrize(
    "names",
    [
        ["1_2", "1_11", "11_1", "111"],  # category and exemplar
        ["3", "9007199254740992", "9007199254740993"],  # beyond what a float tells apart
        ["1e3", "12e3", "120e2"],  # beginnings of checksums
        ["7", "07", "007"],
    ],
)
def test_names_that_only_look_like_one_number_are_several(names: list[str]) -> None:
    found = conditions({"image": np.tile(names, 2)}, LeaveOut(), "images")
    assert sorted(found.stimuli.tolist()) == sorted(names)
    assert found.stimuli[found.of_event].tolist() == names * 2
    numbers = np.array([int(word) for word in names if word.isdecimal()])
    if len(set(numbers.tolist())) == len(names):
        again = conditions({"image": numbers}, LeaveOut(), "images")
        assert again.stimuli.tolist() == [str(number) for number in sorted(numbers.tolist())]


def test_numbers_are_equal_however_many_zeros_follow_the_point() -> None:
    held = np.array(["0.50", ".5", "+0.5", "-1", "-1.", "3", "3.00", "-0.0", "0"])
    found = conditions({"contrast": held}, LeaveOut(), "gratings")
    assert found.of_event.tolist() == [2, 2, 2, 0, 0, 3, 3, 1, 1]


def test_columns_that_name_no_stimulus_are_refused() -> None:
    with pytest.raises(ValueError, match="s.nwb: every value of frame is a blank: name another"):
        conditions({"frame": [np.nan, np.nan]}, LeaveOut(), "s.nwb")
    with pytest.raises(
        ValueError, match="s.nwb: tags holds several values in a row: name a column"
    ):
        conditions({"tags": [["a", "b"], ["a"]]}, LeaveOut(), "s.nwb")


def test_a_blank_among_named_rows_is_left_out_too(tmp_path: Path) -> None:
    values = np.arange(6.0).reshape(2, 3)
    savemat(tmp_path / "r.mat", {"counts": values, "frame": np.array([2.0, -1.0, 10.0])})
    layout = Layout("counts", "neuron stimulus", [0.0, 0.25], "spikes", "V1", ["frame"])
    found = read_mat(tmp_path / "r.mat", layout)
    assert found.stimuli.tolist() == ["2.0", "10.0"]
    assert found.responses[..., 0, 0].tolist() == [[0, 2], [3, 5]]
    assert found.left_out == ("1 of 3 events, blank ('-1.0')",)


def test_what_was_left_out_is_kept_in_files_and_told_where_frames_do_not_fit(
    tmp_path: Path,
) -> None:
    shown = np.array([0.0, 1.0, 2.0, -1.0])
    found = from_nwb(shown, np.arange(4), tmp_path, LeaveOut())
    write_npz(found, tmp_path / "r.npz")
    assert read_npz(tmp_path / "r.npz").left_out == found.left_out
    np.save(tmp_path / "f.npy", np.zeros((4, 4, 4), np.uint8))  # with a gray one
    asked: Any = (str(tmp_path / "session.nwb"), "scenes", "frame", [0.0, 0.25])
    frames: Any = (str(tmp_path / "f.npy"), [0.0, 0.25])
    with pytest.raises(
        ValueError, match=r"\(left out: 1 of 4 events, blank \('-1.0'\)\): frames of 4"
    ):
        NwbUnits(*asked, *frames).read()
    assert len(NwbUnits(*asked, *frames, leave_out=KEEP).read().recording.stimuli) == 4
