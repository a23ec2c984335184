"""Edge energy: a bank of Gabor pairs, squared and summed, pooled over a grid.

The complex cell model of Adelson & Bergen (1985), J. Opt. Soc. Am. A 2:284, over orientations and
octaves of spatial frequency, bandwidth one octave; filters are Gaussians in the Fourier plane.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.baselines.baseline import Baseline
from brainmodel.probing.baselines.pixels import check_movies, shrink

CHUNK = 64  # frames filtered at once


class EdgeEnergy(Baseline):
    """Amplitude of Gabor pairs, pooled.

    Args:
        size: side in pixels to which frames are averaged first.
        orientations: over 180 degrees.
        octaves: of spatial frequency, downwards from a quarter cycle per pixel.
        grid: pooling patches along each side.
    """

    def __init__(
        self, size: int = 64, orientations: int = 8, octaves: int = 4, grid: int = 8
    ) -> None:
        if min(size, orientations, octaves, grid) < 1 or size < 2 ** (octaves + 1):
            raise ValueError(
                f"size {size}, orientations {orientations}, octaves {octaves}, grid {grid}: give "
                "1 or more of each, and a size of at least 2 ** (octaves + 1) pixels."
            )
        self.size, self.grid = size, grid
        self.orientations, self.octaves = orientations, octaves

    def __call__(self, movies: Floats) -> Floats:
        frames, place = once(gray_frames(movies, self.size))
        bank = gabor_bank(frames.shape[1:], self.orientations, self.octaves)
        pooled = [
            shrink(np.abs(band)[:, None, :, :, None], self.grid)[:, 0, :, :, 0]
            for band in filter_frames(frames, bank)
        ]
        return np.stack(pooled, 1)[place].reshape(*movies.shape[:2], -1)


def gray_frames(movies: Floats, size: int) -> Floats:
    """[stimulus * time, height, width] gray frames, averaged to at most size x size."""
    gray = shrink(check_movies(movies).mean(4, keepdims=True), size)[..., 0]
    return gray.reshape(-1, *gray.shape[2:])


def once(frames: Floats) -> tuple[Floats, Whole]:
    """Frames without those that are like the one before, and [frame] where each is among them."""
    new = np.concatenate([[True], (frames[1:] != frames[:-1]).any((1, 2))])
    return frames[new], np.cumsum(new) - 1


def gabor_bank(shape: tuple[int, ...], orientations: int, octaves: int) -> Floats:
    """[filter, height, width] gains in the Fourier plane, one-sided, so that responses are complex.

    Filters run through orientations within octaves.
    """
    down, across = fft.fftfreq(shape[0])[:, None], fft.fftfreq(shape[1])[None]
    bank = []
    for octave in range(octaves):
        frequency = 0.25 / 2**octave  # cycles per pixel
        width = frequency / 3  # half height at one octave of bandwidth
        for angle in np.arange(orientations) * np.pi / orientations:
            offset = (down - frequency * np.sin(angle)) ** 2
            bank.append(
                np.exp(-(offset + (across - frequency * np.cos(angle)) ** 2) / (2 * width**2))
            )
            bank[-1][0, 0] = 0  # blind to the mean
    return np.stack(bank)


def filter_frames(frames: Floats, bank: Floats) -> Iterator[NDArray[np.complex64]]:
    """By filter, [frame, height, width] complex responses: even part real, odd part imaginary."""
    centred = frames - frames.mean((1, 2), keepdims=True)
    spectra = np.asarray(fft.fft2(centred.astype(np.float32)))
    for gain in bank.astype(np.float32):
        chunks = range(0, len(spectra), CHUNK)
        parts = [np.asarray(fft.ifft2(spectra[k : k + CHUNK] * gain)) for k in chunks]
        yield np.concatenate(parts)
