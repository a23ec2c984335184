"""Simulated eye movements: slow drift with inertia, saccades, and slow zoom; and what is seen.

All functions are pure. A path is [step, 3] float64: x, y of the view's centre in pixels of the
eye, from the centre of the picture's upper left sample, and the logarithm of zoom (positive: the
view covers more of the picture).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.data.checks import LONGEST, require_number
from brainmodel.errors import require_seconds


@dataclass(frozen=True)
class EyeMovements:
    """How the eye moves, per second and in pixels of the eye's own image at zoom 0.

    Raises:
        ValueError: if a number is out of range.
    """

    drift: float = 24.0
    """Root mean square speed of drift, pixels per second, along each axis."""
    inertia: float = 0.5
    """Seconds over which drift and zoom forget their velocity (Ornstein-Uhlenbeck process)."""
    saccade_rate: float = 0.25
    """Saccades per second (a Poisson process; when and where to is not predictable)."""
    saccade_amplitude: float = 6.0
    """Mean length of a saccade in pixels (exponentially distributed, any direction)."""
    saccade_duration: float = 0.07
    """Seconds a saccade takes, rounded to whole steps, at least one (minimum-jerk profile)."""
    zoom: float = 0.1
    """Root mean square rate of change of the logarithm of zoom, per second."""

    def __post_init__(self) -> None:
        require_number("drift", self.drift, 0, 10_000, "pixels per second")
        require_seconds("inertia", self.inertia, 0, LONGEST)
        require_number("saccade_rate", self.saccade_rate, 0, 100, "saccades per second")
        require_number("saccade_amplitude", self.saccade_amplitude, 0, 10_000, "pixels")
        require_seconds("saccade_duration", self.saccade_duration, 0, 1)
        require_number("zoom", self.zoom, 0, 10, "a rate per second")

    @property
    def largest_zoom(self) -> float:
        """The logarithm of zoom wanders between minus and plus this number."""
        return 0.25 if self.zoom > 0 else 0.0


def ornstein_uhlenbeck(noise: NDArray[np.float64], correlation_time: float) -> NDArray[np.float64]:
    """Unit-variance process with correlation exp(-lag / correlation_time) from white `noise`.

    v(t) = a v(t-1) + sqrt(1 - a^2) noise(t), a = exp(-1 / correlation_time), v(0) = noise(0):
    exact in discrete time and stationary from the first step on.

    Args:
        noise: [step, ...] independent standard normal numbers.
        correlation_time: in steps; 0 returns the noise.
    """
    keep = np.exp(-1 / correlation_time) if correlation_time > 0 else 0.0
    fresh = np.sqrt(1 - keep**2)
    process = np.array(noise)
    for step in range(1, len(process)):
        process[step] = keep * process[step - 1] + fresh * noise[step]
    return process


def fold(path: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Reflect a path at two walls as often as needed: low <= fold(path) <= high."""
    width = high - low
    if width <= 0:
        return np.full_like(path, (low + high) / 2)
    return high - np.abs((path - low) % (2 * width) - width)


def saccades(
    steps: int, rate: float, amplitude: float, duration: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Displacement [step, 2] by saccades in each step.

    Args:
        steps: number of steps.
        rate: expected saccades per step.
        amplitude: mean length.
        duration: steps that a saccade takes.
        random: generator of the numbers.
    """
    starts = random.random(steps) < rate
    lengths = random.exponential(amplitude, steps)
    angles = random.uniform(0, 2 * np.pi, steps)
    jumps = (starts * lengths)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    phase = np.linspace(0, 1, duration + 1)
    profile = np.diff(10 * phase**3 - 15 * phase**4 + 6 * phase**5)  # minimum jerk
    spread = np.zeros((steps, 2))
    for lag, share in enumerate(profile[:steps]):
        spread[lag:] += share * jumps[: steps - lag]
    return spread


class EyePath(NamedTuple):
    """The path of the eye, or its changes, and its saccades."""

    path: NDArray[np.float64]  # [step, 3], or [step, 3] changes of it
    saccade: NDArray[np.bool_]  # [step], whether a saccade brought it here from the step before


class Walls(NamedTuple):
    """Lowest and highest x, y of the view's centre, at which a path is reflected."""

    low: tuple[float, float]
    high: tuple[float, float]


EyeSize = int | tuple[int, int]
"""Of an eye: its height and width, or one number for both."""


def sides(size: EyeSize) -> tuple[int, int]:
    """Height and width of an eye."""
    return (size, size) if isinstance(size, int) else size


def walls(movements: EyeMovements, size: EyeSize, extent: tuple[float, float]) -> Walls:
    """Walls that keep an eye of `size` pixels, however zoomed, within x, y from 0 to `extent`."""
    height, width = ((n - 1) / 2 * float(np.exp(movements.largest_zoom)) for n in sides(size))
    return Walls((width, height), (extent[0] - width, extent[1] - height))


def gaze(
    movements: EyeMovements,
    steps: int,
    frames_per_second: float,
    within: Walls,
    random: np.random.Generator,
) -> EyePath:
    """Path of the eye over one episode, and where on it there are saccades.

    Args:
        movements: how the eye moves.
        steps: length of the path.
        frames_per_second: steps per second.
        within: where the path is reflected.
        random: generator of the numbers.
    """
    velocity, saccade = velocity_of(movements, steps, frames_per_second, random)
    reach = movements.largest_zoom
    low, high = np.array([*within.low, -reach]), np.array([*within.high, reach])
    start = low + (high - low) * random.random(3)
    path = np.cumsum(np.concatenate([start[None], velocity[1:]]), axis=0)
    folded = np.stack([fold(path[:, axis], low[axis], high[axis]) for axis in range(3)], axis=1)
    return EyePath(folded, saccade & (np.arange(steps) > 0))


def velocity_of(
    movements: EyeMovements, steps: int, frames_per_second: float, random: np.random.Generator
) -> EyePath:
    """Changes of the path in each step, by drift, saccades (x, y) and zoom; see `gaze`."""
    noise = random.standard_normal((steps, 3))
    speed = np.array([movements.drift, movements.drift, movements.zoom]) / frames_per_second
    velocity = speed * ornstein_uhlenbeck(noise, movements.inertia * frames_per_second)
    duration = max(1, round(movements.saccade_duration * frames_per_second))
    rate = movements.saccade_rate / frames_per_second
    jumps = saccades(steps, rate, movements.saccade_amplitude, duration, random)
    velocity[:, :2] += jumps
    return EyePath(velocity, np.hypot(*jumps.T) > 0)


def motion_of(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Efference copy [step, 3]: how the eye moved since the step before; 0 at the first step.

    dx, dy in pixels of the eye's image at that step's zoom, and the change of the logarithm of
    zoom.
    """
    moved = np.diff(path, axis=0, prepend=path[:1])
    moved[:, :2] /= np.exp(path[:, 2:])
    return moved


def view_grid(path: Tensor, size: EyeSize, height: int, width: int, samples: int = 1) -> Tensor:
    """Where an eye looks, [step, its height, its width, 2], for grid_sample, corners aligned.

    Args:
        path: [step, 3] float64.
        size: pixels of the eye.
        height: samples of the picture.
        width: samples of the picture.
        samples: samples of the picture per pixel of the eye.
    """
    zoom = torch.exp(path[:, 2:])
    y, x = ((torch.arange(n, dtype=path.dtype) - (n - 1) / 2) * zoom for n in sides(size))
    grid = torch.empty(len(path), *sides(size), 2)
    grid[..., 0] = (2 * samples * (path[:, :1] + x) / (width - 1) - 1)[:, None, :]
    grid[..., 1] = (2 * samples * (path[:, 1:2] + y) / (height - 1) - 1)[:, :, None]
    return grid


def moved_frames(frames: Tensor, motion: Tensor) -> Tensor:
    """What an eye sees after it has moved, of what it saw before: what was outside is the border.

    Args:
        frames: [view, channel, size, size].
        motion: [view, 3] as of `motion_of`.
    """
    size = frames.shape[-1]
    place = torch.arange(size, dtype=frames.dtype, device=frames.device) - (size - 1) / 2
    x, y, zoom = motion.to(frames).T[:, :, None]
    grid = frames.new_empty(len(frames), size, size, 2)
    grid[..., 0] = ((place + x) * zoom.exp())[:, None, :] * 2 / (size - 1)
    grid[..., 1] = ((place + y) * zoom.exp())[:, :, None] * 2 / (size - 1)
    return torch.nn.functional.grid_sample(
        frames, grid, mode="bicubic", padding_mode="border", align_corners=True
    )
