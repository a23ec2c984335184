"""Folders of pictures that are the frames of a video, such as those of KITTI."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PICTURES = (".bmp", ".jpeg", ".jpg", ".png")


def pictures_in(folder: Path) -> list[Path]:
    """Files of a folder itself that are called as pictures are, in the order of their names."""
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in PICTURES]
    return [file for file in files if not file.name.startswith(".")]


def sequences_below(folder: Path) -> list[Path]:
    """Folders, this one among them, that have two pictures or more, sorted."""
    below = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    shown = [path for path in below if not any(p.startswith(".") for p in path.parts[-1:])]
    return sorted(path for path in shown if len(pictures_in(path)) > 1)


def pictures_of(
    folder: Path, size: tuple[int, int], letterbox: bool
) -> Iterator[NDArray[np.uint8]]:
    """Pictures [height, width, 3] one by one, resized as `fitted` says.

    Raises:
        OSError: if one cannot be read.
    """
    for file in pictures_in(folder):
        with Image.open(file) as picture:
            height, width = fitted((picture.height, picture.width), size, letterbox)
            small = picture.convert("RGB").resize((width, height), Image.Resampling.BOX)
            yield np.asarray(small)


def fitted(own: tuple[int, int], size: tuple[int, int], letterbox: bool) -> tuple[int, int]:
    """Height and width of a picture that keeps its form and covers some others, or lies in them."""
    scales = [wanted / n for n, wanted in zip(own, size, strict=True)]
    scale = min(scales) if letterbox else max(scales)
    least: tuple[Any, Any] = (1, 1) if letterbox else size
    return (max(least[0], round(own[0] * scale)), max(least[1], round(own[1] * scale)))
