"""An arm of two links in a plane: where the hand is, and which angles bring it there.

    x = l1 cos s + l2 cos(s + e),       y = l1 sin s + l2 sin(s + e)
    e = arccos( (x^2 + y^2 - l1^2 - l2^2) / (2 l1 l2) )
    s = atan2(y, x) - atan2(l2 sin e, l1 + l2 cos e)

The shoulder is the origin, s its angle from the x axis, e that of the elbow, 0 for a straight arm
and positive as a right elbow bends. Any book on robots has it, such as Murray, Li & Sastry (1994),
"A mathematical introduction to robotic manipulation".
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class TwoLinkArm(NamedTuple):
    """Lengths in metres."""

    upper: float  # from shoulder to elbow
    lower: float  # from elbow to hand

    def hand(self, angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the hand is, [..., 2] in metres, of the angles of shoulder and elbow [..., 2]."""
        shoulder, both = angles[..., 0], angles.sum(axis=-1)
        return np.stack(
            [
                self.upper * np.cos(shoulder) + self.lower * np.cos(both),
                self.upper * np.sin(shoulder) + self.lower * np.sin(both),
            ],
            axis=-1,
        )

    def angles(self, hand: NDArray[np.float64]) -> NDArray[np.float64]:
        """Angles of shoulder and elbow [..., 2] in radians that bring the hand to [..., 2].

        Places out of reach have none; see `require_reach`.
        """
        x, y = hand[..., 0], hand[..., 1]
        both = self.upper**2 + self.lower**2
        elbow = np.arccos((x**2 + y**2 - both) / (2 * self.upper * self.lower))
        bent = np.arctan2(self.lower * np.sin(elbow), self.upper + self.lower * np.cos(elbow))
        shoulder = (np.arctan2(y, x) - bent + np.pi) % (2 * np.pi) - np.pi
        return np.stack([shoulder, elbow], axis=-1)

    def require_reach(self, field: str, nearest: float, farthest: float) -> None:
        """Refuse places that the hand cannot come to.

        Args:
            field: what says how far they are.
            nearest: metres from the shoulder.
            farthest: likewise.

        Raises:
            ValueError: with how far the hand reaches.
        """
        least, most = abs(self.upper - self.lower), self.upper + self.lower
        if not least < nearest <= farthest < most:
            raise ValueError(
                f"{field}: the hand would have to be {nearest:.3g} to {farthest:.3g} m from the "
                f"shoulder, and an arm of {self.upper:g} and {self.lower:g} m reaches from "
                f"{least:.3g} to {most:.3g} m; give nearer targets or another arm."
            )
