"""Subtractive LSTM: the gated cortical microcircuit.

    i, f, z, o = sigma of their currents
    c_t = f c_{t-1} + z - i
    h_t = sigma(c_t) - o

Gates act by subtraction, as inhibitory interneurons on pyramidal cells do: i and o stand for the
inhibition of the input and of the output, f for the decay of the recurrent memory loop.

Source: Costa et al. (2017), "Cortical microcircuits as gated-recurrent neural networks",
arXiv:1711.02448, eqs. 5-7.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.gates.gated_cell import GatedCell
from areas.shapes import PerUnit


class SubLSTMState(NamedTuple):
    """State of subLSTM units."""

    rate: PerUnit  # h_t, in (-1, 1)
    memory: PerUnit  # c_t


def sublstm_step(
    input: PerUnit, forget: PerUnit, candidate: PerUnit, output: PerUnit, memory: PerUnit
) -> tuple[PerUnit, PerUnit]:
    """(h_t, c_t) from the four currents and c_{t-1}."""
    memory = torch.sigmoid(forget) * memory + torch.sigmoid(candidate) - torch.sigmoid(input)
    return torch.sigmoid(memory) - torch.sigmoid(output), memory


class SubLSTM(GatedCell):
    """Gated cortical microcircuit units; the forget gate starts open (bias 1)."""

    currents = ("input", "forget", "candidate", "output")
    gates = dict.fromkeys(currents, torch.sigmoid)
    carried = ("memory",)
    initial_bias = {"forget": 1.0}
    state = SubLSTMState

    def move(self, currents: Sequence[PerUnit], state: SubLSTMState) -> SubLSTMState:
        """See `GatedCell.move`."""
        return SubLSTMState(*sublstm_step(*currents, memory=state.memory))
