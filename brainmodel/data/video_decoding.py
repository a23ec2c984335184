"""Videos, decoded with PyAV: their frames one by one, resized.

Pixels are taken as square; a rotation noted in the file (as phones do) is applied.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from brainmodel.data.eye_movements import EyeSize, sides
from brainmodel.data.picture_sequences import fitted, pictures_of

GRAY = 128  # beside a picture that does not fill its frame
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


class Undecodable(ValueError):  # noqa: N818 - what a file is
    """A video cannot be decoded; the message is why, in a word or two."""


def frames_of(
    file: Path, size: EyeSize, channels: int, letterbox: bool
) -> Iterator[NDArray[np.uint8]]:
    """Frames [height, width, channel] one by one; only one is in memory at a time.

    Args:
        file: a video, or a folder whose pictures are its frames in the order of their names.
        size: height and width that a frame covers, with no more beyond them than it must have on
            one side; with a letterbox, those in which it lies.
        channels: 1 for gray (luma), 3 for RGB.
        letterbox: whether frames lie within these, and gray fills them up.

    Raises:
        Undecodable: if it is no video, or breaks off.
    """
    with _decoding():
        for pixels in (pictures_of if file.is_dir() else _video)(file, sides(size), letterbox):
            if letterbox:
                pixels = _in_frame(pixels, *sides(size))
            if channels == 1:
                pixels = np.round(pixels @ LUMA)[..., None]
            yield np.ascontiguousarray(pixels, dtype=np.uint8)


def _video(file: Path, size: tuple[int, int], letterbox: bool) -> Iterator[NDArray[Any]]:
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            turns = round(frame.rotation / 90)
            wanted = size if turns % 2 == 0 else (size[1], size[0])
            height, width = fitted((frame.height, frame.width), wanted, letterbox)
            small = frame.reformat(
                width=width, height=height, format="rgb24", interpolation=Interpolation.AREA
            )
            yield np.rot90(small.to_ndarray(), turns)


def _in_frame(pixels: NDArray[Any], height: int, width: int) -> NDArray[np.uint8]:
    """A picture in the middle of gray."""
    found = np.full((height, width, pixels.shape[2]), GRAY, np.uint8)
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    found[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return found


def rate_of(file: Path) -> float:
    """Frames per second; 25 where the file does not say, and 10 of a folder of pictures, as KITTI
    has them.

    Raises:
        Undecodable: if it is no video.
    """
    if file.is_dir():
        return 10.0
    with _decoding(), av.open(str(file)) as container:
        return float(container.streams.video[0].average_rate or 25)


@contextmanager
def _decoding() -> Iterator[None]:
    """What PyAV raises while it opens or decodes a file means that the file is at fault."""
    try:
        yield
    except Undecodable:
        raise
    except IndexError as error:
        raise Undecodable("has no stream of video") from error
    except (FFmpegError, OSError, ValueError) as error:
        raise Undecodable(type(error).__name__) from error
