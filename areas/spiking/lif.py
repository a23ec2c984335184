"""Leaky integrate-and-fire units.

    v(t) = a_v v(t-1) + I(t) - thr z(t-1)
    z(t) = H( (v(t) - thr) / thr )             spikes, which the recurrent synapses carry
    h(t) = kappa h(t-1) + (1 - kappa) z(t)     their filtered rate, for predictor and other areas

See `areas.spiking.membrane` for the constants, the refractory time and the pseudo-derivative.

Source: Bellec et al. (2020), Nature Communications 11:3625, Methods, "LIF neurons".
"""

from collections.abc import Sequence
from typing import NamedTuple

from areas.cell import Cell
from areas.shapes import PerUnit
from areas.spiking.membrane import Membrane


class LIFState(NamedTuple):
    """State of leaky integrate-and-fire units."""

    rate: PerUnit  # h(t), in [0, 1]
    potential: PerUnit  # v(t)
    spike: PerUnit  # z(t), 0 or 1
    refractory: PerUnit  # steps of silence to come


def lif_step(current: PerUnit, state: LIFState, membrane: Membrane) -> LIFState:
    """The state after a step, from I(t) and the state before."""
    potential = membrane.integrate(current, state.potential, state.spike)
    excess = (potential - membrane.threshold) / membrane.threshold
    rate, spike, refractory = membrane.emit(excess, state.rate, state.refractory)
    return LIFState(rate, potential, spike, refractory)


class LIF(Cell):
    """Leaky integrate-and-fire units, without autapses.

    Args:
        membrane: constants of the membrane; those of `Membrane` unless given.
    """

    currents = ("current",)
    carried = ("rate", "potential", "spike", "refractory")
    emitted = "spike"
    autapses = False
    surrogate = True
    state = LIFState

    def __init__(self, membrane: Membrane | None = None):
        self.membrane = membrane or Membrane()

    def step(self, currents: Sequence[PerUnit], state: LIFState) -> LIFState:
        """One step; see `Cell.step`."""
        return lif_step(currents[0], state, self.membrane)
