"""Recordings: labels, refusals, round trips through files, resampling."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from brainmodel.probing.recordings import (
    DissimilarityData,
    Recording,
    covered_steps,
    read_npz,
    resample,
    write_npz,
)
from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.readers.mat import read_mat
from brainmodel.probing.recordings.readers.rds import read_rds
from brainmodel.probing.scores import PerStep, PerStimulus


@pytest.fixture
def recording() -> Recording:
    values = np.random.default_rng(0).random((6, 4, 3, 5))
    values[:, 2, 2] = np.nan
    return Recording(
        values,
        np.array(["V1", "V1", "LM", "LM", "LM", "AL"]),
        np.array(["a", "b", "c", "d"]),
        np.arange(6) * 0.1,
        "spikes/s",
        "mouse.npz",
        layers=np.array(["2/3", "5", "2/3", "5", "5", "2/3"]),
        depths=np.linspace(100, 600, 6),
    )


def test_neurons_are_chosen_by_their_labels(recording: Recording) -> None:
    chosen = recording.of(areas=["V1", "LM"], layers="5")
    assert chosen.areas.tolist() == ["V1", "LM", "LM"]
    assert chosen.depths is not None
    assert chosen.depths.tolist() == [200, 400, 500]
    assert np.array_equal(chosen.responses, recording.responses[[1, 3, 4]], equal_nan=True)
    assert recording.area_names == ["AL", "LM", "V1"]


def test_unknown_labels_are_refused_with_those_there_are(recording: Recording) -> None:
    with pytest.raises(ValueError, match=r"mouse.npz: no areas 'V9': there are \['AL', 'LM'"):
        recording.of(areas="V9")
    with pytest.raises(ValueError, match=r"have no compartments: choose among \['areas', 'lay"):
        recording.of(compartments="soma")
    with pytest.raises(ValueError, match=r"no neuron has all of"):
        recording.of(areas="AL", layers="5")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("responses", np.zeros((6, 4, 3)), r"give floats \[neuron, stimulus, repeat, time\]"),
        ("responses", np.zeros((6, 4, 3, 5), int), r"int64 of shape"),
        ("responses", np.full((6, 4, 3, 5), np.inf), r"infinite values"),
        ("responses", np.zeros((6, 4, 0, 5)), r"keep at least one"),
        ("areas", np.array(["V1"]), r"areas has shape \(1,\): give 6, one per neuron"),
        ("edges", np.arange(5.0), r"edges has shape \(5,\): give 6, one more than time bins"),
        ("edges", np.array([0, 1, 2, 2, 3, 4.0]), r"edges must rise"),
        ("stimuli", np.array(["a", "b", "a", "d"]), r"stimulus 'a' stands 2 times"),
        ("groups", np.arange(3), r"groups has shape \(3,\): give 4, one per stimulus"),
    ],
)
def test_what_does_not_fit_is_refused(
    recording: Recording, field: str, value: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=f"mouse.npz: .*{message}"):
        replace(recording, **{field: value})


def test_npz_holds_all_of_a_recording(recording: Recording, tmp_path: Path) -> None:
    write_npz(recording, tmp_path / "r.npz")
    again = read_npz(tmp_path / "r.npz")
    assert np.array_equal(again.responses, recording.responses, equal_nan=True)
    for field in ("areas", "stimuli", "edges", "layers", "depths"):
        assert np.array_equal(getattr(again, field), getattr(recording, field))
    assert (again.unit, again.source, again.groups) == ("spikes/s", "mouse.npz", None)
    assert [path.name for path in tmp_path.iterdir()] == ["r.npz"]


def test_bad_npz_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none.npz is not a file: give the path"):
        read_npz(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ValueError, match=r"text.npz is not an .npz of plain arrays"):
        read_npz(tmp_path / "text.npz")
    np.savez(tmp_path / "part.npz", responses=np.zeros((1, 1, 1, 1)))
    with pytest.raises(ValueError, match=r"part.npz: no array 'areas': there are \['responses'\]"):
        read_npz(tmp_path / "part.npz")


@pytest.mark.parametrize("modern", [False, True])
def test_mat_files_of_either_kind_are_read(tmp_path: Path, modern: bool) -> None:
    values = np.random.default_rng(0).random((4, 3, 2))  # stimulus, neuron, repeat
    path = tmp_path / "r.mat"
    if modern:
        with h5py.File(path, "w") as opened:  # as MATLAB -v7.3 does, axes reversed
            opened["resp"] = values.T
        header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
        body = path.read_bytes()
        path.write_bytes(header.ljust(512, b"\x00") + body)
    else:
        savemat(path, {"resp": values})
    layout = Layout("resp", "stimulus neuron repeat", [0, 0.1], "spikes", "V4")
    found = read_mat(path, layout)
    assert found.responses == pytest.approx(values.transpose(1, 0, 2)[..., None])
    assert found.area_names == ["V4"] and found.stimuli.tolist() == [f"000{k}" for k in range(4)]
    with pytest.raises(ValueError, match=r"r.mat: no variable 'rates': there are \['resp'\]"):
        read_mat(path, replace(layout, responses="rates"))
    with pytest.raises(ValueError, match=r"axes is 'stimulus neuron': name each of its axes once"):
        read_mat(path, replace(layout, axes="stimulus neuron"))
    with pytest.raises(ValueError, match=r"axes is 'neuron cell': name each axis once, among neu"):
        replace(layout, axes="neuron cell")
    with pytest.raises(ValueError, match=r"axes is 'trial neuron' and stimulus is empty: say wh"):
        replace(layout, axes="trial neuron")


def test_damaged_mat_and_rds_files_are_refused(tmp_path: Path) -> None:
    for name in ("r.mat", "r.rds"):
        (tmp_path / name).write_bytes(b"MATLAB 5.0, cut off")
    with pytest.raises(ValueError, match=r"r.mat is not a readable .mat"):
        read_mat(tmp_path / "r.mat", Layout("x", "neuron", [0, 1.0], "spikes", "V1"))
    with pytest.raises(ValueError, match=r"r.rds is not a readable .rds"):
        read_rds(tmp_path / "r.rds")


def test_dissimilarities_are_averaged_over_sessions_of_a_subject() -> None:
    random = np.random.default_rng(0)
    matrices = random.random((4, 5, 5))
    matrices = (matrices + matrices.swapaxes(1, 2)) * (1 - np.eye(5))
    who, when = np.array(["a", "a", "b", "b"]), np.array(["1", "2", "1", "2"])
    data = DissimilarityData(
        matrices, np.array(["IT"] * 4), np.arange(5), "r", subjects=who, sessions=when
    )
    means = data.mean_over_sessions()
    assert means.matrices == pytest.approx(matrices.reshape(2, 2, 5, 5).mean(1))
    assert means.pairs.shape == (2, 10)
    with pytest.raises(ValueError, match=r"no area 'V1': there are \['IT'\]"):
        data.of(areas="V1")
    with pytest.raises(ValueError, match=r"matrix 0 is not symmetric"):
        DissimilarityData(random.random((1, 5, 5)), np.array(["IT"]), np.arange(5), "r")


def test_resampling_keeps_the_mean_and_what_is_missing(recording: Recording) -> None:
    halved = resample(recording, np.array([0, 0.25, 0.5]))
    values = recording.responses
    expected = (values[..., 0] + values[..., 1] + values[..., 2] / 2) / 2.5
    assert halved.responses[..., 0] == pytest.approx(expected, nan_ok=True)
    assert np.isnan(halved.responses[:, 2, 2]).all()
    same = resample(recording, recording.edges)
    assert same.responses == pytest.approx(values, nan_ok=True)
    with pytest.raises(ValueError, match=r"covers 0 to 0.5 s, not 0.1 to 0.6 s"):
        resample(recording, np.array([0.1, 0.6]))


def test_lags_move_the_steps_that_are_covered(recording: Recording) -> None:
    edges = np.arange(8) * 0.1 - 0.1
    assert covered_steps(recording, edges, 0.0).tolist() == [1, 2, 3, 4, 5]
    assert covered_steps(recording, edges, 0.2).tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"no step of the model, -0.1 to 0.6 s, lies within"):
        covered_steps(recording, edges, 2.0)


def test_samples_of_model_and_brain_stand_in_one_order(recording: Recording) -> None:
    rates = recording.responses[:, :, 0].transpose(1, 2, 0)  # the model is the first repeat
    for sampling in (PerStimulus(), PerStep()):
        responses = sampling.responses(recording)
        assert sampling.features(rates) == pytest.approx(responses.repeats[:, 0])
    assert PerStep().responses(recording).groups.tolist() == sorted([0, 1, 2, 3] * 5)
