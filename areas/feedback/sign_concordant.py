"""Sign-concordant feedback: random sizes, and the signs of the forward weights.

    B^T = |S| sign(W),      S random, drawn once

Source: Liao, Leibo & Poggio (2016), "How important is weight symmetry in backpropagation?",
arXiv:1510.05067.
"""

from torch import Tensor

from areas.feedback.feedback import Feedback, draw
from areas.shapes import SynapticWeight


class SignConcordantFeedback(Feedback):
    """Back through weights of random sizes, which stay, and the signs of W at any time.

    Args:
        seed: of the sizes.
    """

    size: Tensor

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    def build(self, forward: SynapticWeight, start: SynapticWeight | None = None) -> None:
        """See `Feedback.build`."""
        start = draw(forward, self.seed) if start is None else start
        self.register_buffer("size", start.abs())

    def weights(self, forward: SynapticWeight) -> SynapticWeight:
        """See `Feedback.weights`."""
        return self.size * forward.sign()
