"""Gradient reversal: values pass unchanged, gradients come back with their sign turned.

    forward  y = x              backward  dL/dx = - strength dL/dy

Between a predictor and its discriminator, one backward pass then lowers the loss for the one and
raises it for the other: the gradient reversal layer of Ganin & Lempitsky (2015),
arXiv:1409.7495.
"""

from typing import Any

import torch
from torch import Tensor


class GradientReversal(torch.autograd.Function):
    """The autograd function behind `reverse_gradient`; it may be differentiated twice."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(values: Tensor, strength: float = 1.0) -> Tensor:
    """The values themselves; gradients that come back to them are multiplied by -strength.

    Args:
        values: any shape.
        strength: >= 0, the learning rate of what comes before, relative to what follows.
    """
    reversed_: Tensor = GradientReversal.apply(values, strength)  # pyright: ignore
    return reversed_
