"""Symmetric feedback: the gradient, and nobody knows how a brain would have it.

B = W^T
"""

from collections.abc import Callable

from torch import Tensor

from areas.feedback.feedback import Feedback
from areas.shapes import SynapticWeight


class SymmetricFeedback(Feedback):
    """Back through the forward weights themselves."""

    def weights(self, forward: SynapticWeight) -> SynapticWeight:
        """See `Feedback.weights`."""
        return forward

    def bend(
        self, operator: Callable[[Tensor, Tensor], Tensor], forward: Tensor, source: Tensor
    ) -> Tensor:
        """See `Feedback.bend`; here there is nothing to bend."""
        return operator(source, forward)
