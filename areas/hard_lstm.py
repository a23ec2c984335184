"""Long short-term memory with piecewise linear gates, as in PredNet.

    s(x) = min( 1, max( 0, x / 5 + 1/2 ) )
    c_t = s(f) c_{t-1} + s(i) tanh(g)
    h_t = s(o) tanh(c_t)

Source: the recurrent units of Lotter, Kreiman & Cox (2017), "Deep predictive coding networks for
video prediction and unsupervised learning", arXiv:1605.08104, whose published code has the hard
sigmoid of Keras for the gates; on maps a ConvLSTM (Shi et al. 2015, arXiv:1506.04214) without
peepholes.
"""

from collections.abc import Sequence

import torch

from areas.gates.gated_cell import GatedCell
from areas.lstm import LSTMState
from areas.shapes import PerUnit


def hard_sigmoid(x: PerUnit) -> PerUnit:
    """s(x); as a difference of two rectified lines, which can be fused."""
    line = 0.2 * x + 0.5
    return torch.relu(line) - torch.relu(line - 1)


def hard_lstm_step(
    input: PerUnit, forget: PerUnit, candidate: PerUnit, output: PerUnit, memory: PerUnit
) -> tuple[PerUnit, PerUnit]:
    """(h_t, c_t) from the four currents and c_{t-1}."""
    memory = hard_sigmoid(forget) * memory + hard_sigmoid(input) * torch.tanh(candidate)
    return hard_sigmoid(output) * torch.tanh(memory), memory


class HardLSTM(GatedCell):
    """Long short-term memory units whose gates can close and open entirely."""

    currents = ("input", "forget", "candidate", "output")
    gates = dict.fromkeys(("input", "forget", "output"), hard_sigmoid)
    carried = ("memory",)
    state = LSTMState

    def move(self, currents: Sequence[PerUnit], state: LSTMState) -> LSTMState:
        """See `GatedCell.move`."""
        return LSTMState(*hard_lstm_step(*currents, memory=state.memory))
