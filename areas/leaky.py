"""Leaky rate units, the reference network of Marschall, Cho & Savin (2020).

    a_t = (1 - alpha) a_{t-1} + alpha phi(h_t),      h_t = W_in x_t + W_rec a_{t-1} + b

Source: Marschall, Cho & Savin (2020), "A unified framework of online learning algorithms for
training recurrent neural networks", JMLR 21(135), eq. 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.activation import Activation, require_pointwise
from areas.cell import Cell
from areas.shapes import PerUnit


class LeakyState(NamedTuple):
    """State of leaky rate units."""

    rate: PerUnit  # a_t


def leaky_step(current: PerUnit, rate: PerUnit, alpha: float, activation: Activation) -> PerUnit:
    """a_t from h_t and a_{t-1}; eq. 1 of Marschall et al. (2020)."""
    return (1.0 - alpha) * rate + alpha * activation(current)


class Leaky(Cell):
    """Leaky rate units; alpha = 1 is the vanilla recurrent network.

    Args:
        alpha: step over time constant, dt / tau (dimensionless), in (0, 1].
        activation: phi, pointwise, for example `torch.tanh` or `torch.relu`.

    Raises:
        ValueError: if alpha is not in (0, 1], or the activation is no pointwise function (see
            `require_pointwise`).
    """

    currents = ("current",)
    carried = ("rate",)
    state = LeakyState

    def __init__(self, alpha: float = 0.5, activation: Activation = torch.tanh):
        if not 0.0 < alpha <= 1.0:
            raise ValueError(f"alpha: need 0 < alpha <= 1 (step over time constant), got {alpha}")
        require_pointwise("activation", activation)
        self.alpha = alpha
        self.activation = activation

    def step(self, currents: Sequence[PerUnit], state: LeakyState) -> LeakyState:
        """One step; see `Cell.step`."""
        return LeakyState(leaky_step(currents[0], state.rate, self.alpha, self.activation))
