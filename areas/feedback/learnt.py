"""Learnt feedback: weights that begin at random, learn what W learns, and so become W^T.

    dW = - rate ( G + decay W ),      dB^T = - rate ( G + decay B^T )

G is the gradient that the rule gives W: pre- and postsynaptic activity, which both ways can see. So
W - B^T shrinks by the factor 1 - rate decay with each step of plain gradient descent, whatever G
is; optimizers that rescale each weight's changes (Adam) keep this as a tendency.

Source: Kolen & Pollack (1994), "Backpropagation without weight transport"; Akrout et al. (2019),
arXiv:1904.05391, section 4.
"""

import torch
from torch import nn

from areas.feedback.feedback import Feedback, draw
from areas.shapes import SynapticWeight


class LearntFeedback(Feedback):
    """Back through weights that learn as the forward ones do; both decay.

    Where the forward weights do not learn, they do not learn either.

    Args:
        decay: of both, 0 or more, as a share of each weight in its gradient; with 0 what sets them
            apart at first stays.
        seed: of the weights at first.

    Raises:
        ValueError: if `decay` is negative.
    """

    def __init__(self, decay: float = 1e-3, seed: int = 0):
        super().__init__()
        if not decay >= 0:
            raise ValueError(f"feedback.decay: need 0 or more, got {decay}")
        self.decay, self.seed = decay, seed
        self.weight = nn.Parameter(torch.empty(0))

    def build(self, forward: SynapticWeight, start: SynapticWeight | None = None) -> None:
        """See `Feedback.build`."""
        start = draw(forward, self.seed) if start is None else start
        self.weight = nn.Parameter(start, requires_grad=forward.requires_grad)

    def weights(self, forward: SynapticWeight) -> SynapticWeight:
        """See `Feedback.weights`."""
        return self.weight
