"""Through which weights the error of a read-out comes back to the rates: any of `areas`' feedbacks.

Objectives know nothing of areas, so the contract that they need of a feedback is written here. Its
types are loose on purpose: the command line compares them to the letter with those of a class that
a config names, and a feedback may write its shapes as it likes.
"""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class BackwardWeights(Protocol):
    """Weights B in the place of W^T, such as `areas.RandomFeedback` has.

    Attributes:
        seed: of the random numbers that it draws.
        decay: how much W and B lose by themselves: a share of each that is added to its gradient.
    """

    seed: int
    decay: float

    def build(self, forward: Any) -> None:
        """Make B for a read-out with weights W, once."""
        ...

    def weights(self, forward: Any) -> Any:
        """B^T, in the shape of W: W itself, others, or a parameter that learns what W does."""
        ...


class _Decaying(torch.autograd.Function):
    """Weights as they are, and a share of them added to their gradient."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, decay: float) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.decay = decay
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] + ctx.decay * ctx.saved_tensors[0], None


def decaying(weight: Tensor, decay: float) -> Tensor:
    """The weights themselves, whose gradient has `decay` times the weights added to it.

    It is added once for each backward pass that comes this way, whatever the size of the loss.

    Args:
        weight: any shape.
        decay: a share of each weight, 0 or more.
    """
    if decay == 0:
        return weight
    shown: Tensor = _Decaying.apply(weight, decay)  # pyright: ignore
    return shown
