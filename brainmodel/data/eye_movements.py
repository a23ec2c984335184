"""Simulated eye movements: slow drift with inertia, saccades, and slow zoom.

All functions are pure: a path of n steps from a numpy generator, in float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainmodel.data.checks import require_number


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
        require_number("inertia", self.inertia, 0, 1_000, "seconds")
        require_number("saccade_rate", self.saccade_rate, 0, 1_000, "saccades per second")
        require_number("saccade_amplitude", self.saccade_amplitude, 0, 10_000, "pixels")
        require_number("saccade_duration", self.saccade_duration, 0, 10, "seconds")
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
        random: where the numbers come from.
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


def gaze(
    movements: EyeMovements,
    steps: int,
    frames_per_second: float,
    walls: tuple[tuple[float, float], tuple[float, float]],
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Path of the eye over one episode, [step, 3]: x, y in pixels and the logarithm of zoom.

    Args:
        movements: how the eye moves.
        steps: length of the path.
        frames_per_second: steps per second.
        walls: lowest (x, y) and highest (x, y), in pixels, at which the path is reflected.
        random: where the numbers come from.
    """
    noise = random.standard_normal((steps, 3))
    speed = np.array([movements.drift, movements.drift, movements.zoom]) / frames_per_second
    velocity = speed * ornstein_uhlenbeck(noise, movements.inertia * frames_per_second)
    duration = max(1, round(movements.saccade_duration * frames_per_second))
    rate = movements.saccade_rate / frames_per_second
    velocity[:, :2] += saccades(steps, rate, movements.saccade_amplitude, duration, random)
    reach = movements.largest_zoom
    low, high = np.array([*walls[0], -reach]), np.array([*walls[1], reach])
    path = np.cumsum(np.concatenate([random.uniform(low, high)[None], velocity[1:]]), axis=0)
    return np.stack([fold(path[:, axis], low[axis], high[axis]) for axis in range(3)], axis=1)


def motion_of(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Efference copy [step, 3]: how the eye moved to be where it is at each step; 0 at first.

    dx, dy in pixels of the eye's image at that step's zoom, and the change of the logarithm of
    zoom.
    """
    moved = np.diff(path, axis=0, prepend=path[:1])
    moved[:, :2] /= np.exp(path[:, 2:])
    return moved
