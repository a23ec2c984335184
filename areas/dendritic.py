"""Units whose soma follows a basal dendrite, and is nudged by what comes from elsewhere.

    u(t) = u(t-1) + g_l ( 0 - u(t-1) ) + g_b ( v_b(t) - u(t-1) ) + g_a ( v_a(t) - u(t-1) )
    r(t) = phi( u(t) )

v_b = I_basal and v_a = I_apical are the potentials of two dendrites, which follow their currents at
once; g are conductances, in shares of a step. The potential u would come to rest where the basal
dendrite alone says, and the apical one says nothing new, at the dendritic prediction

    u*(t) = k v_b(t),      k = g_b / (g_l + g_b + g_a)        pyramidal units: v_a is 0
                           k = g_b / (g_l + g_b)              units that are taught: v_a is u

A pyramidal unit's apical dendrite tells an error, which is to be 0. What comes to a unit that is
taught, an interneuron or a unit of the highest area, is the potential that it should have. The rule
`DendriticErrors` learns from what the two leave over, r - phi(u*).

Source: Sacramento, Costa, Bengio & Senn (2018), "Dendritic cortical microcircuits approximate the
backpropagation algorithm", arXiv:1810.11393, section 2, in steps of Euler's scheme and without
noise; the dendritic prediction is that of Urbanczik & Senn (2014),
doi:10.1016/j.neuron.2013.11.030.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.activation import Activation, require_pointwise
from areas.cell import Cell
from areas.shapes import Anything, PerUnit


class DendriticState(NamedTuple):
    """State of units with dendrites that predict."""

    rate: PerUnit  # r(t)
    somatic: PerUnit  # u(t)


class Dendritic(Cell):
    """Units of a soma and two dendrites, the second of which tells an error, or teaches.

    Drive, error and recurrent synapses end on the basal dendrite, messages on the other, unless
    told otherwise.

    Args:
        leak: g_l, 0 or more, in shares of a step.
        basal: g_b, above 0.
        apical: g_a, 0 or more; the three together are at most 1.
        activation: phi, pointwise, for example `torch.nn.functional.softplus`.
        taught: whether what comes by the second current, which is then called "teaching" and no
            more "apical", is the potential that the unit should have.

    Raises:
        ValueError: for conductances out of their range, or an activation that is no pointwise
            function.
    """

    currents = ("basal", "apical")
    afferent = ("basal",)
    recurrent = ("basal",)
    carried = ("somatic",)
    state = DendriticState

    def __init__(
        self,
        leak: float = 0.05,
        basal: float = 0.5,
        apical: float = 0.3,
        activation: Activation = torch.nn.functional.softplus,
        taught: bool = False,
    ):
        given = f"leak {leak}, basal {basal} and apical {apical}"
        if not (leak >= 0 and basal > 0 and apical >= 0 and leak + basal + apical <= 1):
            raise ValueError(
                "leak, basal, apical: need conductances of 0 and more, basal above 0, that add up "
                f"to 1 at most, got {given}"
            )
        require_pointwise("activation", activation)
        self.leak, self.basal, self.apical = leak, basal, apical
        self.activation, self.taught = activation, taught
        if taught:
            self.currents = ("basal", "teaching")

    def reach(self, source: str) -> slice:
        """See `Cell.reach`."""
        own = source in ("drive", "error", "recurrent")
        return slice(0, 1) if own else slice(1, 2)

    @property
    def share(self) -> float:
        """k, the somatic potential over the basal one where there is nothing to learn."""
        return self.basal / (self.leak + self.basal + (0.0 if self.taught else self.apical))

    def step(self, currents: Sequence[PerUnit], state: DendriticState) -> DendriticState:
        """One step; see `Cell.step`."""
        gains = self.leak, self.basal, self.apical
        somatic = somatic_step(currents[0], currents[1], state.somatic, gains)
        return DendriticState(self.activation(somatic), somatic)


def somatic_step(
    basal: Anything, apical: Anything, somatic: Anything, gains: tuple[float, float, float]
) -> Anything:
    """u(t) from v_b(t), v_a(t), u(t-1) and (g_l, g_b, g_a)."""
    leak, inner, outer = gains
    return (1.0 - leak - inner - outer) * somatic + inner * basal + outer * apical
