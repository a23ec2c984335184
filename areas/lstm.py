"""Long short-term memory.

    c_t = sigma(f) c_{t-1} + sigma(i) tanh(g)
    h_t = sigma(o) tanh(c_t)

Source: Gers, Schmidhuber & Cummins (2000), "Learning to forget", without peepholes, as
`torch.nn.LSTM`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.gates.gated_cell import GatedCell
from areas.shapes import PerUnit


class LSTMState(NamedTuple):
    """State of LSTM units."""

    rate: PerUnit  # h_t
    memory: PerUnit  # c_t


def lstm_step(
    input: PerUnit, forget: PerUnit, candidate: PerUnit, output: PerUnit, memory: PerUnit
) -> tuple[PerUnit, PerUnit]:
    """(h_t, c_t) from the four currents and c_{t-1}."""
    memory = torch.sigmoid(forget) * memory + torch.sigmoid(input) * torch.tanh(candidate)
    return torch.sigmoid(output) * torch.tanh(memory), memory


class LSTM(GatedCell):
    """Long short-term memory units; the forget gate starts open (bias 1)."""

    currents = ("input", "forget", "candidate", "output")
    gates = dict.fromkeys(("input", "forget", "output"), torch.sigmoid)
    carried = ("memory",)
    initial_bias = {"forget": 1.0}
    state = LSTMState

    def move(self, currents: Sequence[PerUnit], state: LSTMState) -> LSTMState:
        """See `GatedCell.move`."""
        return LSTMState(*lstm_step(*currents, memory=state.memory))
