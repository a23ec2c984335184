"""The contract of feedback: through which weights a derivative goes back along synapses.

Synapses with weights W turn a source x into y = W x (on maps, a convolution). Backwards,

    dloss/dx = B dloss/dy

The gradient has B = W^T. A cortex that cannot know W^T may still learn with another B (Lillicrap et
al. 2016, Nature Communications 7:13276); what W itself learns is not changed.

A feedback belongs to one group of synapses, whichever: those from which an area's predictor reads
the rates, those along which scope `Adjacent` sends learning signals to other areas, or the linear
read-out of an objective. It knows weights only, and keeps B transposed, in the shape of W.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from zlib import crc32

import torch
from torch import Tensor, nn

from areas.shapes import SynapticWeight


class Feedback(nn.Module, ABC):
    """The weights through which a derivative goes back along one group of synapses.

    Parameters of its own, if it has any, get the gradient that the forward weights get.

    Attributes:
        seed: of the random numbers that it draws, if it draws any.
        decay: how much the forward weights and its own parameters lose by themselves: a share of
            each that is added to its gradient.
    """

    seed: int = 0
    decay: float = 0.0

    def build(self, forward: SynapticWeight, start: SynapticWeight | None = None) -> None:
        """Make own weights for a group of synapses, once.

        Args:
            forward: W, [target, source], or [channel, channel, height, width] on maps.
            start: random weights in the shape of W, for those kinds that need some; drawn with
                `seed` unless given.

        Raises:
            ValueError: if weights that were given do not fit.
        """

    @abstractmethod
    def weights(self, forward: SynapticWeight) -> SynapticWeight:
        """B^T, in the shape of the forward weights W.

        It may be W itself: give W detached where autograd is not to reach it by this way.
        """

    def bend(
        self, operator: Callable[[Tensor, Tensor], Tensor], forward: Tensor, source: Tensor
    ) -> Tensor:
        """The currents that a source makes; autograd goes back to the source by B.

        The gradients of W, and of own parameters, are what that of W would be without feedback.

        Args:
            operator: makes currents of a source and weights, linear in each of the two.
            forward: W.
            source: [batch, in, ...].
        """
        if not torch.is_grad_enabled():
            return operator(source, forward)
        there = operator(source, self.weights(forward.detach()))
        return operator(source.detach(), forward) + (there - there.detach())

    def gradients(self, forward_bar: SynapticWeight) -> dict[str, Tensor]:
        """Gradients of own parameters, by name, where that of W is `forward_bar`."""
        return {name: forward_bar for name, _ in self.named_parameters()}

    def decays(self) -> dict[str, Tensor]:
        """What own parameters lose by themselves, by name, as gradients."""
        return {name: self.decay * own.detach() for name, own in self.named_parameters()}


def draw(like: SynapticWeight, seed: int, name: str = "") -> SynapticWeight:
    """Random weights in the shape and the bounds of synapses at first: +-1/sqrt(sources).

    They are of a stream of their own: what is drawn first after `torch.manual_seed(seed)`, such as
    the forward weights, would else be the same.

    Args:
        like: weights of the shape and type wanted.
        seed: of the random numbers.
        name: of the synapses, where several share a seed.
    """
    generator = torch.Generator().manual_seed(seed + crc32(f"feedback {name}".encode()))
    uniform = torch.rand(like.shape, generator=generator) * 2 - 1
    return (uniform / like[0].numel() ** 0.5).to(like)
