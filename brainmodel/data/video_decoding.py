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

GRAY = 128  # beside a picture that does not fill its square
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


class Undecodable(ValueError):  # noqa: N818 - what a file is
    """A video cannot be decoded; the message is why, in a word or two."""


def frames_of(
    file: Path, short_side: int, channels: int, letterbox: bool
) -> Iterator[NDArray[np.uint8]]:
    """Frames [height, width, channel] one by one; only one is in memory at a time.

    Args:
        file: a video.
        short_side: pixels of the shorter side or, with a letterbox, of the whole square.
        channels: 1 for gray (luma), 3 for RGB.
        letterbox: whether the longer side decides, and gray fills the square up.

    Raises:
        Undecodable: if it is no video, or breaks off.
    """
    with _decoding(), av.open(str(file)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            fitted = max(frame.width, frame.height) if letterbox else min(frame.width, frame.height)
            scale, least = short_side / fitted, 1 if letterbox else short_side
            small = frame.reformat(
                width=max(least, round(frame.width * scale)),
                height=max(least, round(frame.height * scale)),
                format="rgb24",
                interpolation=Interpolation.AREA,
            )
            pixels = np.rot90(small.to_ndarray(), round(frame.rotation / 90))
            if letterbox:
                pixels = _in_square(pixels, short_side)
            if channels == 1:
                pixels = np.round(pixels @ LUMA)[..., None]
            yield np.ascontiguousarray(pixels, dtype=np.uint8)


def _in_square(pixels: NDArray[Any], side: int) -> NDArray[np.uint8]:
    """A picture in the middle of a square of gray."""
    found = np.full((side, side, pixels.shape[2]), GRAY, np.uint8)
    top, left = (side - pixels.shape[0]) // 2, (side - pixels.shape[1]) // 2
    found[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return found


def rate_of(file: Path) -> float:
    """Frames per second; 25 where the file does not say.

    Raises:
        Undecodable: if it is no video.
    """
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
