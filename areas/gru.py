"""Gated recurrent units whose reset gate multiplies the recurrent current, not the rates before it.

    r, u = sigma(reset), sigma(update)
    n    = tanh(candidate + r * recall)
    h_t  = (1 - u) n + u h_{t-1}

`candidate` is the afferent, `recall` the recurrent current of the candidate, so that the reset
gate is pointwise, as in cuDNN and `torch.nn.GRU`.

Source: Cho et al. (2014), arXiv:1406.1078, eqs. 5-8, with the reset gate placed as in
`torch.nn.GRU`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.gates.gated_cell import GatedCell
from areas.shapes import PerUnit


class GRUState(NamedTuple):
    """State of gated recurrent units."""

    rate: PerUnit  # h_t


def gru_step(
    candidate: PerUnit, reset: PerUnit, update: PerUnit, recall: PerUnit, rate: PerUnit
) -> PerUnit:
    """h_t from the four currents and h_{t-1}."""
    u = torch.sigmoid(update)
    n = torch.tanh(candidate + torch.sigmoid(reset) * recall)
    return (1.0 - u) * n + u * rate


class GRU(GatedCell):
    """Gated recurrent units."""

    currents = ("candidate", "reset", "update", "recall")
    afferent = ("candidate", "reset", "update")
    recurrent = ("reset", "update", "recall")
    gates = dict.fromkeys(("reset", "update"), torch.sigmoid)
    carried = ("rate",)
    state = GRUState

    def move(self, currents: Sequence[PerUnit], state: GRUState) -> GRUState:
        """See `GatedCell.move`."""
        return GRUState(gru_step(*currents, rate=state.rate))
