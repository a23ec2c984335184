"""Pairs of steps of one stream, `steps` apart, and whether a reset came between them.

With K steps in a window and pairs (t - steps, t), there are max(K - steps, 0) pairs per stream.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from objectives.parts.shapes import SampleLoss


def earlier(values: Tensor, steps: int) -> Tensor:
    """The values [pair, batch, ...] at the earlier step of each pair, from [time, batch, ...]."""
    return values[: max(len(values) - steps, 0)]


def later(values: Tensor, steps: int) -> Tensor:
    """The values [pair, batch, ...] at the later step of each pair, from [time, batch, ...]."""
    return values[steps:]


def unbroken(valid: Bool[Tensor, "time batch"], steps: int) -> Bool[Tensor, "pair batch"]:
    """Whether both steps of each pair are of one stream, [pair, batch] bool.

    A step that is not valid starts a new stream, so it may be the earlier one of a pair, but none
    of those after it, up to the later one.

    Args:
        valid: [time, batch] bool.
        steps: how far apart; 0 joins each step with itself.
    """
    joined = torch.ones_like(later(valid, steps))
    for k in range(steps):
        joined = joined & later(earlier(valid, k), steps - k)
    return joined


def at_later_step(
    loss: Float[Tensor, "pair batch"], valid: Bool[Tensor, "time batch"], steps: int
) -> SampleLoss:
    """Loss [pair, batch] -> [time, batch], set at the later step; 0 where there is no pair.

    Args:
        loss: of each pair, finite also where a reset came between.
        valid: [time, batch] bool.
        steps: how far apart the steps of a pair are.
    """
    kept = torch.where(unbroken(valid, steps), loss, torch.zeros_like(loss))
    return torch.cat([kept.new_zeros(len(valid) - len(kept), kept.shape[1]), kept])


def check_horizons(horizons: list[int]) -> None:
    """Raises ValueError unless these are steps into the future, at least one of them."""
    if not horizons or min(horizons) < 1:
        raise ValueError(f"horizons: need one or more steps >= 1 into the future, got {horizons}")
