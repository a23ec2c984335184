"""What is missing of a recording: what is left out always, what on demand, what it is told as."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from brainmodel.probing.recordings import LeaveOut, NpzFiles, Recording, read_npz, write_npz
from brainmodel.probing.recordings.missing import advice_on_missing
from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.readers.mat import read_mat

VALUES = np.random.default_rng(0).random((3, 5, 2, 6))
RECORDING = Recording(
    VALUES, np.array(["V1"] * 3), np.arange(5), np.arange(7) * 0.1, "spikes/s", "r", np.arange(5)
)
FRAMES = np.random.default_rng(1).integers(0, 256, (5, 4, 4), dtype=np.uint8)


def shown(responses: np.ndarray, folder: Path, **leave_out: bool) -> tuple[Any, np.ndarray]:
    """The recording and the frames that an experiment reads."""
    write_npz(replace(RECORDING, responses=responses), folder / "r.npz")
    np.save(folder / "f.npy", FRAMES)
    paths = str(folder / "r.npz"), str(folder / "f.npy")
    recording, stimuli = NpzFiles(*paths, [0, 0.3], LeaveOut(**leave_out)).read()
    return recording, stimuli.frames[:, 0, ..., 0]


def test_what_is_whole_is_left_alone(tmp_path: Path) -> None:
    found, frames = shown(VALUES, tmp_path, missing_bins=True, missing_stimuli=True)
    assert np.array_equal(found.responses, VALUES) and found.left_out == ()
    assert np.array_equal(frames, FRAMES)


def test_bins_and_stimuli_without_any_response_are_left_out_and_counted(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[..., 0] = values[..., 4:] = np.nan
    values[:, [1, 3]] = np.nan
    found, frames = shown(values, tmp_path)
    assert np.array_equal(found.responses, VALUES[:, [0, 2, 4], :, 1:4])
    assert found.edges == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert found.stimuli.tolist() == found.groups.tolist() == [0, 2, 4]
    assert np.array_equal(frames, FRAMES[[0, 2, 4]])
    assert found.left_out == (
        "3 of 6 time bins at the ends, without any response",
        "2 of 5 stimuli without any response",
    )


def test_bins_at_the_ends_that_some_responses_lack_go_on_demand(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[0, 0, 0, 4:] = values[2, 3, 1, :1] = np.nan
    values[1, 2, 0] = np.nan  # not shown: no bin is at fault
    found, _ = shown(values, tmp_path)
    assert np.array_equal(found.responses, values, equal_nan=True) and found.left_out == ()
    found, _ = shown(values, tmp_path, missing_bins=True)
    assert np.array_equal(found.responses, values[..., 1:4], equal_nan=True)
    assert found.left_out == ("3 of 6 time bins at the ends, that some responses lack",)


def test_stimuli_that_some_neurons_lack_go_on_demand(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[0, 1] = values[1, 4] = np.nan
    values[2] = np.nan  # a neuron without any response costs no stimulus
    found, frames = shown(values, tmp_path, missing_stimuli=True)
    assert np.array_equal(found.responses, values[:, [0, 2, 3]], equal_nan=True)
    assert np.array_equal(frames, FRAMES[[0, 2, 3]])
    assert found.left_out == ("2 of 5 stimuli that some neurons lack",)
    with pytest.raises(
        ValueError, match=r"each neuron lacks some stimulus: leave_out.missing_s.*2"
    ):
        shown(values, tmp_path)


def test_advice_names_what_helps() -> None:
    values = VALUES.copy()
    values[..., 0, 5] = np.nan
    values[:, 1, 0, 4] = np.nan
    said = advice_on_missing(replace(RECORDING, responses=values))
    assert said.startswith("leave_out.missing_bins: true leaves out 2 of 6 time bins at the ends")
    values = np.full_like(VALUES, np.nan)
    for neuron in range(3):
        values[neuron, neuron] = 1.0
    assert (
        advice_on_missing(replace(RECORDING, responses=values))
        == "choose neurons that saw the same stimuli"
    )


def test_nothing_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"every time bin is one without any response: look at"):
        shown(np.full_like(VALUES, np.nan), tmp_path)
    values = np.full_like(VALUES, np.nan)
    for neuron in range(3):
        values[neuron, neuron] = 1.0
    with pytest.raises(ValueError, match=r"every stimulus is one that some neurons lack: look"):
        shown(values, tmp_path, missing_stimuli=True)


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.int64, bool])
def test_whole_numbers_are_read_and_minus_one_among_counts_is_missing(
    kind: Any, tmp_path: Path
) -> None:
    counts = np.random.default_rng(0).integers(0, 2, VALUES.shape)
    signed = np.issubdtype(kind, np.signedinteger)
    if signed:
        counts[0, 0, 0] = -1
    expected = np.where(counts == -1, np.nan, counts)
    held: dict[str, Any] = {"areas": np.array(["V1"] * 3), "stimuli": np.arange(5)}
    held |= {"edges": np.arange(7) / 10, "unit": "spikes", "responses": counts.astype(kind)}
    np.savez(tmp_path / "c.npz", **held)
    savemat(tmp_path / "c.mat", {"counts": counts.astype(kind)})
    layout = Layout("counts", "neuron stimulus repeat time", [0, 1, 2, 3, 4, 5, 6], "spikes", "V1")
    for found in (read_npz(tmp_path / "c.npz"), read_mat(tmp_path / "c.mat", layout)):
        assert np.array_equal(found.responses, expected, equal_nan=True)
        said = ("6 of 180 counts of -1 (missing)",) if signed else ()
        assert found.left_out == said


def test_whole_numbers_below_minus_one_are_what_they_are(tmp_path: Path) -> None:
    values = np.array([[-3, -1, 2]], np.int16)
    savemat(tmp_path / "c.mat", {"counts": values})
    layout = Layout("counts", "stimulus", [0, 1], "dF/F", "V1")
    assert read_mat(tmp_path / "c.mat", layout).responses.ravel().tolist() == [-3, -1, 2]
    with pytest.raises(ValueError, match=r"r: responses is int16 of shape .*: give floats, resp"):
        replace(RECORDING, responses=VALUES.astype(np.int16))
