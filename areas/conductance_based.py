"""Conductance-based units: currents through channels that open with the potential.

    F_k(v) = m_k(v) (v - E_k),   m_k(v) = sigma( (v - half_k) / slope_k );     m = 1 of the leak
    C dv/dt = I(t) - sum_k g_k F_k(v),      h(t) = phi( v(t) )

over leak, potassium and calcium. Each unit (of maps: each channel) has conductances of its own,
g_k = exp of a tonic current, so that they are positive and learnt as biases are. In a step the
channels stay as open as the step finds them, and the rest is solved exactly, which is stable for
any conductances (exponential Euler):

    G = sum_k g_k m_k(v(t-1)),      v_inf = ( I(t) + sum_k g_k m_k(v(t-1)) E_k ) / G
    v(t) = v_inf + ( v(t-1) - v_inf ) exp( -G / C )

Potentials are in units of about 20 mV above rest, conductances in those of a leak, C in steps.

Source: the form of Hodgkin & Huxley (1952), doi:10.1113/jphysiol.1952.sp004764, its gates at rest;
potassium and calcium beside a leak are the conductances that Stemmler & Koch (1999),
doi:10.1038/9173, let learn. Reversal potentials and gates are ours, round numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import torch

from areas.activation import Activation, require_rates
from areas.cell import Cell
from areas.shapes import Anything, PerUnit


@dataclass(frozen=True)
class Channel:
    """A kind of channels.

    Args:
        reversal: E, potential at which no current flows.
        half: potential at which half of them are open.
        slope: above 0, the change of potential that makes it 73 %.

    Raises:
        ValueError: for a constant out of its range.
    """

    reversal: float
    half: float
    slope: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isfinite(value):
                raise ValueError(f"{name}: need a number, got {value}")
        if self.slope <= 0:
            raise ValueError(f"slope: need above 0, got {self.slope}")

    def open(self, potential: Anything) -> Anything:
        """m, the share of channels that are open."""
        return torch.sigmoid((potential - self.half) / self.slope)


POTASSIUM = Channel(reversal=-1.0, half=0.5, slope=0.5)
CALCIUM = Channel(reversal=4.0, half=0.5, slope=0.5)


class ConductanceState(NamedTuple):
    """State of conductance-based units."""

    rate: PerUnit  # h(t)
    potential: PerUnit  # v(t)


def conductance_step(
    current: PerUnit,
    potential: PerUnit,
    inward: tuple[PerUnit, ...],
    reversals: tuple[float, ...],
    capacitance: float,
) -> PerUnit:
    """v(t) from I(t), v(t-1), the open conductances g_k m_k, and C."""
    leak, potassium, calcium = inward
    total = leak + potassium + calcium
    for conductance, reversal in zip(inward, reversals, strict=True):
        current = current + conductance * reversal
    settled = current / total
    return settled + (potential - settled) * torch.exp(-total / capacitance)


class ConductanceBased(Cell):
    """Units with a leak, potassium and calcium conductances that are their own.

    Args:
        capacitance: C, above 0; over the conductance it is the time constant in steps.
        potassium: its channels, `POTASSIUM` unless given.
        calcium: likewise, `CALCIUM`.
        activation: phi, pointwise, 0 or more, for example `torch.nn.functional.softplus`.

    Raises:
        ValueError: for a constant out of its range, or an activation that makes rates below 0.
    """

    currents = ("current", "leak", "potassium", "calcium")
    tonic = ("leak", "potassium", "calcium")
    carried = ("potential",)
    initial_bias = {"potassium": -1.0, "calcium": -3.0}  # logarithms; the leak's conductance is 1
    state = ConductanceState

    def __init__(
        self,
        capacitance: float = 2.0,
        potassium: Channel | None = None,
        calcium: Channel | None = None,
        activation: Activation = torch.nn.functional.softplus,
    ):
        if not 0 < capacitance < float("inf"):
            raise ValueError(f"capacitance: need a number above 0, got {capacitance}")
        require_rates("activation", activation)
        self.capacitance, self.activation = capacitance, activation
        self.potassium, self.calcium = potassium or POTASSIUM, calcium or CALCIUM
        self.reversals = (0.0, self.potassium.reversal, self.calcium.reversal)

    def open(self, logs: Sequence[Anything], potential: Anything) -> tuple[Anything, ...]:
        """g_k m_k of leak, potassium and calcium from the logarithms of g_k and the potential."""
        leak, potassium, calcium = (torch.exp(log) for log in logs)
        return (
            leak,
            potassium * self.potassium.open(potential),
            calcium * self.calcium.open(potential),
        )

    def outward(self, logs: Sequence[Anything], potential: Anything) -> Anything:
        """sum_k g_k F_k(v), the current that keeps a potential."""
        pairs = zip(self.open(logs, potential), self.reversals, strict=True)
        terms = [conductance * (potential - reversal) for conductance, reversal in pairs]
        return terms[0] + terms[1] + terms[2]

    def step(self, currents: Sequence[PerUnit], state: ConductanceState) -> ConductanceState:
        """One step; see `Cell.step`."""
        inward = self.open(currents[1:], state.potential)
        potential = conductance_step(
            currents[0], state.potential, inward, self.reversals, self.capacitance
        )
        return ConductanceState(self.activation(potential), potential)
