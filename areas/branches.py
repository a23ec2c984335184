"""Units with dendritic branches on which synapses cooperate.

    v_b(t) = l v_b(t-1) + (1 - l) I_b(t)                      potential of branch b
    s_b(t) = v_b(t) ( 1 + g sigma( (v_b(t) - theta) / w ) )   what it sends to the soma
    h(t)   = phi( s_1(t) + ... + s_B(t) )                     rate
    l      = exp( -1 / tau ),  tau in steps;  0 where tau is 0

A branch adds up its synapses as any unit does, and beyond theta amplifies the sum: 1 + g times. So
inputs that meet on one branch drive the unit more than the same inputs spread over several, and the
unit computes what takes two layers of units without branches. Which synapses share a branch is said
by `projections` of the area (target: branch1, ...); unless told, each source has synapses on all.

Source: Poirazi, Brannon & Mel (2003), "Pyramidal neuron as two-layer neural network", Neuron
37:989; an amplification that is logistic in the potential of the branch is ours, after the
sigmoidal branches that they fit to a model of a CA1 cell.
"""

from collections.abc import Sequence
from math import exp, inf

import torch

from areas.activation import Activation, require_pointwise
from areas.cell import Cell, State
from areas.populations import state_of
from areas.shapes import PerUnit


class Branches(Cell):
    """Units with branches, each of which amplifies what is more than a threshold.

    Args:
        branches: how many, 1 or more; their currents are branch1, branch2, ...
        tau: time constant of their potentials in steps, 0 or more.
        threshold: theta, the potential at which half of the amplification is there.
        width: w, above 0, the change of the potential that makes it 73 %.
        gain: g, 0 or more; 0 for branches that add up only.
        activation: phi, pointwise, for example `torch.relu`.

    Raises:
        ValueError: for a number out of its range, or an activation that is no pointwise function.
    """

    def __init__(
        self,
        branches: int = 4,
        tau: float = 0.0,
        threshold: float = 1.0,
        width: float = 0.2,
        gain: float = 2.0,
        activation: Activation = torch.tanh,
    ):
        if branches < 1:
            raise ValueError(f"branches: need 1 or more, got {branches}")
        if not 0 <= tau < inf:
            raise ValueError(f"tau: need 0 steps or more, got {tau}")
        if not -inf < threshold < inf:
            raise ValueError(f"threshold: need a number, got {threshold}")
        if not 0 < width < inf:
            raise ValueError(f"width: need a number above 0, got {width}")
        if not 0 <= gain < inf:
            raise ValueError(f"gain: need a number of 0 or more, got {gain}")
        require_pointwise("activation", activation)
        self.threshold, self.width, self.gain = threshold, width, gain
        self.tau, self.activation = tau, activation
        self.decay = exp(-1.0 / tau) if tau > 0 else 0.0
        self.currents = tuple(f"branch{k}" for k in range(1, branches + 1))
        self.carried = self.currents if tau > 0 else ()
        self.state = state_of(("rate", *self.carried))

    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step; see `Cell.step`."""
        potentials = list(currents)
        if self.carried:
            kept = zip(state[1:], currents, strict=True)
            potentials = [self.decay * v + (1.0 - self.decay) * i for v, i in kept]
        sent = [amplified(v, self.threshold, self.width, self.gain) for v in potentials]
        rate = self.activation(sum(sent[1:], sent[0]))
        return self.state(rate, *potentials[: len(self.carried)])


def amplified(potential: PerUnit, threshold: float, width: float, gain: float) -> PerUnit:
    """s_b from v_b."""
    return potential * (1.0 + gain * torch.sigmoid((potential - threshold) / width))
