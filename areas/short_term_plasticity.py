"""Leaky rate units whose recurrent synapses tire and facilitate.

    r(t) = (1 - alpha) r(t-1) + alpha phi( I(t) )                      rate, spikes a step
    u(t) = u(t-1) + (U - u(t-1)) / tau_f + U (1 - u(t-1)) r(t-1)       use: share that is released
    x(t) = x(t-1) + (1 - x(t-1)) / tau_d - z(t-1)                      resources left
    z(t) = u(t) x(t) r(t)                                              what the synapses carry

u and x are the presynaptic unit's, alike at all its synapses onto units of the area; its predictor
and other areas receive the rate. Both are kept from 0 to 1. States begin at 0, and so the fields
are what u and x have moved from rest: facilitation u - U and depletion 1 - x. At a constant rate

    u = U (1 + tau_f r) / (1 + U tau_f r),      x = 1 / (1 + tau_d u r)

in steps as in continuous time. A time constant of 0 leaves its part out: u = U, or x = 1.

Sources: Tsodyks & Markram (1997), doi:10.1073/pnas.94.2.719, as rates by Mongillo, Barak & Tsodyks
(2008), doi:10.1126/science.1150769, in steps and with borders by Masse et al. (2019),
doi:10.1038/s41593-019-0414-3. These let z(t) use u and x of one update later; here what is carried
is what was taken from the resources.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.activation import Activation, require_rates
from areas.cell import Cell
from areas.leaky import leaky_step
from areas.shapes import PerUnit


class ShortTermState(NamedTuple):
    """State of units with short-term plasticity; all but the rate is of their synapses."""

    rate: PerUnit  # r(t)
    facilitation: PerUnit  # u(t) - U, in [0, 1 - U]
    depletion: PerUnit  # 1 - x(t), in [0, 1]
    transmitted: PerUnit  # z(t)


def within(value: PerUnit, top: float) -> PerUnit:
    """A value kept from 0 to `top`; as a difference of two rectified lines, which can be fused."""
    return torch.relu(value) - torch.relu(value - top)


def shares(tau: float) -> tuple[float, float]:
    """What remains of a departure from rest one step later, and whether there are any (1, or 0)."""
    return (1.0 - 1.0 / tau, 1.0) if tau > 0 else (0.0, 0.0)


def facilitate(facilitation: PerUnit, rate: PerUnit, use: float, tau: float) -> PerUnit:
    """u(t) - U from that of the step before; eq. of u."""
    left, (stays, made) = 1.0 - use - facilitation, shares(tau)
    return within(stays * facilitation + made * use * left * rate, 1.0 - use)


def deplete(depletion: PerUnit, transmitted: PerUnit, tau: float) -> PerUnit:
    """1 - x(t) from that of the step before and what was then released; eq. of x."""
    stays, made = shares(tau)
    return within(stays * depletion + made * transmitted, 1.0)


class ShortTermPlasticity(Cell):
    """Leaky rate units with depressing and facilitating recurrent synapses.

    Args:
        tau_facilitation: time constant of u in steps, 1 or more; 0 for no facilitation.
        tau_depression: that of x; 0 for no depression.
        use: U, the share of resources that is released at rest, above 0, at most 1.
        alpha: step over time constant of the rate, dt / tau (dimensionless), in (0, 1].
        activation: phi, pointwise, 0 or more, for example `torch.sigmoid`.

    Raises:
        ValueError: for a constant out of its range, or an activation that makes rates below 0.
    """

    currents = ("current",)
    carried = ("rate", "facilitation", "depletion", "transmitted")
    emitted = "transmitted"
    state = ShortTermState

    def __init__(
        self,
        tau_facilitation: float = 20.0,
        tau_depression: float = 5.0,
        use: float = 0.3,
        alpha: float = 0.5,
        activation: Activation = torch.sigmoid,
    ):
        times = {"tau_facilitation": tau_facilitation, "tau_depression": tau_depression}
        for name, tau in times.items():
            if tau != 0 and not 1 <= tau < float("inf"):
                raise ValueError(f"{name}: need 1 step or more, or 0 for none, got {tau}")
        if not 0 < use <= 1:
            raise ValueError(f"use: need above 0 and at most 1 of the resources, got {use}")
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha: need 0 < alpha <= 1 (step over time constant), got {alpha}")
        require_rates("activation", activation)
        self.tau_facilitation, self.tau_depression, self.use = tau_facilitation, tau_depression, use
        self.alpha, self.activation = alpha, activation

    def step(self, currents: Sequence[PerUnit], state: ShortTermState) -> ShortTermState:
        """One step; see `Cell.step`."""
        rate = leaky_step(currents[0], state.rate, self.alpha, self.activation)
        more = facilitate(state.facilitation, state.rate, self.use, self.tau_facilitation)
        gone = deplete(state.depletion, state.transmitted, self.tau_depression)
        return ShortTermState(rate, more, gone, (self.use + more) * (1.0 - gone) * rate)
