"""Receptive fields as gradients: how the rate of a unit changes with each pixel of what was seen.

    F_l(y, x) = ( r(t; s + d e) - r(t; s - d e) ) / 2 d       e: 1 at a pixel of frame t - l, else 0

around a picture s that stands, for as long as `WARM` steps. Of a linear unit it is its filter,
whatever the picture; of others the linear part there, where reverse correlation gives a mean over
noise. Differences are taken of the brain as it runs, for learning signals do not reach the input.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.receptive_fields import WARM
from brainmodel.physiology.responses import eye_size, rates_of
from brainmodel.wiring.outside import ByAddress


def gradient_fields(
    brain: Brain,
    lags: int = 2,
    around: Float[Tensor, "size size"] | None = None,
    difference: float = 0.02,
    gains: ByAddress | None = None,
) -> dict[str, Float[Tensor, "lag unit size size"]]:
    """Of each area; of maps those of the units in the middle. In rate per unit of brightness.

    Args:
        brain: the brain, which has an eye; it does not learn and is left as it was.
        lags: steps before a response; 0 is the frame at which it is.
        around: the picture, in [0, 1]; gray unless given.
        difference: d, of brightness.
        gains: what is silenced meanwhile, numbers by address.

    Raises:
        ValueError: for a number out of range, or a picture of another size than the eye.
    """
    size = eye_size(brain)
    if lags < 1:
        raise ValueError(f"lags: need 1 or more, got {lags}")
    if not 0 < difference <= 0.5:
        raise ValueError(f"difference: need a number above 0 and 0.5 at most, got {difference}")
    picture = torch.full((size, size), 0.5) if around is None else around
    if picture.shape != (size, size):
        raise ValueError(
            f"around: need a picture of {size} x {size} pixels, as the eye has, got "
            f"{list(picture.shape)}"
        )
    rows = [_row(brain, picture, y, lags, difference, gains) for y in range(size)]
    return {name: torch.stack([row[name] for row in rows], dim=2) for name in rows[0]}


def _row(
    brain: Brain,
    picture: Tensor,
    y: int,
    lags: int,
    difference: float,
    gains: ByAddress | None,
) -> dict[str, Float[Tensor, "lag unit size"]]:
    """Of the pixels of one row: a stream for each sign, lag and pixel."""
    size = len(picture)
    frames = picture.repeat(WARM + lags, 2, lags, size, 1, 1)  # [time, sign, lag, pixel, ...]
    for k, sign in enumerate((1, -1)):
        for lag in range(lags):
            for x in range(size):
                frames[-1 - lag, k, lag, x, y, x] += sign * difference
    found = {}
    for name, rate in rates_of(brain, frames.flatten(1, 3), gains).items():
        up, down = rate[-1].unflatten(0, (2, lags, size))
        found[name] = ((up - down) / (2 * difference)).movedim(2, 1)
    return found
