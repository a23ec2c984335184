"""A linear read-out of an area's rates, whatever the shapes on both sides.

    y = W h + b,      dloss/dh = B dloss/dy

The gradient has B = W^T. With a feedback (`areas.RandomFeedback` and its kin) B is another matrix,
so that the area need not know W; W and b learn as ever. Parameters of the feedback itself get the
gradient of W, G = dloss/dy h^T, and where it lets weights decay, both lose the same share:

    dW = - rate ( G + decay W ),      dB^T = - rate ( G + decay B^T )

Lillicrap et al. (2016), Nature Communications 7:13276; of the learnt kind Kolen & Pollack (1994).
"""

from collections.abc import Sequence
from copy import deepcopy
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from objectives.parts.backward_weights import BackwardWeights, decaying


class Readout(nn.Module):
    """Synapses from rates onto something that is to be predicted.

    Between maps a convolution, then a pooling where sizes differ; else dense synapses.

    Args:
        source: shape of the rates, [unit] or [channel, height, width].
        target: shape of what is read out, likewise.
        kernel: odd width of receptive fields between maps, in pixels.
        feedback: through which weights its error comes back to the rates: the transposed ones, as
            of the gradient, unless given. A copy of it becomes part of this read-out.

    Raises:
        ValueError: if a feedback has weights of another shape.
    """

    def __init__(
        self,
        source: Sequence[int],
        target: Sequence[int],
        kernel: int = 3,
        feedback: BackwardWeights | None = None,
    ):
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
        self._target = tuple(target)
        self.feedback = deepcopy(feedback)
        if self.feedback is not None:
            self.feedback.build(self._linear.weight)

    @property
    def _linear(self) -> nn.Conv2d | nn.Linear:
        """The one of `synapses` that has weights."""
        return next(m for m in self.synapses if isinstance(m, nn.Conv2d | nn.Linear))

    def forward(self, rate: Tensor) -> Tensor:
        """What is read out, [time, batch, *target], from rates [time, batch, *source]."""
        flat = rate.flatten(0, 1)
        if self.feedback is None or not torch.is_grad_enabled():
            return self.synapses(flat).unflatten(0, rate.shape[:2])
        linear, decay = self._linear, self.feedback.decay
        made = self._read(flat.detach(), decaying(linear.weight, decay), linear.bias)
        back = decaying(self.feedback.weights(linear.weight.detach()), decay)
        there = self._read(flat, back, None)
        return (made + (there - there.detach())).unflatten(0, rate.shape[:2])

    def once(self, rate: Tensor) -> Tensor:
        """What is read out at one step, [batch, *target], of rates [batch, *source]."""
        if self.feedback is None and isinstance(dense := self.synapses[1], nn.Linear):
            return F.linear(rate.flatten(1), dense.weight, dense.bias).view(-1, *self._target)
        return self(rate[None])[0]

    def _read(self, rate: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """What these weights read out of rates [sample, *source]."""
        linear = self._linear
        if isinstance(linear, nn.Conv2d):
            return self.synapses[1](F.conv2d(rate, weight, bias, padding=linear.padding))
        return self.synapses[2](F.linear(rate.flatten(1), weight, bias))


def readouts(
    count: int,
    source: Sequence[int],
    target: Sequence[int],
    kernel: int = 3,
    feedback: BackwardWeights | None = None,
) -> nn.ModuleList:
    """Read-outs of the same rates, each with a feedback of its own: the k-th has seed + k."""
    made = nn.ModuleList()
    for k in range(count):
        own = deepcopy(feedback)
        if own is not None:
            own.seed += k
        made.append(Readout(source, target, kernel, own))
    return made
