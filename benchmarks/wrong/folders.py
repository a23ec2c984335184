"""Folders of published data and of pictures and films: wrong in one way each, or only look so."""

import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import savemat

from benchmarks.wrong.case import VALUES, Case, same
from brainmodel.data.video_files import find_videos, load_films
from brainmodel.probing.recordings import Images92, MacaqueV4


def v4(folder: Path, change: Any = None, counts: Any = VALUES[..., 0], **held: Any) -> Any:
    """What is read of a folder like that of macaque V4."""
    means = held.get("means", np.asarray(counts).mean(2) if np.ndim(counts) == 3 else counts)
    np.save(folder / "responses_9_raw.npy", counts)
    np.save(folder / "responses_9_avg.npy", means)
    with zipfile.ZipFile(folder / "images_9.zip", "w") as opened:
        for k, name in enumerate(held.get("names", ["im1.png", "im2.png", "im10.png", "im11.png"])):
            opened.writestr(name, held.get("picture", png)(k))
    if change is not None:
        change(folder)
    return MacaqueV4(str(folder), "9").read()


def png(gray: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """A picture of one gray, in color."""
    written = io.BytesIO()
    Image.new("RGB", size, (gray,) * 3).save(written, "png")
    return written.getvalue()


def folder_cases() -> Iterator[Case]:
    """Folders of macaque V4, of the 92 images, of videos."""
    grays = lambda r: np.allclose(r.stimuli.frames[:, 0, 0, 0, 0] * 255, range(4))  # noqa: E731
    right = lambda r: same(r, VALUES[..., :1]) and grays(r)  # noqa: E731
    yield Case("v4: right", v4, right)
    finder = ["im1.png", "im2.png", "im10.png", "im11.png", "__MACOSX/._im1.png"]
    yield Case("v4: files of the Finder", lambda f: v4(f, names=finder), right)
    yield Case(
        "v4: no folder", lambda f: MacaqueV4(str(f / "x")).read(), r"x is not a folder: give"
    )
    yield Case(
        "v4: no session", lambda f: MacaqueV4(str(f)).read(), r"no responses of session 210325: th"
    )
    fewer = lambda f: v4(f, names=["im1.png"])  # noqa: E731
    yield Case("v4: images lack", fewer, r"1 images of session 9, averages .*: take all from one")
    other = lambda f: v4(f, means=np.zeros((9, 4)))  # noqa: E731
    yield Case(
        "v4: other averages", other, r"averages \(9, 4\), single repeats .*: take all from one"
    )
    flat = lambda f: v4(f, counts=VALUES[..., 0, 0])  # noqa: E731
    yield Case(
        "v4: one repeat as a table", flat, r"raw.npy has shape \(3, 4\): it should be \[unit, ima"
    )
    no_zip = lambda w: (w / "images_9.zip").write_bytes(b"x")  # noqa: E731
    yield Case("v4: damaged zip", lambda f: v4(f, no_zip), r"images_9.zip is not a readable .zip")
    text = lambda w: (w / "responses_9_raw.npy").write_text("1, 2")  # noqa: E731
    yield Case(
        "v4: text named .npy", lambda f: v4(f, text), r"raw.npy is not an .npy of plain numbers"
    )
    torn = lambda f: v4(f, picture=lambda k: png(k)[:45])  # noqa: E731
    yield Case("v4: damaged picture", torn, r"im1.png is not a readable picture")
    sizes = lambda f: v4(f, picture=lambda k: png(k, (8 + k, 8)))  # noqa: E731
    yield Case("v4: sizes differ", sizes, r"im2.png has shape \(8, 9, 3\), the first \(8, 8, 3\)")
    yield Case(
        "92: no folder", lambda f: Images92(str(f / "x")).read(), r"x is not a folder: give the"
    )
    yield Case(
        "92: nothing in it", lambda f: Images92(str(f)).read(), r"92_brainRDMs.mat is not a file"
    )
    yield Case("92: another file", _other92, r"92_brainRDMs.mat: no variable 'RDMs.RDM': there are")
    yield Case("92: text", _text92, r"92_brainRDMs.mat is not a readable .mat file")
    yield from _video_cases()


def _other92(folder: Path) -> Any:
    savemat(folder / "92_brainRDMs.mat", {"x": 1})
    return Images92(str(folder)).read()


def _text92(folder: Path) -> Any:
    (folder / "92_brainRDMs.mat").write_text("x" * 600)
    return Images92(str(folder)).read()


def _video_cases() -> Iterator[Case]:
    for name, content in {
        "empty": b"",
        "text": b"no film" * 99,
        "pickled": pickle.dumps(1),
    }.items():
        yield Case(
            f"video: {name}", lambda f, c=content: film(f, c), r"cannot decode .*a.mp4 \(.*\): rem"
        )
    yield Case(
        "video: a folder", lambda f: film(f, None), r"a.mp4 \(is no file\): remove what is br"
    )
    yield Case("video: none", lambda f: find_videos(f), r"has no video: give one with files of")
    skipped = lambda f: film(f, b"", True)  # noqa: E731
    yield Case("video: none is left", skipped, r"cannot decode .*a.mp4 .*if others are left")


def film(folder: Path, content: bytes | None, skip_corrupt: bool = False) -> Any:
    """What is decoded of a file with this content, or of a folder."""
    where = folder / "videos"
    (where / "a.mp4").mkdir(parents=True) if content is None else where.mkdir()
    if content is not None:
        (where / "a.mp4").write_bytes(content)
    return load_films(find_videos(where), 24, 1, folder / "cache", skip_corrupt)


CASES = [*folder_cases()]
