"""The files of V4 sessions, called as in the repository or side by side; made-up ones here."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from brainmodel.probing.recordings import MacaqueV4, Recording, Stimuli

SESSION = "210325"
RANDOM = np.random.default_rng(0)
COUNTS = RANDOM.integers(0, 9, (3, 4, 5)).astype(float)  # [unit, image, repeat]
NAMES = ["im10.png", "im2.png", "im1.png", "im3.png"]  # as they stand in the archive
SHADES = {
    name: 20 * (k + 1) for k, name in enumerate(["im1.png", "im2.png", "im3.png", "im10.png"])
}
REPOSITORY = ("responses_raw/responses_{}.npy", "responses_repeat_averaged/responses_{}.npy")
BESIDE = ("responses_{}_raw.npy", "responses_{}_avg.npy")


def image(shade: int, size: int = 6) -> bytes:
    held = BytesIO()
    Image.new("RGB", (size, size), (shade,) * 3).save(held, "png")
    return held.getvalue()


def write(folder: Path, layout: tuple[str, str] = BESIDE, session: str = SESSION) -> Path:
    """All files of a session; images lie in a folder of the archive, zipped by the Finder."""
    zips = folder / ("images" if layout is REPOSITORY else "")
    for place, values in zip(layout, (COUNTS, COUNTS.mean(2)), strict=True):
        path = folder / place.format(session)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values)
    zips.mkdir(exist_ok=True)
    with ZipFile(zips / f"images_{session}.zip", "w") as opened:
        for name in NAMES:
            opened.writestr(f"images/{name}", image(SHADES[name]))
        opened.writestr("__MACOSX/images/._im1.png", b"of the Finder")
        opened.writestr("images/readme.txt", "no picture")
    return folder


def read(folder: Path, images: int | None = None) -> tuple[Recording, Stimuli]:
    recording, stimuli = MacaqueV4(str(folder), SESSION, images).read()
    assert isinstance(recording, Recording)
    return recording, stimuli


@pytest.mark.parametrize("layout", [REPOSITORY, BESIDE], ids=["repository", "beside"])
def test_responses_stand_beside_their_images_however_files_are_called(
    layout: tuple[str, str], tmp_path: Path
) -> None:
    recording, stimuli = read(write(tmp_path, layout))
    np.testing.assert_array_equal(recording.responses[..., 0], COUNTS)
    assert [Path(name).name for name in recording.stimuli] == list(SHADES)
    shades = (stimuli.frames[:, 0] * 255).round().mean((1, 2, 3)).tolist()
    assert shades == list(SHADES.values())
    assert recording.area_names == ["V4"] and recording.sessions is not None
    assert set(recording.sessions.tolist()) == {SESSION}
    first, shown = read(tmp_path, images=2)
    assert first.responses.shape[1] == len(shown.frames) == 2


@pytest.mark.parametrize("layout", [REPOSITORY, BESIDE], ids=["repository", "beside"])
def test_averages_alone_are_one_repeat(layout: tuple[str, str], tmp_path: Path) -> None:
    (write(tmp_path, layout) / layout[0].format(SESSION)).unlink()
    recording, _ = read(tmp_path)
    np.testing.assert_array_equal(recording.responses[:, :, 0, 0], COUNTS.mean(2))
    assert recording.responses.shape[2] == 1


def zipped(folder: Path, **images: bytes) -> None:
    with ZipFile(folder / f"images_{SESSION}.zip", "w") as opened:
        for name, held in images.items():
            opened.writestr(f"{name}.png", held)


def of_four(one: bytes) -> dict[str, bytes]:
    return {"a": image(1), "b": image(2), "c": image(3), "d": one}


RAW, AVERAGES, ARCHIVE = (f.format(SESSION) for f in (*BESIDE, "images_{}.zip"))
WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "no images": (lambda f: (f / ARCHIVE).unlink(), f"{ARCHIVE} is not a file: give"),
    "no responses": (
        lambda f: [(f / name).unlink() for name in (RAW, AVERAGES)],
        f"no responses of session {SESSION}: there are none, nor files called as in the repository",
    ),
    "raw cut off": (
        lambda f: (f / RAW).write_bytes((f / RAW).read_bytes()[:-8]),
        f"{RAW} is not an .npy of plain numbers",
    ),
    "raw of averages": (
        lambda f: np.save(f / RAW, COUNTS.mean(2)),
        rf"{RAW} has shape \(3, 4\): it should be \[unit, image, repeat\], fetch it again",
    ),
    "averages of another session": (
        lambda f: np.save(f / AVERAGES, COUNTS.mean(2)[:, :3]),
        r"4 images of session 210325, averages \(3, 3\), single repeats \(3, 4, 5\): take all",
    ),
    "an archive cut off": (
        lambda f: (f / ARCHIVE).write_bytes((f / ARCHIVE).read_bytes()[:60]),
        f"{ARCHIVE} is not a readable .zip",
    ),
    "an archive without pictures": (lambda f: zipped(f), "0 images of session 210325, averages"),
    "too many images": (
        lambda f: zipped(f, e=image(5), **of_four(image(4))),
        "5 images of session 210325",
    ),
    "images of two sizes": (
        lambda f: zipped(f, **of_four(image(4, 5))),
        r"d.png has shape \(5, 5, 3\), the first \(6, 6, 3\): fetch it again",
    ),
    "an image that is none": (
        lambda f: zipped(f, **of_four(b"text")),
        r"d.png is not a readable picture",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_damaged_or_does_not_fit_is_told_in_one_sentence(kind: str, tmp_path: Path) -> None:
    break_it, sentence = WRONG[kind]
    break_it(write(tmp_path))
    with pytest.raises((ValueError, FileNotFoundError), match=sentence) as told:
        MacaqueV4(str(tmp_path), SESSION).read()
    assert "\n" not in str(told.value) and str(told.value).endswith(".")


@pytest.mark.parametrize("layout", [REPOSITORY, BESIDE], ids=["repository", "beside"])
def test_of_a_session_that_is_not_there_the_others_are_told(
    layout: tuple[str, str], tmp_path: Path
) -> None:
    for session in ("190923", SESSION):
        write(tmp_path, layout, session)
    with pytest.raises(FileNotFoundError, match="session 1: there are 190923, 210325.$"):
        MacaqueV4(str(tmp_path), "1").read()
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder: give the one that holds"):
        MacaqueV4(str(tmp_path / "nowhere")).read()
    with pytest.raises(ValueError, match="images is 0: give 1 or more, or leave it out"):
        MacaqueV4(str(tmp_path), images=0)
