"""Folders of pictures as videos, and eyes that are no squares."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from brainmodel.data import VideoFolder
from brainmodel.data.eye_movements import view_grid
from brainmodel.data.picture_sequences import fitted
from brainmodel.data.video_files import find_videos
from brainmodel.pathways.route import infer


def drive(folder: Path, number: int, frames: int = 8, height: int = 12, width: int = 30) -> Path:
    """A folder of gray pictures, each of a brightness of its own; as KITTI calls it."""
    where = folder / f"drive_{number}" / "image_03" / "data"
    where.mkdir(parents=True)
    for k in range(frames):
        ramp = np.linspace(0, 100, width)[None] + 10 * k + number
        Image.fromarray(np.tile(ramp, (height, 1)).astype(np.uint8)).save(where / f"{k:010d}.png")
    return where


def test_folders_of_pictures_are_videos_in_the_order_of_their_names(tmp_path: Path) -> None:
    there = [drive(tmp_path, k) for k in range(2)]
    (tmp_path / "notes").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "notes" / "one.png")  # one picture is no film
    assert find_videos(tmp_path) == there
    options = {"size": [6, 8], "channels": 1, "window": 3, "cut_below": None, "gap": 0.0}
    data = VideoFolder(tmp_path, cache=tmp_path / "cache", held_out=0.4, **options)  # type: ignore[arg-type]
    films = data.films()
    assert [film.frames for film in films] == [8, 8]
    assert films[0].name == "drive_0/image_03/data"
    assert (films[0].height, films[0].width) == (6, 15)  # covers 6 x 8, and keeps its form
    means = films[0].read(np.arange(8)).mean((1, 2, 3))
    torch.testing.assert_close(torch.tensor(np.diff(means)), torch.full((7,), 10.0).double())


def test_an_eye_of_another_height_than_width_sees_the_middle(tmp_path: Path) -> None:
    for k in range(2):
        drive(tmp_path, k)
    data = VideoFolder(
        tmp_path,
        size=[6, 8],
        window=3,
        batch_size=2,
        cut_below=None,
        cache=tmp_path / "c",
        held_out=0.4,
        gap=0.0,
    )
    assert data.shapes == {"eye": [1, 6, 8]}
    data.prepare_data()
    window = next(iter(data.train_dataloader()))
    eye = window.inputs["eye"]
    assert eye.shape == (3, 2, 1, 6, 8)
    rows = eye - eye[..., :1, :]
    assert not rows.any() and (eye[..., 1:] > eye[..., :-1]).all(), (
        "bright to the right, alike down"
    )
    film = data.films()[0]
    whole = (
        torch.from_numpy(film.read(np.arange(8))[:, 0, 3:11, 0]) / 255
    )  # of 15, from the third on
    seen = eye[:, :, 0, 0].flatten(0, 1)
    near = (seen[:, None] - whole[None]).abs().amax(2).amin(1)
    assert (near < 2 / 255).all()


def test_a_grid_of_two_sides_is_made_of_both(tmp_path: Path) -> None:
    path = torch.tensor([[5.0, 3.0, 0.0]]).double()
    picture = torch.arange(8 * 12.0).view(1, 1, 8, 12)
    seen = F.grid_sample(picture, view_grid(path, (3, 5), 8, 12), align_corners=True)
    torch.testing.assert_close(seen[0, 0], picture[0, 0, 2:5, 3:8], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("own", "letterbox", "found"),
    [
        ((375, 1242), False, (128, 424)),
        ((240, 240), False, (160, 160)),
        ((375, 1242), True, (48, 160)),
    ],
)
def test_pictures_keep_their_form(own: tuple[int, int], letterbox: bool, found) -> None:
    assert fitted(own, (128, 160), letterbox) == found


@pytest.mark.parametrize(
    ("source", "units", "name"),
    [((3, 128, 160), (8, 64, 80), "Pool"), ((3, 16, 20), (8, 32, 40), "Upsample")],
)
def test_maps_that_are_no_squares_are_pooled_and_upsampled(source, units, name: str) -> None:
    (adapter,) = infer(source, units)
    assert type(adapter).__name__ == name and adapter.shape(source) == (source[0], *units[1:])


def test_maps_of_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match="no pooling or upsampling by a whole factor"):
        infer((3, 16, 20), (8, 32, 32))


@pytest.mark.parametrize("size", [[6], [6, 8, 1], [6, 2]])
def test_sizes_that_are_none_are_refused(size: list[int], tmp_path: Path) -> None:
    drive(tmp_path, 0)
    with pytest.raises(ValueError, match="^size is "):
        VideoFolder(tmp_path, size=size)
