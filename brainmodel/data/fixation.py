"""Fixation: small movements of an eye that is held still, for still pictures in recordings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainmodel.data.checks import require_number
from brainmodel.data.eye_movements import EyeMovements, fold, velocity_of

HOLDING = EyeMovements(
    drift=4.0, inertia=0.1, saccade_rate=1.5, saccade_amplitude=1.0, saccade_duration=0.03, zoom=0.0
)


@dataclass(frozen=True)
class Fixation:
    """Drift and small saccades around the middle of the picture.

    Raises:
        ValueError: if a number is out of range.
    """

    movements: EyeMovements = HOLDING
    """How the eye moves; its zoom is not used."""
    reach: float = 3.0
    """Furthest that the gaze strays from the middle along each axis, in pixels of the eye."""

    def __post_init__(self) -> None:
        require_number("reach", self.reach, 0, 10_000, "pixels")

    def path(
        self, steps: int, frames_per_second: float, random: np.random.Generator
    ) -> NDArray[np.float64]:
        """[step, 2] x, y of the gaze in pixels of the eye; it begins in the middle, at 0."""
        velocity = velocity_of(self.movements, steps, frames_per_second, random).path[:, :2]
        walk = np.cumsum(velocity, axis=0) - velocity[:1]
        return fold(walk, -self.reach, self.reach)
