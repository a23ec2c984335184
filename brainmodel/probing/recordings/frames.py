"""What was shown, as it is kept: an array in an .npy, or a folder of pictures.

Pictures stand in the order of their names, numbers as numbers: img2 before img10; those that are
named like the stimuli are put in the order of these later (`picture_names.py`).
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainmodel.probing.recordings.readers.conditions import by_numbers_within
from brainmodel.probing.recordings.readers.files import readable, require_file, require_room
from brainmodel.probing.recordings.stimuli import SUFFIXES, Stimuli, as_floats

DEEP = {"I;16": 65535, "I;16B": 65535, "I;16L": 65535, "I": 65535}  # the largest value, by mode
ORIENTATION = 0x0112  # tag of EXIF; 1 is upright

Picture = NDArray[Any]


def read_frames(path: str | Path, edges: Sequence[float]) -> Stimuli:
    """Stimuli from an .npy file, memory-mapped, or from a folder of pictures.

    Args:
        path: of an array [stimulus, height, width], [stimulus, height, width, channel] (stills) or
            [stimulus, frame, height, width, channel]; uint8, or floats in [0, 1]. Or of a folder
            with one file for each still (.png, .jpg, .tif, .bmp, or .npy [height, width(,
            channel)]) or for each movie (.npy [frame, height, width, channel]), in the order of
            their names, numbers as numbers, until `Shown.check` puts each beside the stimulus of
            its name. With edges for each of its pictures, stills are one movie.
        edges: [frame + 1] s from stimulus onset between which each frame is on the screen.

    Raises:
        FileNotFoundError: if there is no such file, or no picture in the folder.
        ValueError: if it is no such array, or a picture is damaged or of another size.
    """
    source = Path(path)
    files = _files(source) if source.is_dir() else []
    frames = _of_files(source, files) if files else _array(require_file(source))
    names = tuple(file.stem for file in files)
    if frames.ndim == 3:
        frames = frames[..., None]
    if frames.ndim == 4:
        one_movie = len(edges) > 2 and len(edges) == len(frames) + 1
        frames, names = (frames[None], ()) if one_movie else (frames[:, None], names)
    return Stimuli(frames, np.asarray(edges, float), names)


def _array(source: Path) -> Picture:
    """The array of an .npy, memory-mapped: what is not looked at is not read."""
    with readable(source, "an .npy of plain numbers", "write it with numpy.save"):
        frames = np.load(source, mmap_mode="r", allow_pickle=False)
    if not isinstance(frames, np.ndarray):
        raise ValueError(f"{source} holds several arrays: save the frames alone, with numpy.save.")
    return frames


def _files(folder: Path) -> list[Path]:
    """The pictures in a folder, in the order of their names."""
    files = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES]
    files = [file for file in files if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise FileNotFoundError(
            f"{folder} has no picture: give a folder with files of {', '.join(SUFFIXES)}."
        )
    return sorted(files, key=lambda file: (by_numbers_within(file.stem), file.suffix))


def _of_files(folder: Path, files: Sequence[Path]) -> Picture:
    """[picture, height, width, channel] or, of movies, [movie, frame, height, width, channel]."""
    first = _picture(files[0])
    require_room(folder, "what is in it", first.nbytes * len(files))
    pictures = [first, *map(_picture, files[1:])]
    _require_one_size(files, pictures)
    if len({picture.shape[-1] for picture in pictures}) > 1:  # gray ones among colored ones
        pictures = [p.repeat(3, -1) if p.shape[-1] == 1 else p for p in pictures]
    if len({picture.dtype for picture in pictures}) > 1:
        pictures = [as_floats(picture) for picture in pictures]
    return np.stack(pictures)


def _require_one_size(files: Sequence[Path], pictures: Sequence[Picture]) -> None:
    shapes = [picture.shape[:-1] for picture in pictures]
    usual = Counter(shapes).most_common(1)[0][0]
    for file, shape in zip(files, shapes, strict=True):
        if shape != usual:
            raise ValueError(
                f"{file} is {_size(shape)}, others are {_size(usual)}: bring all to one size."
            )


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) + " pixels"


def _picture(file: Path) -> Picture:
    """[height, width, channel] of one file, or [frame, height, width, channel] of an .npy."""
    if file.suffix.lower() == ".npy":
        found = _array(file)
        if found.ndim not in (2, 3, 4) or (found.ndim > 2 and found.shape[-1] not in (1, 3)):
            raise ValueError(
                f"{file} has shape {found.shape}: give [height, width], [height, width, channel] "
                "or [frame, height, width, channel], with 1 or 3 channels."
            )
        return found[..., None] if found.ndim == 2 else found
    with readable(file, "a picture that can be read", "save it again"), Image.open(file) as opened:
        pages, orientation = getattr(opened, "n_frames", 1), opened.getexif().get(ORIENTATION, 1)
        opened.load()
    if pages > 1:
        raise ValueError(f"{file} holds {pages} pictures: save each as a file of its own.")
    if orientation != 1:
        raise ValueError(f"{file} is noted to be seen turned: save it upright, without that note.")
    return _pixels(file, opened)


def _pixels(file: Path, picture: Image.Image) -> Picture:
    """[height, width, channel], uint8 or, where a pixel has more bits, floats."""
    if picture.mode in DEEP:
        return np.asarray(picture, np.float32)[..., None] / np.float32(DEEP[picture.mode])
    if picture.mode == "F":
        return np.asarray(picture, np.float32)[..., None]
    if picture.has_transparency_data:
        if np.asarray(picture.convert("RGBA"))[..., 3].min() < 255:
            raise ValueError(f"{file} is transparent in parts: save it on the background it had.")
        picture = picture.convert("L" if picture.mode == "LA" else "RGB")
    if picture.mode in ("1", "L"):
        return np.asarray(picture.convert("L"))[..., None]
    return np.asarray(picture.convert("RGB"))
