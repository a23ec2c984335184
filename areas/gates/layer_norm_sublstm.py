"""subLSTM whose currents are normalised over the units of the area at each step.

    n_k(t) = g_k ( x_k(t) - mean ) / sqrt( variance + EPSILON ) + b_k      k: i, f, z, o
    mean, variance: of all four currents of all units of the area, in each stream at each step
    i, f, z, o = sigma of n_k;  c(t) = f c(t-1) + z - i,  h(t) = sigma(c(t)) - o     (SubLSTM)

g_k and b_k are learnt, a number of each unit (of maps: of each channel) and current; the forget
gate starts open (b_f = 1).

Mean and variance are of all units, so this cell alone is not pointwise by itself. They stand among
its constants: at each step they are made of the currents, and a unit finds them as given. Local
rules take them as given, too: the way of a weight through mean and variance into other units is
left out of what they learn. It is followed by backpropagation through time, which stays exact, and
by scope `Global` where the rule cuts nothing. Rules that claim the whole gradient but follow units
one by one (RTRL) refuse the cell.

Sources: Ba, Kiros & Hinton (2016), "Layer normalization", arXiv:1607.06450, eqs. 3-4, over all
gates together as in their LSTM; of the sum of drive and recurrence, which they normalise apart.
subLSTM: Costa et al. (2017), arXiv:1711.02448, eqs. 5-7.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from areas.gates.gated_cell import GatedCell
from areas.shapes import PerCurrent, PerUnit
from areas.sublstm import SubLSTMState, sublstm_step

EPSILON = 1e-5  # added to the variance
GATES = ("input", "forget", "candidate", "output")
GAINS, SHIFTS = tuple(f"{g}_gain" for g in GATES), tuple(f"{g}_shift" for g in GATES)


class LayerNormSubLSTM(GatedCell):
    """Gated cortical microcircuit units under layer normalisation."""

    currents = (*GATES, *GAINS, *SHIFTS, "mean", "scale")
    gates = dict.fromkeys(GATES, torch.sigmoid)
    tonic = (*GAINS, *SHIFTS)
    constants = ("mean", "scale")
    carried = ("memory",)
    initial_bias = dict.fromkeys(GAINS, 1.0) | {"forget_shift": 1.0}
    state = SubLSTMState
    normalised = True

    def constant_values(self, units: int) -> Float[Tensor, "constant unit"]:
        """See `Cell.constant_values`; what `normalise` puts others in the place of."""
        return torch.tensor([[0.0], [1.0]], dtype=torch.float64).repeat(1, units)

    def normalise(self, currents: PerCurrent, given: bool = False) -> PerCurrent:
        """See `Cell.normalise`."""
        own = currents.unflatten(1, (len(self.currents), -1))
        felt = own[:, : len(GATES)].flatten(1)
        felt = felt.detach() if given else felt
        variance, mean = torch.var_mean(felt, dim=1, correction=0)
        made = torch.stack([mean, (variance + EPSILON).rsqrt()], dim=1)
        at = self.currents.index("mean")
        made = made.view(*made.shape, *[1] * (own.dim() - 2)).expand(-1, -1, *own.shape[2:])
        return torch.cat([own[:, :at], made, own[:, at + 2 :]], dim=1).flatten(1, 2)

    def felt(self, currents: Sequence[PerUnit]) -> list[PerUnit]:
        """The normalised currents n_k."""
        count, (mean, scale) = len(GATES), currents[-2:]
        own, gains, shifts = (currents[k * count : (k + 1) * count] for k in range(3))
        told = zip(own, gains, shifts, strict=True)
        return [gain * ((current - mean) * scale) + shift for current, gain, shift in told]

    def move(self, currents: Sequence[PerUnit], state: SubLSTMState) -> SubLSTMState:
        """See `GatedCell.move`."""
        return SubLSTMState(*sublstm_step(*self.felt(currents), memory=state.memory))
