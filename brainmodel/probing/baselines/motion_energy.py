"""Motion energy: Gabor pairs in space and time, opponent directions apart, pooled over a grid.

Adelson & Bergen (1985), J. Opt. Soc. Am. A 2:284. A drifting grating turns the phase of a spatial
Gabor pair at its temporal frequency; filtering the complex response with a windowed exponential of
either sign separates the two directions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.errors import require_seconds
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines.baseline import Baseline
from brainmodel.probing.baselines.edge_energy import filter_frames, gabor_bank, gray_frames, once
from brainmodel.probing.baselines.pixels import shrink


class MotionEnergy(Baseline):
    """Amplitude of space-time Gabor pairs, pooled; causal in time.

    Args:
        frames_per_second: of the movies.
        temporal: frequencies in Hz; 0 sees still edges.
        size, orientations, octaves, grid: as in EdgeEnergy; each orientation has two directions.
        window: seconds the filters reach back.
    """

    def __init__(
        self,
        frames_per_second: float = 30.0,
        temporal: Sequence[float] = (0.0, 2.0, 4.0, 8.0),
        size: int = 32,
        orientations: int = 4,
        octaves: int = 3,
        grid: int = 4,
        window: float = 0.3,
    ) -> None:
        if not temporal or not 0 <= min(temporal) <= max(temporal) <= frames_per_second / 2:
            raise ValueError(
                f"temporal is {temporal!r}: give frequencies from 0 to half of "
                f"frames_per_second, {frames_per_second / 2:g} Hz."
            )
        require_seconds("window", window, 0, 10)
        signed = [sign * f for f in temporal for sign in ((1, -1) if f else (1,))]
        steps = np.arange(max(1, round(window * frames_per_second)))  # back in time
        envelope = np.hanning(2 * len(steps) + 1)[len(steps) : -1]
        seconds = steps / frames_per_second
        self.kernels = np.exp(2j * np.pi * np.outer(signed, seconds)) * envelope / envelope.sum()
        self.frames_per_second = frames_per_second
        self.size, self.grid = size, grid
        self.orientations, self.octaves = orientations, octaves

    def __call__(self, movies: Floats) -> Floats:
        stimuli, times = movies.shape[:2]
        frames, place = once(gray_frames(movies, self.size))
        bank = gabor_bank(frames.shape[1:], self.orientations, self.octaves)
        filters = causal(self.kernels, times).reshape(-1, times).astype(np.complex64)
        features = []
        for band in filter_frames(frames, bank):
            size = np.abs(filters @ band[place].reshape(stimuli, times, -1))
            pooled = shrink(size.reshape(stimuli, -1, *band.shape[1:], 1), self.grid)
            by_kernel = pooled.reshape(stimuli, len(self.kernels), times, -1)
            features.append(by_kernel.transpose(0, 2, 1, 3).reshape(stimuli, times, -1))
        return np.concatenate(features, axis=2)


def causal(kernels: NDArray[Any], times: int) -> NDArray[Any]:
    """[kernel, time, time] matrices that filter paths with kernels [kernel, step back].

    Before the first frame there is that same frame.
    """
    found = np.zeros((len(kernels), times, times), kernels.dtype)
    for back in range(kernels.shape[1]):
        for time in range(times):
            found[:, time, max(0, time - back)] += kernels[:, back]
    return found
