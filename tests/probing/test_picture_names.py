"""A picture stands beside the stimulus that its file is named like."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainmodel.probing.recordings import NpzFiles, Recording, Shown, read_frames, write_npz

EDGES = [0.0, 0.2]


def folder(path: Path, files: list[str]) -> Path:
    """Pictures of these names, each of one gray: its place in the list."""
    (path / "pictures").mkdir()
    for gray, name in enumerate(files):
        Image.new("L", (4, 4), gray).save(path / "pictures" / name)
    return path / "pictures"


def recording(stimuli: list[str]) -> Recording:
    """Neuron 0 responds to stimulus k by k."""
    values = np.arange(float(len(stimuli)))[None, :, None, None]
    return Recording(values, np.array(["V1"]), np.array(stimuli), np.array(EDGES), "spikes/s")


@pytest.mark.parametrize(
    ("stimuli", "files"),
    [
        (["im10", "im2", "im1"], ["im10.png", "im2.png", "im1.png"]),  # as they were saved
        (["-1.0", "-0.5", "0.5"], ["-1.png", "-0.5.png", "0.50.png"]),  # "-" sorts behind figures
        (
            ["cat 2.png", "cat.png", "dog.PNG"],
            ["cat 2.png", "cat.png", "dog.png"],
        ),  # " " before "."
        (["b/x.png", "a\\y.png"], ["x.png", "y.png"]),
        (["été", "ete"], [unicodedata.normalize("NFD", "été") + ".png", "ete.png"]),
        ([b"b", b"a"], ["b.png", "a.png"]),
    ],
)
def test_pictures_named_like_the_stimuli_stand_beside_these(
    stimuli: list[str], files: list[str], tmp_path: Path
) -> None:
    found = Shown(recording(stimuli), read_frames(folder(tmp_path, files), EDGES)).check()
    assert found.stimuli.frames[:, 0, 0, 0, 0].tolist() == list(range(len(files)))
    assert found.check().stimuli.frames[:, 0, 0, 0, 0].tolist() == list(range(len(files)))


@pytest.mark.parametrize(
    ("stimuli", "files"),
    [
        (["0002", "0001", "0000"], ["1.png", "2.png", "3.png"]),
        (["left/up", "right/up"], ["up.png", "up2.png"]),  # two of one name
        (["b", "a"], ["c.png", "d.png"]),
    ],
)
def test_pictures_of_other_names_stay_in_the_order_of_these(
    stimuli: list[str], files: list[str], tmp_path: Path
) -> None:
    found = Shown(recording(stimuli), read_frames(folder(tmp_path, files), EDGES)).check()
    assert found.stimuli.frames[:, 0, 0, 0, 0].tolist() == list(range(len(files)))


def test_a_recording_in_a_file_gets_the_pictures_of_its_stimuli(tmp_path: Path) -> None:
    names = ["dog", "cat", "ape", "bee"]
    held = recording(names)
    held.responses[:, 2] = np.nan  # left out, with its picture
    write_npz(held, tmp_path / "r.npz")
    where = folder(tmp_path, [f"{name}.png" for name in names])
    found = NpzFiles(str(tmp_path / "r.npz"), str(where), EDGES).read()
    assert found.recording.stimuli.tolist() == ["dog", "cat", "bee"]
    assert found.stimuli.frames[:, 0, 0, 0, 0].tolist() == [0, 1, 3]
    assert found.stimuli.names == ("dog", "cat", "bee")


def test_a_folder_with_edges_for_each_picture_is_one_movie_in_the_order_of_its_names(
    tmp_path: Path,
) -> None:
    where = folder(tmp_path, ["b.png", "a.png"])
    found = Shown(recording(["b"]), read_frames(where, [0.0, 0.1, 0.2])).check()
    assert found.stimuli.frames[0, :, 0, 0, 0].tolist() == [1, 0]


def test_what_is_given_in_python_is_checked_too(tmp_path: Path) -> None:
    shown = Shown(recording(["a", "b"]), read_frames(folder(tmp_path, ["a.png"]), EDGES))
    with pytest.raises(ValueError, match="frames of 1 stimuli for a recording of 2: give one"):
        shown.check()
