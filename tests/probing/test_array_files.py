""".mat and .rds files of one's own as experiments, given in YAML; trials become repeats."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.io import savemat

from brainmodel.command_line.probe_command import probe_parser
from brainmodel.probing import Experiment
from brainmodel.probing.recordings import RdsFile, Recording
from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.readers.mat import read_mat
from brainmodel.probing.recordings.readers.mouse_multiarea import read_mouse_multiarea

rdata: Any = pytest.importorskip("rdata")

EDGES = [0.0, 0.1, 0.2, 0.3]
SIDES = np.array([0.5, 0.0, 0.5, 1.0, 0.0, 0.5])  # of six trials
LAYOUT = {
    "responses": "spikes",
    "axes": "trial neuron time",
    "edges": EDGES,
    "unit": "spikes",
    "areas": "area",
    "stimulus": ["side"],
}


def trials() -> np.ndarray:
    return np.random.default_rng(0).random((6, 4, 3))  # trial, neuron, time


def opened(kind: str, path: Path, layout: dict[str, Any]) -> tuple[Any, Any]:
    """What the experiment opens that a config names."""
    np.save(path.parent / "frames.npy", np.zeros((3, 4, 4)))
    arguments = {
        "path": str(path),
        "layout": layout,
        "frames": str(path.parent / "frames.npy"),
        "frame_edges": [0.0, 0.3],
    }
    name = f"brainmodel.probing.recordings.experiments.{kind}_file.{kind.capitalize()}File"
    text = yaml.safe_dump({"recording": {"class_path": name, "init_args": arguments}})
    parser = probe_parser()
    built = parser.instantiate(parser.parse_args(["--config", text])).recording
    assert isinstance(built, Experiment)
    return built.read()


@pytest.mark.parametrize("kind", ["mat", "rds"])
def test_trials_become_repeats_of_what_they_showed(kind: str, tmp_path: Path) -> None:
    path, areas = tmp_path / f"r.{kind}", ["V1", "V1", "LM", "LM"]
    if kind == "mat":
        savemat(path, {"spikes": trials(), "side": SIDES[:, None], "area": np.array(areas, object)})
    else:
        held = {"spikes": list(trials()), "side": SIDES, "area": np.array(areas)}
        rdata.write_rds(path, held)
    recording, stimuli = opened(kind, path, LAYOUT)
    assert recording.stimuli.tolist() == ["0.0", "0.5", "1.0"] and len(stimuli.frames) == 3
    assert recording.areas.tolist() == areas and recording.source == f"r.{kind}"
    expected = np.full((4, 3, 3, 3), np.nan)
    seen = [0, 0, 0]
    for trial, side in enumerate(SIDES):
        stimulus = int(2 * side)
        expected[:, stimulus, seen[stimulus]] = trials()[trial]
        seen[stimulus] += 1
    np.testing.assert_allclose(recording.responses, expected)
    with pytest.raises(ValueError, match=rf"r.{kind}: no variable 'sides': there are \['area', "):
        opened(kind, path, LAYOUT | {"stimulus": ["sides"]})
    with pytest.raises(ValueError, match=rf"r.{kind}: area has shape \(4,\): give 6 values"):
        opened(kind, path, LAYOUT | {"stimulus": ["area"]})


def test_an_axis_for_each_stimulus_needs_no_names(tmp_path: Path) -> None:
    savemat(tmp_path / "r.mat", {"spikes": trials()})
    layout = LAYOUT | {"axes": "neuron time stimulus", "stimulus": [], "areas": "V4"}
    layout |= {"edges": list(range(5))}
    recording, _ = opened("mat", tmp_path / "r.mat", layout)
    assert recording.responses == pytest.approx(trials().transpose(0, 2, 1)[:, :, None])
    assert recording.area_names == ["V4"] and recording.stimuli.tolist() == ["0000", "0001", "0002"]


def test_a_real_rds_is_read_as_its_own_reader_does(recordings: Path, tmp_path: Path) -> None:
    path = recordings / "mouse_multiarea" / "cori.rds"
    np.save(tmp_path / "frames.npy", np.zeros((16, 4, 4)))
    edges = (np.arange(41) * 0.01).tolist()
    sides = ("contrast_left", "contrast_right")
    layout = Layout("spks", "trial neuron time", edges, "spikes", "brain_area", sides)
    read, _ = RdsFile(str(path), layout, str(tmp_path / "frames.npy"), [0.0, 0.4]).read()
    own = read_mouse_multiarea(path)
    assert isinstance(read, Recording)
    assert np.array_equal(read.responses, own.responses, equal_nan=True)
    assert read.areas.tolist() == own.areas.tolist()
    assert read.stimuli[1] == "contrast_left 0.0 contrast_right 0.25"


def test_a_real_mat_is_read(recordings: Path) -> None:
    (path,) = (recordings / "mouse_v1_sequences").glob("*DataForMbTDRDecoder*")
    layout = Layout("Zdecode", "neuron time", list(range(7201)), "scaled rate", "V1")
    assert read_mat(path, layout).responses.shape == (140, 1, 1, 7200)
