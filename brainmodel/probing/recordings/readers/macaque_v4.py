"""Macaque V4 to natural and chosen images, Cowley et al. (2023).

Spike counts of V4 units to 112 x 112 RGB images, up to ten repeats each. The public original:
https://github.com/cowleygroup/V4_compact_models (GPL-3), folder `data`:
`responses_raw/responses_DATE.npy` [unit, image, repeat],
`responses_repeat_averaged/responses_DATE.npy` [unit, image] and `images/images_DATE.zip`, in one
order. All in one folder they are called `responses_DATE_raw.npy`, `responses_DATE_avg.npy` and
`images_DATE.zip`.

What correct use of session 210325 finds: the mean over repeats is the file of averages; halves of
the repeats of images shown at least eight times correlate .62, Spearman-Brown .77.
"""

import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.readers.conditions import by_numbers_within
from brainmodel.probing.recordings.readers.files import readable, require_file, require_folder
from brainmodel.probing.recordings.recording import Recording

SUFFIXES = (".jpg", ".jpeg", ".png")
WINDOW = (0.05, 0.15)  # s from image onset: counts are over 100 ms, 50 ms after the onset


def read_macaque_v4(folder: str | Path, session: str = "210325") -> Recording:
    """One session; single repeats where the folder has them, otherwise averages as one repeat.

    Raises:
        FileNotFoundError: if the folder or the session is not there.
        ValueError: if raw file, averages and images do not fit each other.
    """
    here = require_folder(folder)
    average = first_there(
        here,
        f"responses_repeat_averaged/responses_{session}.npy",
        f"responses_{session}_avg.npy",
    )
    raw = first_there(
        here, f"responses_raw/responses_{session}.npy", f"responses_{session}_raw.npy"
    )
    if not (raw.is_file() or average.is_file()):
        there = ", ".join(_sessions(here)) or "none, nor files called as in the repository"
        raise FileNotFoundError(f"{here}: no responses of session {session}: there are {there}.")
    means = _counts(average, 2) if average.is_file() else None
    responses = _counts(raw, 3) if raw.is_file() else _counts(average, 2)[:, :, None]
    archive = image_archive(here, session)
    names = image_names(archive)
    whole = means is None or means.shape == responses.shape[:2]
    if not whole or responses.shape[1] != len(names):
        averages = "none" if means is None else means.shape
        raise ValueError(
            f"{here}: {len(names)} images of session {session}, averages {averages}, single "
            f"repeats {responses.shape}: take all from one session."
        )
    return Recording(
        responses[..., None],
        np.array(["V4"] * len(responses)),
        np.array(names),
        np.array(WINDOW),
        "spikes per 100 ms",
        f"macaque V4, session {session}",
        sessions=np.array([session] * len(responses)),
    )


def _sessions(folder: Path) -> list[str]:
    """The sessions of which a folder holds responses, by the names of files."""
    files = [path for inner in ("", "responses_*/") for path in folder.glob(f"{inner}*.npy")]
    found = [re.fullmatch(r"responses_(.+?)(?:_avg|_raw)?", path.stem) for path in files]
    return sorted({match[1] for match in found if match})


def _counts(file: Path, axes: int) -> Floats:
    """[unit, image] or [unit, image, repeat] of a file."""
    with readable(file, "an .npy of plain numbers", "fetch it again"):
        found = np.load(file, mmap_mode="r", allow_pickle=False).astype(float)
    if found.ndim != axes:
        wanted = "[unit, image, repeat]" if axes == 3 else "[unit, image]"
        raise ValueError(f"{file} has shape {found.shape}: it should be {wanted}, fetch it again.")
    return found


def image_archive(folder: str | Path, session: str) -> Path:
    """The images of a session, in the repository's folder or beside the responses."""
    name = f"images_{session}.zip"
    return first_there(Path(folder), f"images/{name}", name)


def first_there(folder: Path, *names: str) -> Path:
    """The first of these files that is there; the last where none is."""
    paths = [folder / name for name in names]
    return next((path for path in paths if path.is_file()), paths[-1])


def image_names(archive: str | Path) -> list[str]:
    """Names of the images in an archive, in order of presentation."""
    source = require_file(archive)
    with readable(source, "a readable .zip", "fetch it again"), ZipFile(source) as opened:
        names = [name for name in opened.namelist() if name.lower().endswith(SUFFIXES)]
    names = [name for name in names if not Path(name).name.startswith(".")]  # of the Finder's
    return sorted(names, key=by_numbers_within)


def read_v4_images(archive: str | Path, names: Iterable[str]) -> NDArray[np.float32]:
    """Images by name: [image, height, width, channel] in [0, 1].

    Raises:
        FileNotFoundError: if there is no such archive.
        ValueError: if it or an image is damaged, or their sizes differ.
    """
    source, images = require_file(archive), []
    with readable(source, "a readable .zip", "fetch it again"):
        opened = ZipFile(source)
    with opened:
        for name in names:
            with readable(f"{source}, {name}", "a readable picture", "fetch it again"):
                picture = Image.open(BytesIO(opened.read(name))).convert("RGB")
            images.append(np.asarray(picture))
            if images[-1].shape != images[0].shape:
                raise ValueError(
                    f"{source}: {name} has shape {images[-1].shape}, the first {images[0].shape}: "
                    "fetch it again."
                )
    return np.stack(images).astype(np.float32) / np.float32(255)
