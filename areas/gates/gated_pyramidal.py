"""Pyramidal cells whose gates are other cells: the subtractive LSTM with interneurons for gates.

    f, z = sigma of their currents
    c_t = f c_{t-1} + z + I_input
    h_t = phi( sigma(c_t) + I_output )

What reaches the currents `input` and `output` is taken as it is: it comes from interneurons whose
rates are the gates, by inhibitory synapses. With synapses of -1, one to one, from cells of rates
i = sigma(I_i) and o = sigma(I_o), and phi the identity,

    c_t = f c_{t-1} + z - i,      h_t = sigma(c_t) - o,

the subLSTM (`areas.sublstm`; Costa et al. 2017, arXiv:1711.02448, eqs. 5-7). Gates in the same area
(`areas.Populations`) act one step later, as units are blind to each other within a step; gates in
an area of their own, whose pathways have delay 0, in the same step. By default phi rectifies: what
obeys Dale's law does not send rates below 0.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.activation import Activation, require_pointwise
from areas.gates.gated_cell import GatedCell
from areas.shapes import PerUnit


class GatedPyramidalState(NamedTuple):
    """State of gated pyramidal cells."""

    rate: PerUnit  # h_t
    memory: PerUnit  # c_t


class GatedPyramidal(GatedCell):
    """Pyramidal cells of a gated cortical microcircuit, without the interneurons that gate them.

    Args:
        activation: phi, of what the output's inhibition leaves; null for none.
        recorded: see `GatedCell`; of the one gate that is the cell's own.

    Raises:
        ValueError: for an activation that is not pointwise.
    """

    currents = ("candidate", "forget", "input", "output")
    carried = ("memory",)
    initial_bias = {"forget": 1.0}
    gates = {"forget": torch.sigmoid}
    state = GatedPyramidalState

    def __init__(self, activation: Activation | None = torch.relu, recorded: bool = False):
        super().__init__(recorded)
        if activation is not None:
            require_pointwise("GatedPyramidal.activation", activation)
        self.activation = activation

    def move(self, currents: Sequence[PerUnit], state: GatedPyramidalState) -> GatedPyramidalState:
        """See `GatedCell.move`."""
        candidate, forget, input, output = currents
        memory = torch.sigmoid(forget) * state.memory + torch.sigmoid(candidate) + input
        rate = torch.sigmoid(memory) + output
        rate = rate if self.activation is None else self.activation(rate)
        return GatedPyramidalState(rate, memory)
