"""Videos: what is decoded, kept, cut, split and shown is what is in the files."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brainmodel.data import video_files
from brainmodel.data.eye_movements import EyeMovements
from brainmodel.data.loaders import FreshLoader
from brainmodel.data.streams import Part, Share
from brainmodel.data.torchvision_files import VideoClasses
from brainmodel.data.video_files import Film, find_videos, load_films, without_copies
from brainmodel.data.video_streams import Playing, Scene, VideoStream, cut, split_films
from brainmodel.data.videos import NaturalVideo, VideoFolder
from tests.data.conftest import drifting_blobs, write_video


def film(folder: Path, frames: int, name: str = "film", rate: float = 10.0) -> Film:
    """A film [frames, 8, 12, 1] whose every pixel tells the number of the frame."""
    array = folder / f"{name}.npy"
    numbers = np.arange(frames, dtype=np.uint8)[:, None, None, None]
    np.save(array, np.broadcast_to(numbers, (frames, 8, 12, 1)))
    np.save(folder / f"{name}.resemblance.npy", np.ones(frames, dtype=np.float32))
    return Film(folder / f"{name}.mp4", array, frames, 8, 12, 1, rate)


def play(films: list[Film], scenes: list[Scene], **playing: Any) -> VideoStream:
    share = Share(seed=0, part=Part.TRAINING, first=0, batch=3, steps=40, episode=20)
    usual: dict[str, Any] = {
        "size": 8,
        "stride": 1,
        "frames_per_second": None,
        "movements": None,
        "flip": False,
    }
    labels = {"video": np.arange(len(films))}
    return VideoStream(share, films, scenes, Playing(**(usual | playing)), labels)


def shown(stream: VideoStream) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of the frames shown [time, batch], and where something new began."""
    window = stream.window(0)
    return (window.inputs["eye"][:, :, 0, 0, 0] * 255).round().long(), window.reset


def test_decoding_shrinks_frames_and_keeps_their_order_and_colors(tmp_path: Path) -> None:
    original = drifting_blobs(0, 12)
    file = write_video(tmp_path / "a.mp4", original)
    color = load_films([file], 24, 3, tmp_path / "cache", False).films[0]
    assert (color.frames, color.height, color.width, color.frames_per_second) == (12, 24, 32, 25)
    half = original.reshape(12, 24, 2, 32, 2, 3).mean(axis=(2, 4))
    decoded = color.read(np.arange(12)).astype(float)
    assert np.abs(decoded - half).mean() < 4
    assert np.abs(decoded[::-1] - half).mean() > 20, "a control"
    gray = load_films([file], 24, 1, tmp_path / "cache", False).films[0]
    np.testing.assert_allclose(
        gray.read(np.arange(12))[..., 0], decoded @ [0.299, 0.587, 0.114], atol=0.6
    )


def test_a_decoded_video_is_not_decoded_again_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_video(tmp_path / "a.mp4", drifting_blobs(0, 5))
    cache = tmp_path / "cache"
    first = load_films([file], 24, 1, cache, False)
    decoded: list[Path] = []
    original = video_files._decode
    monkeypatch.setattr(video_files, "_decode", lambda *a: (decoded.append(a[0]), original(*a)))
    assert load_films([file], 24, 1, cache, False) == first and not decoded
    assert load_films([file], 20, 1, cache, False) != first and len(decoded) == 1
    os.utime(file, ns=(1, 1))
    assert load_films([file], 24, 1, cache, False) != first and len(decoded) == 2


def test_a_decoding_that_is_cut_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_video(tmp_path / "a.mp4", drifting_blobs(0, 5))

    def stop(*_: Any) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(video_files, "_correlation", stop)
    with pytest.raises(KeyboardInterrupt):
        load_films([file], 24, 1, tmp_path / "cache", False)
    assert not list((tmp_path / "cache").iterdir())


def test_corrupt_files_are_named_and_left_out_only_if_asked_for(tmp_path: Path) -> None:
    good = write_video(tmp_path / "good.mp4", drifting_blobs(0, 5))
    broken, empty = tmp_path / "broken.mp4", tmp_path / "empty.mkv"
    broken.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    empty.write_bytes(b"")
    with pytest.raises(ValueError, match=r"^cannot decode .*broken.mp4 .*empty.mkv .*: remove"):
        load_films(find_videos(tmp_path), 24, 1, tmp_path / "cache", False)
    films, left_out = load_films(find_videos(tmp_path), 24, 1, tmp_path / "cache", True)
    assert [film.name for film in films] == ["good.mp4"]
    assert {file.name: why for file, why in left_out.items()} == {
        "broken.mp4": "has no stream of video",
        "empty.mkv": "InvalidDataError",
    }
    with pytest.raises(ValueError, match="cannot decode"):
        load_films([broken], 24, 1, tmp_path / "cache", True)


def test_folders_hidden_files_and_links_to_nowhere_are_no_videos(tmp_path: Path) -> None:
    good = write_video(tmp_path / "good.mp4", drifting_blobs(0, 5))
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "._good.mp4").write_bytes(b"of the Finder's")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    files = without_copies(find_videos(tmp_path))
    with pytest.raises(ValueError, match=r"^cannot decode .*folder.mp4 \(is no file\), .*gone.mp4"):
        load_films(files, 24, 1, tmp_path / "cache", False)
    films, left_out = load_films(files, 24, 1, tmp_path / "cache", True)
    assert [film.source for film in films] == [good] and len(left_out) == 2
    good.unlink()
    with pytest.raises(ValueError, match=r"^cannot decode .*: remove what is broken, or set skip"):
        load_films(without_copies(find_videos(tmp_path)), 24, 1, tmp_path / "cache", True)


def test_a_cache_that_cannot_be_written_is_named_and_no_video_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = write_video(tmp_path / "good.mp4", drifting_blobs(0, 5))
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ValueError, match=r"^cache '.*taken' cannot be written \(.*\): give a fold"):
        load_films([good], 24, 1, tmp_path / "taken", True)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(video_files, "_write_array", full)
    with pytest.raises(ValueError, match=r"^cache '.*room' cannot be written \(No space left on d"):
        load_films([good], 24, 1, tmp_path / "room", True)


def test_what_was_decoded_and_is_broken_is_named_when_it_is_played_and_decoded_anew(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "videos"
    for number in range(2):
        write_video(folder / f"{number}.mp4", drifting_blobs(number))
    cache = tmp_path / "cache"
    module = VideoFolder(folder, cache=cache, size=24, window=5, gap=0.1)
    stream = module.stream(module.share(Part.TRAINING))
    for film in module.films():
        film.array.write_bytes(film.array.read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"\d.mp4: what was decoded of it, .*npy, can no longer b"):
        stream.window(0)
    again = VideoFolder(folder, cache=cache, size=24, window=5, gap=0.1)
    assert again.stream(again.share(Part.TRAINING)).window(0).inputs["eye"].std() > 0.02


def test_clips_shorter_than_a_window_are_left_out_named_and_counted(tmp_path: Path) -> None:
    folder, sizes = tmp_path / "videos", {"a": 30, "b": 30, "short": 8, "still": 1}
    for number, (name, frames) in enumerate(sizes.items()):
        write_video(folder / f"{name}.mp4", drifting_blobs(number, frames))
    options: dict[str, Any] = {"cache": tmp_path / "cache", "size": 24, "gap": 0.1}
    module = VideoFolder(folder, window=10, **options)
    assert [film.name for film in module.films()] == ["a.mp4", "b.mp4"]
    assert module.facts[:2] == [
        "2 of 4 videos are shown.",
        "2 are left out: short.mp4 (has 8 steps, a window 10), "
        "still.mp4 (has 1 steps, a window 10).",
    ]
    assert len(VideoFolder(folder, window=8, **options).films()) == 3, "the control"
    longer = VideoFolder(folder, window=40, **options)
    assert longer.facts[0] == "4 of 4 videos are shown."
    assert longer.facts[1] == "All are shorter than a window of 40 steps: they follow others."


def test_a_film_too_short_to_divide_is_left_out_where_another_is_not(tmp_path: Path) -> None:
    films = [film(tmp_path, 60), film(tmp_path, 15, "brief")]
    sides = split_films(films, held_out=0.2, gap=2)
    assert {scene.film for side in sides for scene in side} == {0}


def test_a_wide_film_is_cropped_and_that_is_said_or_shown_whole(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    frames = drifting_blobs(0, 30)
    frames[:, :, :8], frames[:, :, -8:] = 255, 0  # beyond the central square, 48 of 64 columns
    frames = frames[:, :, :, :1].repeat(3, 3)
    for number in range(2):
        write_video(folder / f"{number}.mp4", frames if number else frames[:, ::-1])
    options: dict[str, Any] = {"cache": tmp_path / "cache", "size": 24, "window": 5, "gap": 0.1}
    cropped = VideoFolder(folder, **options)
    (said,) = cropped.facts[1:]
    assert said.startswith(
        "2 have another form and are cropped to their centre (0.mp4 is seen 24 pix"
    )
    assert said.endswith("letterbox: true shows them whole.")
    whole = VideoFolder(folder, letterbox=True, **options)
    assert whole.facts == ["2 of 2 videos are shown."]
    eye = whole.stream(whole.share(Part.TRAINING)).window(0).inputs["eye"] * 255
    assert eye.shape[-2:] == (24, 24)
    torch.testing.assert_close(eye[..., [0, 1, 22, 23], :], torch.full((5, 32, 1, 4, 24), 128.0))
    columns = eye[..., 4:-4, :].mean((0, 1, 2, 3))
    assert columns[1] > 240 and columns[-2] < 15, "both ends of the film are seen"
    seen = cropped.stream(cropped.share(Part.TRAINING)).window(0).inputs["eye"] * 255
    assert seen[..., 0].mean() < 230, "a control: they are not"


def test_an_error_of_a_worker_is_told_in_its_own_words() -> None:
    class Broken:
        def window(self, index: int) -> Any:
            raise ValueError(f"clip {index}.mp4 can no longer be read")

    for workers in (0, 1):
        with pytest.raises(ValueError, match=r"^clip 0.mp4 can no longer be read$"):
            next(iter(FreshLoader(Broken(), 2, workers)))


@pytest.mark.slow
@pytest.mark.parametrize("last", ["", "loader.me = loader; del loader; gc.collect()"])
def test_a_program_ends_though_a_loader_has_workers_or_was_left_in_a_circle(last: str) -> None:
    code = f"""
import gc
from brainmodel.data.loaders import FreshLoader
class Numbers:
    def window(self, index): return index
loader = FreshLoader(Numbers(), 5, 1)
print(next(iter(loader)))
{last}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=40)
    assert done.returncode == 0 and done.stdout.strip() == "0"


def test_copies_of_a_file_are_used_once(tmp_path: Path) -> None:
    one = write_video(tmp_path / "one.mp4", drifting_blobs(0, 5))
    (tmp_path / "two.mp4").write_bytes(one.read_bytes())
    other = write_video(tmp_path / "other.mp4", drifting_blobs(1, 5))
    assert without_copies(find_videos(tmp_path)) == [one, other]


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_no_frame_is_in_both_parts(tmp_path: Path, count: int) -> None:
    films = [film(tmp_path, 50 + 10 * index, f"film {index}") for index in range(count)]
    sides = split_films(films, held_out=0.2, gap=0.5)
    frames = [
        {(scene.film, scene.first + frame) for scene in side for frame in range(scene.frames)}
        for side in sides
    ]
    assert frames[0] and frames[1] and not frames[0] & frames[1]
    whole = {(index, frame) for index, film in enumerate(films) for frame in range(film.frames)}
    assert frames[0] | frames[1] <= whole
    if count < 4:
        unused = len(whole) - len(frames[0]) - len(frames[1])
        assert unused == 5 * count, "half a second of each film lies between"
    else:
        assert frames[0] | frames[1] == whole
        assert len(sides.held_out) == 2 and len(sides.training) == count - 2
    assert split_films(films, 0.2, 0.5) == sides, "the split does not depend on chance"


def test_a_film_that_is_too_short_to_divide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^held_out is 0.2 and gap is 2: give smaller .*film.mp4"):
        split_films([film(tmp_path, 15)], held_out=0.2, gap=2)


def test_frames_follow_each_other_and_a_short_scene_is_followed_by_a_new_beginning(
    tmp_path: Path,
) -> None:
    films = [film(tmp_path, 100, "long"), film(tmp_path, 100, "short")]
    frames, begins = shown(play(films, [Scene(0, 10, 80), Scene(1, 3, 6)]))
    step = frames[1:] - frames[:-1]
    assert (step[~begins[1:]] == 1).all()
    assert (step[begins[1:]] != 1).any(), "a control"
    assert begins[1:].sum() > 3, "the short scene came up"
    assert ((frames >= 3) & (frames < 90)).all()


@pytest.mark.parametrize(
    ("playing", "pace"),
    [({"stride": 3}, 3), ({"frames_per_second": 5.0}, 2), ({"frames_per_second": 4.0}, 2.5)],
)
def test_stride_and_frame_rate_skip_frames(
    tmp_path: Path, playing: dict[str, Any], pace: float
) -> None:
    stream = play([film(tmp_path, 200)], [Scene(0, 0, 200)], **playing)
    frames, begins = shown(stream)
    run = frames[: int(begins[1:, 0].nonzero()[0]) + 1, 0] if begins[1:, 0].any() else frames[:, 0]
    expected = run[0] + (torch.arange(len(run)) * pace).long()
    assert len(run) > 5 and torch.equal(run, expected)


def test_scenes_are_cut_where_a_frame_does_not_resemble_the_one_before(tmp_path: Path) -> None:
    shots = [drifting_blobs(seed, 8) for seed in (1, 2)]
    file = write_video(tmp_path / "cut.mp4", np.concatenate(shots))
    films = load_films([file], 24, 1, tmp_path / "cache", False).films
    whole = [Scene(0, 2, 12)]
    assert cut(films, whole, 0.3) == [Scene(0, 2, 6), Scene(0, 8, 6)]
    assert cut(films, whole, None) == whole, "a control"
    gray = write_video(tmp_path / "gray.mp4", np.full((9, 48, 64, 3), 128, dtype=np.uint8))
    uniform = load_films([gray], 24, 1, tmp_path / "cache", False).films
    assert cut(uniform, [Scene(0, 0, 9)], 0.3) == [Scene(0, 0, 9)], "nothing to compare"


def test_a_resting_eye_sees_the_centre_and_a_mirrored_one_its_mirror_image(tmp_path: Path) -> None:
    array = tmp_path / "ramp.npy"
    ramp = np.arange(12, dtype=np.uint8) * 20
    np.save(array, np.broadcast_to(ramp[None, None, :, None], (40, 8, 12, 1)))
    ramps = [Film(tmp_path / "ramp.mp4", array, 40, 8, 12, 1, 10.0)]
    row = play(ramps, [Scene(0, 0, 40)]).window(0).inputs["eye"][0, 0, 0, 0] * 255
    torch.testing.assert_close(row, torch.from_numpy(ramp[2:10]).float(), atol=1e-3, rtol=0)
    rows = play(ramps, [Scene(0, 0, 40)], flip=True).window(0).inputs["eye"][:, :, 0, 0] * 255
    rising = (rows[..., 1:] > rows[..., :-1]).all(dim=-1)
    assert rising.any() and not rising.all()
    torch.testing.assert_close(rows[~rising][0], row.flip(0), atol=1e-3, rtol=0)


def test_a_moving_eye_tells_its_motion_and_resting_rates_keep_it_in_place(tmp_path: Path) -> None:
    films = [film(tmp_path, 100)]
    still = EyeMovements(drift=0.0, saccade_rate=0.0, zoom=0.0)
    resting = play(films, [Scene(0, 0, 100)], movements=still).window(0)
    assert (resting.labels["motion"] == 0).all()
    moving = play(films, [Scene(0, 0, 100)], movements=EyeMovements(zoom=0.0)).window(0)
    assert moving.labels["motion"][~moving.reset][:, 0].abs().max() > 0
    assert (moving.labels["motion"][..., 1] == 0).all(), "no room up and down in 8 of 8 pixels"


def test_held_out_films_are_never_mirrored(user_files: dict[str, dict[str, Any]]) -> None:
    module = VideoFolder(**user_files["video_folder"], flip=True)
    assert module.stream(module.share(Part.TRAINING)).playing.flip
    assert not module.stream(module.share(Part.TEST)).playing.flip


def test_classes_are_numbered_by_folder(user_files: dict[str, dict[str, Any]]) -> None:
    module = VideoClasses(**user_files["video_classes"], window=10)
    assert module.classes() == ["jump", "run"]
    stream = module.stream(module.share(Part.TRAINING))
    window = stream.window(0)
    names = [film.source.parent.name for film in stream.films]
    numbers = [module.classes().index(names[video]) for video in window.labels["video"].flatten()]
    assert window.labels["class"].flatten().tolist() == numbers
    assert len(set(numbers)) == 2, "a control"


@pytest.mark.slow
def test_a_real_folder_of_videos_plays(videos: Path, tmp_path: Path) -> None:
    module = VideoFolder(videos, cache=tmp_path, window=8, batch_size=4, size=24)
    training, held_out = (module.stream(module.share(part)) for part in Part if part != Part.TEST)
    assert not {scene.film for scene in training.scenes} & {s.film for s in held_out.scenes}
    for stream in (training, held_out):
        eye = stream.window(2).inputs["eye"]
        assert eye.shape == (8, 4, 1, 24, 24) and 0.02 < eye.std() < 0.5


def test_wrong_folders_and_numbers_are_refused_in_one_sentence(
    tmp_path: Path, user_files: dict[str, dict[str, Any]]
) -> None:
    files = user_files["video_folder"]
    with pytest.raises(FileNotFoundError, match=r"^folder is '.*nowhere': give a folder that"):
        VideoFolder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"^folder '.*' has no video: give one with"):
        VideoFolder(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"^folder '.*' has no subfolder with videos"):
        VideoClasses(files["folder"])
    refusals: tuple[tuple[dict[str, Any], str], ...] = (
        ({"held_out": 1}, "^held_out is 1: give a fraction"),
        ({"stride": 0}, "^stride is 0: give a whole number"),
        ({"frames_per_second": 0}, "^frames_per_second is 0: give frames per second"),
        ({"cut_below": 2}, "^cut_below is 2: give a correlation"),
        ({"movements": EyeMovements()}, "^margin is 0: give at least 9, or set zoom to 0"),
    )
    for change, sentence in refusals:
        with pytest.raises(ValueError, match=sentence):
            VideoFolder(**(files | change))
    with pytest.raises(ValueError, match=r"^frames_per_second is 99: give at most 25, .*0.mp4"):
        VideoFolder(**files, frames_per_second=99.0).films()


def test_missing_clips_are_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("brainmodel.data.videos.CLIPS", ("nobody.mp4",))
    with pytest.raises(FileNotFoundError, match=r"^clip nobody.mp4 .*: pip install 'brainmodel"):
        NaturalVideo()
