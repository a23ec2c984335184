"""Pyramidal units of two compartments: what reaches the apical dendrite decides what is a burst.

    v_s(t) = l_s v_s(t-1) + (1 - l_s) I_basal(t)          soma and basal dendrites
    v_a(t) = l_a v_a(t-1) + (1 - l_a) I_apical(t)         apical dendrite
    b(t)   = l_b b(t-1) + (1 - l_b) sigma( (v_a(t) - theta) / s )        plateau
    e(t)   = phi( v_s(t) )                                event rate
    h(t)   = e(t) (1 + g b(t))                            rate
    l      = exp( -1 / tau ),  tau in steps;  0 where tau is 0

Drive, error and recurrent synapses end on the basal dendrites, messages on the apical one. An event
is a spike, or a burst of 1 + g spikes where it meets a plateau: the plateau is the probability that
an event is a burst, e b the rate of bursts, and h counts all spikes. So the apical dendrite
multiplies the gain of the soma, and without basal input says nothing.

Sources: Payeur et al. (2021), "Burst-dependent synaptic plasticity can coordinate learning in
hierarchical circuits", doi:10.1038/s41593-021-00857-x, for events, bursts and a burst probability
that is logistic in the dendritic potential; Naud & Sprekeler (2018), doi:10.1073/pnas.1720995115,
for the count of spikes; Larkum, Senn & Luescher (2004), doi:10.1093/cercor/bhh065, for the gain;
Golding, Staff & Spruston (2002), doi:10.1038/nature00854, for dendritic spikes that cooperate. With
these authors the plateau is of the moment (`tau_plateau: 0`). That it outlasts its cause a little,
as plateaus do, is ours, and so are leaks in place of the conductances of their spiking units.
"""

from collections.abc import Collection, Sequence
from math import exp
from typing import NamedTuple

import torch

from areas.activation import Activation, require_rates
from areas.cell import Cell
from areas.shapes import Anything, PerUnit

BASAL = ("drive", "error", "recurrent")
"""The sources that end on the basal dendrites unless told."""


class PyramidalState(NamedTuple):
    """State of pyramidal units."""

    rate: PerUnit  # h(t), spikes
    somatic: PerUnit  # v_s(t)
    apical: PerUnit  # v_a(t)
    plateau: PerUnit  # b(t), the probability that an event is a burst


def leak(before: PerUnit, now: PerUnit, decay: float) -> PerUnit:
    """A leaky average: what remains of that before, and of now the rest."""
    return decay * before + (1.0 - decay) * now


def burst_probability(apical: PerUnit, threshold: float, slope: float) -> PerUnit:
    """sigma( (v_a - theta) / s ), in (0, 1)."""
    return torch.sigmoid((apical - threshold) / slope)


def spikes(events: PerUnit, plateau: PerUnit, gain: float) -> PerUnit:
    """h from e and b: one spike an event, and g more where it is a burst."""
    return events * (1.0 + gain * plateau)


class Pyramidal(Cell):
    """Pyramidal units with a basal and an apical compartment.

    Args:
        tau_soma: time constant of the somatic potential in steps, 0 or more.
        tau_apical: that of the apical potential.
        tau_plateau: that of the plateau; 0 where it is of the moment.
        threshold: theta, the apical potential at which half of the events are bursts.
        slope: s, above 0, the change of the apical potential that makes it 73 %.
        gain: g, 0 or more, spikes of a burst beyond its first.
        activation: phi, pointwise, 0 or more, for example `torch.sigmoid` or `torch.relu`.
        apical: sources whose synapses end on the apical dendrite: names of pathways, "error",
            "drive" or "recurrent"; all messages unless given.

    Raises:
        ValueError: for a constant out of its range, an activation that makes rates below 0, and,
            when the area is made, for a source that it has not.
    """

    currents = ("basal", "apical")
    afferent = ("basal",)
    recurrent = ("basal",)
    carried = ("somatic", "apical", "plateau")
    state = PyramidalState

    def __init__(
        self,
        tau_soma: float = 1.5,
        tau_apical: float = 1.5,
        tau_plateau: float = 1.0,
        threshold: float = 1.0,
        slope: float = 0.5,
        gain: float = 2.0,
        activation: Activation = torch.sigmoid,
        apical: Sequence[str] | None = None,
    ):
        times = {"tau_soma": tau_soma, "tau_apical": tau_apical, "tau_plateau": tau_plateau}
        for name, tau in times.items():
            if not 0 <= tau < float("inf"):
                raise ValueError(f"{name}: need 0 steps or more, got {tau}")
        if not -float("inf") < threshold < float("inf"):
            raise ValueError(f"threshold: need a number, got {threshold}")
        if not 0 < slope < float("inf"):
            raise ValueError(f"slope: need a number above 0, got {slope}")
        if not 0 <= gain < float("inf"):
            raise ValueError(f"gain: need 0 or more spikes beyond the first, got {gain}")
        require_rates("activation", activation)
        self.tau_soma, self.tau_apical, self.tau_plateau = times.values()
        self.threshold, self.slope, self.gain, self.activation = threshold, slope, gain, activation
        self.apical = None if apical is None else tuple(apical)
        self.decays = tuple(exp(-1.0 / tau) if tau > 0 else 0.0 for tau in times.values())

    def reach(self, source: str) -> slice:
        """See `Cell.reach`."""
        return slice(1, 2) if self.on_apical(source) else slice(0, 1)

    def on_apical(self, source: str) -> bool:
        """Whether the synapses of a source end on the apical dendrite."""
        return source not in BASAL if self.apical is None else source in self.apical

    def require_sources(self, sources: Collection[str]) -> None:
        """See `Cell.require_sources`."""
        for name in self.apical or ():
            if name not in sources:
                raise ValueError(
                    f"cell.apical: no source {name!r} reaches the units; there are "
                    f"{', '.join(sources)}"
                )

    def events(self, rate: Anything, plateau: Anything) -> Anything:
        """e from h and b, of any shape."""
        return rate / (1.0 + self.gain * plateau)

    def step(self, currents: Sequence[PerUnit], state: PyramidalState) -> PyramidalState:
        """One step; see `Cell.step`."""
        soma, dendrite, lasting = self.decays
        somatic = leak(state.somatic, currents[0], soma)
        apical = leak(state.apical, currents[1], dendrite)
        now = burst_probability(apical, self.threshold, self.slope)
        plateau = leak(state.plateau, now, lasting)
        rate = spikes(self.activation(somatic), plateau, self.gain)
        return PyramidalState(rate, somatic, apical, plateau)
