"""Files in MNIST's format (IDX), where the user has them; nothing is downloaded.

An IDX file is two zero bytes, the type of its numbers (8: unsigned bytes), how many dimensions, the
size of each in four bytes, the highest first, then the numbers; plain or compressed (.gz). MNIST,
Fashion-MNIST and KMNIST come in it.
"""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainmodel.data.streams import Part

NAMES = {True: "train", False: "t10k"}  # by whether it is for training


def pictures_file(folder: Path, training: bool) -> Path:
    """Where the pictures of a part lie.

    Raises:
        FileNotFoundError: naming the file.
    """
    return _file(folder, f"{NAMES[training]}-images-idx3-ubyte")


def side_of(folder: Path) -> int:
    """Height and width of the pictures, from the head of the file alone.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if pictures are not square, or it is another kind of file.
    """
    for training in (True, False):
        _file(folder, f"{NAMES[training]}-labels-idx1-ubyte")
        file = pictures_file(folder, training)
        with _opened(file) as opened:
            shape = _shape(file, opened.read(16))
        if len(shape) != 3 or shape[1] != shape[2]:
            raise ValueError(f"root: {file} holds {list(shape)} and no square pictures.")
    return shape[1]


def read_part(folder: Path, part: Part) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pictures [picture, side, side] in [0, 1] and what they show, [picture].

    Args:
        folder: with the four files.
        part: training, or else those that are held out.
    """
    training = part is Part.TRAINING
    pixels = read_idx(pictures_file(folder, training))
    shown = read_idx(_file(folder, f"{NAMES[training]}-labels-idx1-ubyte"))
    if len(pixels) != len(shown):
        raise ValueError(f"root: {len(pixels)} pictures and {len(shown)} labels in {folder}.")
    return pixels.astype(np.float32) / np.float32(255), shown.astype(np.int64)


def read_idx(file: Path) -> NDArray[np.uint8]:
    """The numbers of an IDX file of unsigned bytes.

    Raises:
        ValueError: if it is another kind of file, or cut short.
    """
    with _opened(file) as opened:
        held = opened.read()
    shape = _shape(file, held)
    numbers = np.frombuffer(held, dtype=np.uint8, offset=4 + 4 * len(shape))
    if len(numbers) != np.prod(shape):
        raise ValueError(f"root: {file} is cut short; copy it again.")
    return numbers.reshape(shape)


def _shape(file: Path, head: bytes) -> tuple[int, ...]:
    dimensions = head[3] if len(head) > 3 else 0
    if head[:3] != b"\0\0\x08" or not 1 <= dimensions <= 3 or len(head) < 4 + 4 * dimensions:
        raise ValueError(f"root: {file} is no IDX file of unsigned bytes; give MNIST's files.")
    return tuple(np.frombuffer(head, dtype=">u4", count=dimensions, offset=4).tolist())


def _opened(file: Path):
    return gzip.open(file) if file.suffix == ".gz" else file.open("rb")


def _file(folder: Path, name: str) -> Path:
    """The file of that name, plain or compressed."""
    for ending in ("", ".gz"):
        if (file := folder / f"{name}{ending}").is_file():
            return file
    raise FileNotFoundError(
        f"root is {str(folder)!r}: give a folder that has {name} (or {name}.gz), nothing is "
        "downloaded."
    )
