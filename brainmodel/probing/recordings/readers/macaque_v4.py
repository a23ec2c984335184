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

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.readers.files import require_file, require_folder
from brainmodel.probing.recordings.recording import Recording

WINDOW = (0.05, 0.15)  # s from image onset: counts are over 100 ms, 50 ms after the onset


def read_macaque_v4(folder: str | Path, session: str = "210325") -> Recording:
    """One session; single repeats where the folder has them, otherwise averages as one repeat.

    Raises:
        FileNotFoundError: if the folder or the session is not there.
        ValueError: if raw file, averages and images do not fit each other.
    """
    here = require_folder(folder)
    raw = first_there(
        here, f"responses_raw/responses_{session}.npy", f"responses_{session}_raw.npy"
    )
    averaged = f"responses_repeat_averaged/responses_{session}.npy"
    average = first_there(here, averaged, f"responses_{session}_avg.npy")
    there = raw if raw.is_file() else require_file(average)
    responses = np.load(there)
    responses = responses if responses.ndim == 3 else responses[:, :, None]
    archive = image_archive(here, session)
    names = image_names(archive)
    if responses.shape[1] != len(names):
        raise ValueError(
            f"{there}: {responses.shape[1]} responses for {len(names)} images of "
            f"{archive.name}: take both from one session."
        )
    return Recording(
        responses[..., None].astype(float),
        np.array(["V4"] * len(responses)),
        np.array(names),
        np.array(WINDOW),
        "spikes per 100 ms",
        f"macaque V4, session {session}",
        sessions=np.array([session] * len(responses)),
    )


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
    with ZipFile(require_file(archive)) as opened:
        return sorted(name for name in opened.namelist() if name.endswith((".jpg", ".png")))


def read_v4_images(archive: str | Path, names: Iterable[str]) -> NDArray[np.float32]:
    """Images by name: [image, height, width, channel] in [0, 1]."""
    from skimage.io import imread

    with ZipFile(require_file(archive)) as opened:
        images = [imread(BytesIO(opened.read(name))) for name in names]
    return np.stack(images).astype(np.float32) / np.float32(255)
