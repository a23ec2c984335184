"""What an eye sees of a movie: from where it looks, at the resolution of the model."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from brainmodel.probing.array_types import Floats

ANTIALIASING = 0.4  # pixels; a wider blur leaves nothing for resizing to alias
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def follow_gaze(movie: NDArray[np.float32], path: Floats, background: float) -> NDArray[np.float32]:
    """A movie as seen by an eye that looks away from its middle; background beyond its borders.

    Args:
        movie: [step, height, width, channel].
        path: [step, 2] of the gaze from the middle, x to the right, y downwards, in pixels of the
            movie; linear between pixels.
        background: gray level from 0 to 1.
    """
    height, width = movie.shape[1:3]
    across = 2 * (np.arange(width) + path[:, :1] + 0.5) / width - 1
    down = 2 * (np.arange(height) + path[:, 1:2] + 0.5) / height - 1
    grid = np.empty((len(movie), height, width, 2), np.float32)
    grid[..., 0], grid[..., 1] = across[:, None, :], down[:, :, None]
    pictures = torch.from_numpy(movie.transpose(0, 3, 1, 2) - np.float32(background))
    seen = F.grid_sample(pictures, torch.from_numpy(grid), align_corners=False)
    return (seen.numpy().transpose(0, 2, 3, 1) + np.float32(background)).clip(0, 1)


def to_eye(movies: NDArray[np.float32], shape: tuple[int, ...], blur: float = 0.0) -> torch.Tensor:
    """Movies as an input of the model, [step, stimulus, channel, height, width].

    The largest central part in the proportions of the eye, resized without aliases; gray by luma.

    Args:
        movies: [stimulus, step, height, width, channel].
        shape: of the input, [channel, height, width].
        blur: sigma of a Gaussian in pixels of the eye, by which pictures are softened before they
            are looked at, as photographs are in training; borders are mirrored.
    """
    channels, height, width = shape
    movies = _centre(movies, height / width)
    if channels == 1 and movies.shape[4] == 3:
        movies = (movies @ np.array(LUMA, np.float32))[..., None]
    pictures = torch.from_numpy(np.ascontiguousarray(movies.transpose(1, 0, 4, 2, 3)))
    steps, stimuli = pictures.shape[:2]
    pictures = soften(pictures.flatten(0, 1), blur * movies.shape[2] / height)
    resized = F.interpolate(
        pictures, size=(height, width), mode="bilinear", antialias=blur < ANTIALIASING
    )
    found = resized.unflatten(0, (steps, stimuli)).clamp(0, 1)
    return found.expand(-1, -1, channels, -1, -1)


def soften(pictures: torch.Tensor, sigma: float) -> torch.Tensor:
    """Pictures [picture, channel, height, width] under a Gaussian of `sigma` pixels."""
    if sigma == 0:
        return pictures
    down, across = (_gaussian(length, sigma) for length in pictures.shape[2:])
    return down @ pictures @ across.T


def _gaussian(length: int, sigma: float) -> torch.Tensor:
    """[pixel, pixel] weights of a Gaussian whose borders are mirrored."""
    reach = min(max(1, round(3 * sigma)), length - 1)
    offsets = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    places = (torch.arange(length)[:, None] + offsets).abs()
    places = torch.where(places > length - 1, 2 * (length - 1) - places, places)
    return torch.zeros(length, length).scatter_add_(
        1, places, (kernel / kernel.sum()).expand(length, -1)
    )


def _centre(movies: NDArray[np.float32], proportion: float) -> NDArray[np.float32]:
    """The largest middle part whose height over width is `proportion`."""
    height, width = movies.shape[2:4]
    tall, wide = min(height, round(width * proportion)), min(width, round(height / proportion))
    top, left = (height - tall) // 2, (width - wide) // 2
    return movies[:, :, top : top + tall, left : left + wide]
