"""fix-subLSTM: the gated cortical microcircuit whose memory decays at a rate of its own.

    i, z, o = sigma of their currents;      f = sigma(b_f), learnt, the same at all times
    c_t = f c_{t-1} + z - i
    h_t = sigma(c_t) - o

It is the subLSTM (`areas.sublstm`) but for its forget gate, which hears neither drive nor rates: a
time constant of each unit (of maps: of each channel), -1 / log f steps, such as that of a recurrent
loop of pyramidal cells. It has three groups of synapses where the subLSTM has four.

Source: Costa et al. (2017), "Cortical microcircuits as gated-recurrent neural networks",
arXiv:1711.02448, the variant "fix-subLSTM" of eqs. 5-7. That f is kept within (0, 1) by a logistic
function of what is learnt is our own choice.
"""

from collections.abc import Sequence

import torch

from areas.gates.gated_cell import GatedCell
from areas.shapes import PerUnit
from areas.sublstm import SubLSTMState, sublstm_step


class FixSubLSTM(GatedCell):
    """Gated cortical microcircuit units, each with a learnt constant for a forget gate.

    The gate starts at sigma(1) = 0.73, as that of the subLSTM does where nothing reaches it.
    """

    currents = ("output", "input", "candidate", "forget")  # what the memory remembers side by side
    tonic = ("forget",)
    gates = dict.fromkeys(("output", "input", "candidate"), torch.sigmoid)
    carried = ("memory",)
    initial_bias = {"forget": 1.0}
    state = SubLSTMState

    def move(self, currents: Sequence[PerUnit], state: SubLSTMState) -> SubLSTMState:
        """See `GatedCell.move`."""
        output, input, candidate, forget = currents
        return SubLSTMState(*sublstm_step(input, forget, candidate, output, state.memory))
