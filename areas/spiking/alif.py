"""Integrate-and-fire units whose threshold adapts, alone or mixed with others that do not.

    v(t) = a_v v(t-1) + I(t) - thr z(t-1)
    b(t) = rho b(t-1) + z(t-1)
    z(t) = H( (v(t) - thr - beta b(t)) / thr )
    h(t) = kappa h(t-1) + (1 - kappa) z(t)

Each unit has its own beta, which is 0 in units that do not adapt: a constant (`Cell.constants`).

Source: Bellec et al. (2020), Nature Communications 11:3625, Methods, "ALIF neurons"; see
`areas.spiking.membrane` for what it shares with LIF.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas.cell import Cell
from areas.shapes import PerUnit
from areas.spiking.membrane import Membrane


class ALIFState(NamedTuple):
    """State of adaptive integrate-and-fire units."""

    rate: PerUnit  # h(t), in [0, 1]
    potential: PerUnit  # v(t)
    spike: PerUnit  # z(t), 0 or 1
    refractory: PerUnit  # steps of silence to come
    adaptation: PerUnit  # b(t)


def alif_step(
    current: PerUnit, beta: PerUnit, state: ALIFState, membrane: Membrane, rho: float
) -> ALIFState:
    """The state after a step, from I(t), beta and the state before."""
    potential = membrane.integrate(current, state.potential, state.spike)
    adaptation = rho * state.adaptation + state.spike
    excess = (potential - membrane.threshold - beta * adaptation) / membrane.threshold
    rate, spike, refractory = membrane.emit(excess, state.rate, state.refractory)
    return ALIFState(rate, potential, spike, refractory, adaptation)


class ALIF(Cell):
    """Integrate-and-fire units of which a fraction adapts, without autapses.

    Args:
        membrane: constants of the membrane; those of `Membrane` unless given.
        adaptation_decay: rho, what remains of the adaptation one step later, in [0, 1).
        strength: beta of the units that adapt, 0 or more, in the unit of the potential.
        fraction: of the units (of maps: channels) that adapt, the first ones, in [0, 1].

    Raises:
        ValueError: for a constant out of its range.
    """

    currents = ("current", "strength")
    constants = ("strength",)
    carried = ("rate", "potential", "spike", "refractory", "adaptation")
    emitted = "spike"
    autapses = False
    surrogate = True
    state = ALIFState

    def __init__(
        self,
        membrane: Membrane | None = None,
        adaptation_decay: float = 0.97,
        strength: float = 0.2,
        fraction: float = 1.0,
    ):
        if not 0 <= adaptation_decay < 1:
            raise ValueError(f"adaptation_decay: need 0 to 1, 1 left out, got {adaptation_decay}")
        if not strength >= 0:
            raise ValueError(f"strength: need 0 or more, got {strength}")
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction: need 0 to 1 of the units, got {fraction}")
        self.membrane = membrane or Membrane()
        self.rho, self.strength, self.fraction = adaptation_decay, strength, fraction

    def constant_values(self, units: int) -> Float[Tensor, "constant unit"]:
        """See `Cell.constant_values`; beta of each unit."""
        beta = torch.zeros(1, units, dtype=torch.float64)
        beta[:, : round(self.fraction * units)] = self.strength
        return beta

    def step(self, currents: Sequence[PerUnit], state: ALIFState) -> ALIFState:
        """One step; see `Cell.step`."""
        return alif_step(currents[0], currents[1].detach(), state, self.membrane, self.rho)
