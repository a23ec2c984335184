"""Long short-term memory.

    c_t = sigma(f) c_{t-1} + sigma(i) tanh(g)
    h_t = sigma(o) tanh(c_t)

Source: Gers, Schmidhuber & Cummins (2000), "Learning to forget", without peepholes, as
`torch.nn.LSTM`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from areas.cell import Cell


class LSTMState(NamedTuple):
    """State of LSTM units."""

    rate: Tensor  # [batch, *units], h_t
    memory: Tensor  # [batch, *units], c_t


def lstm_step(
    input: Tensor, forget: Tensor, candidate: Tensor, output: Tensor, memory: Tensor
) -> tuple[Tensor, Tensor]:
    """(h_t, c_t) from the four currents and c_{t-1}, all [batch, *units]."""
    memory = torch.sigmoid(forget) * memory + torch.sigmoid(input) * torch.tanh(candidate)
    return torch.sigmoid(output) * torch.tanh(memory), memory


class LSTM(Cell):
    """Long short-term memory units; the forget gate starts open (bias 1)."""

    currents = ("input", "forget", "candidate", "output")
    carried = ("memory",)
    initial_bias = {"forget": 1.0}
    state = LSTMState

    def step(self, currents: Sequence[Tensor], state: LSTMState) -> LSTMState:
        """One step; see `Cell.step`."""
        return LSTMState(*lstm_step(*currents, memory=state.memory))
