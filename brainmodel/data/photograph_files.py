"""Photographs as tensors: from files inside scikit-image's wheel, resized and softly blurred.

Nothing is ever downloaded: the files are opened directly, never through `skimage.data`.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

FREE = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "retina.jpg",
    "rocket.jpg",
)
"""The photographs that scikit-image's docstrings declare CC0, in the public domain or without
known copyright restrictions."""


def photograph_file(name: str) -> Path:
    """Where scikit-image keeps the photograph `name`, without importing scikit-image.

    Raises:
        FileNotFoundError: if scikit-image is missing or carries no such file.
    """
    spec = find_spec("skimage")
    file = Path(spec.origin).parent / "data" / name if spec and spec.origin else None
    if file is None or not file.is_file():
        raise FileNotFoundError(
            f"photograph {name!r} is not in scikit-image: pip install 'scikit-image>=0.26'."
        )
    return file


def load_photograph(file: Path, channels: int, short_side: int) -> Tensor:
    """Photograph [channel, height, width] float32 in [0, 1], resized.

    Args:
        file: any picture file that Pillow opens.
        channels: 1 for gray (luma of ITU-R BT.601), 3 for RGB (a gray one has three equal
            channels).
        short_side: length of the shorter side in samples after resizing.
    """
    with Image.open(file) as opened:
        picture = opened.convert("L" if channels == 1 else "RGB")
    scale = short_side / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    pixels = np.asarray(picture.resize(size, Image.Resampling.BICUBIC), dtype=np.float32) / 255
    return torch.from_numpy(pixels.reshape(size[1], size[0], channels)).permute(2, 0, 1)


def soften(photograph: Tensor, sigma: float) -> Tensor:
    """The eye's optics: a Gaussian of `sigma` samples; the borders are mirrored.

    Args:
        photograph: [channel, height, width].
        sigma: in samples; 0 changes nothing.
    """
    if sigma == 0:
        return photograph
    reach = max(1, round(3 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(photograph[:, None], [reach] * 4, mode="reflect")
    rows = F.conv2d(padded, kernel.view(1, 1, -1, 1))
    return F.conv2d(rows, kernel.view(1, 1, 1, -1))[:, 0]
