"""Random feedback: weights drawn once, as large as the forward ones at first: feedback alignment.

Source: Lillicrap, Cownden, Tweed & Akerman (2016), "Random synaptic feedback weights support error
backpropagation for deep learning", Nature Communications 7:13276.
"""

from torch import Tensor

from areas.feedback.feedback import Feedback, draw
from areas.shapes import SynapticWeight


class RandomFeedback(Feedback):
    """Back through random weights that stay as they are.

    Args:
        seed: of the weights.
    """

    weight: Tensor

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    def build(self, forward: SynapticWeight, start: SynapticWeight | None = None) -> None:
        """See `Feedback.build`."""
        self.register_buffer("weight", draw(forward, self.seed) if start is None else start)

    def weights(self, forward: SynapticWeight) -> SynapticWeight:
        """See `Feedback.weights`."""
        return self.weight
