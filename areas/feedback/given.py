"""Given feedback: weights of the user's own, such as measured ones."""

from collections.abc import Sequence

import torch
from torch import Tensor

from areas.feedback.feedback import Feedback
from areas.shapes import SynapticWeight


class GivenFeedback(Feedback):
    """Back through weights that are given, and stay as they are.

    Args:
        weight: B^T, [target, source], numbers or a tensor; of maps [channel, channel, *window].
    """

    weight: Tensor

    def __init__(self, weight: Sequence[Sequence[float]] | Tensor):
        super().__init__()
        self.register_buffer("weight", torch.as_tensor(weight, dtype=torch.get_default_dtype()))

    def build(self, forward: SynapticWeight, start: SynapticWeight | None = None) -> None:
        """See `Feedback.build`."""
        if self.weight.shape != forward.shape:
            raise ValueError(
                f"feedback.weight: need the shape of the forward weights, {list(forward.shape)}, "
                f"got {list(self.weight.shape)}"
            )

    def weights(self, forward: SynapticWeight) -> SynapticWeight:
        """See `Feedback.weights`."""
        return self.weight
