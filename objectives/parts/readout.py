"""A linear read-out of an area's rates, whatever the shapes on both sides."""

from collections.abc import Sequence
from math import prod

from torch import Tensor, nn


class Readout(nn.Module):
    """Synapses from rates onto something that is to be predicted.

    Between maps a convolution, then a pooling where sizes differ; else dense synapses.

    Args:
        source: shape of the rates, [unit] or [channel, height, width].
        target: shape of what is read out, likewise.
        kernel: odd width of receptive fields between maps, in pixels.
    """

    def __init__(self, source: Sequence[int], target: Sequence[int], kernel: int = 3):
        super().__init__()
        if len(source) == len(target) == 3:
            self.synapses = nn.Sequential(
                nn.Conv2d(source[0], target[0], kernel, padding=kernel // 2),
                nn.AdaptiveAvgPool2d((target[1], target[2])),
            )
        else:
            self.synapses = nn.Sequential(
                nn.Flatten(),
                nn.Linear(prod(source), prod(target)),
                nn.Unflatten(1, tuple(target)),
            )

    def forward(self, rate: Tensor) -> Tensor:
        """What is read out, [time, batch, *target], from rates [time, batch, *source]."""
        return self.synapses(rate.flatten(0, 1)).unflatten(0, rate.shape[:2])
