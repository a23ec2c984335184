"""A read-out whose error comes back to the units by fixed random weights (feedback alignment).

    y = W h + b;  the derivative by h is B's instead of W^T's, the derivative by W is W's own

An objective that owns a read-out and wants its area to hear of it in this way makes one of these
in place of a `Readout`. (The predictor of an area has such weights of its own: `areas.feedback`.)

Source: Lillicrap et al. (2016), Nature Communications 7:13276.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from objectives.parts.readout import Readout


class FeedbackReadout(nn.Module):
    """A `Readout` with a way back of its own.

    Args:
        source: shape of the rates; see `Readout`.
        target: shape of what is read out.
        kernel: odd width of receptive fields between maps, in pixels.
        seed: of the way back, which stays as it is.
    """

    def __init__(
        self, source: Sequence[int], target: Sequence[int], kernel: int = 3, seed: int = 0
    ):
        super().__init__()
        self.there = Readout(source, target, kernel)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.back = Readout(source, target, kernel).requires_grad_(False)

    def forward(self, rate: Tensor) -> Tensor:
        """What is read out, [time, batch, *target], from rates [time, batch, *source]."""
        heard = self.back(rate)
        return self.there(rate.detach()) + (heard - heard.detach())
