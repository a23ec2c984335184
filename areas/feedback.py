"""How the error of a predictor comes back to the units that made the prediction.

    L(t) = dloss/dh(t) + B dloss/dpotential(t+1)          potential = P h + ...

The gradient has B = P^T. A cortex that cannot know P^T may still learn with another B. Whatever
the learning rule, it hears the error of the area through B; what P itself learns is not changed.

Weights of the way back are kept in the shape of P, [drive, unit] (of maps with their window).

Sources: Lillicrap et al. (2016), Nature Communications 7:13276 (random); Liao, Leibo & Poggio
(2016), arXiv:1510.05067 (signs that agree); Kolen & Pollack (1994), ICNN, and Akrout et al. (2019),
arXiv:1904.05391 (learnt).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from areas.synapses import Synapses


class Feedback(nn.Module, ABC):
    """The way back along one group of synapses."""

    def build(self, forward: Synapses) -> None:
        """Prepare for the synapses whose error comes back, once.

        Raises:
            ValueError: if given weights do not fit.
        """

    @abstractmethod
    def weights(self, forward: Synapses) -> Tensor:
        """B^T, in the shape of the weights of the synapses it goes back along."""

    def back(self, forward: Synapses, target: Tensor) -> Tensor:
        """What says a signal of the target [batch, out, ...] of the sources, [batch, in, ...]."""
        return forward.transpose(target, self.weights(forward))

    def bend(self, forward: Synapses, source: Tensor) -> Tensor:
        """What the synapses make of a source; autograd goes back by B instead."""
        if not torch.is_grad_enabled():
            return forward(source)
        there = forward(source, self.weights(forward))
        return forward(source.detach()) + (there - there.detach())

    def gradients(self, forward_bar: Tensor) -> dict[str, Tensor]:
        """What own parameters learn, by name, where the synapses themselves learn `forward_bar`."""
        return {}

    def decays(self, forward: Synapses) -> tuple[Tensor, dict[str, Tensor]] | None:
        """What the synapses, and own parameters by name, lose by themselves, as gradients."""
        return None


class SymmetricFeedback(Feedback):
    """B = P^T: the gradient."""

    def weights(self, forward: Synapses) -> Tensor:
        """See `Feedback.weights`."""
        return forward.weight

    def bend(self, forward: Synapses, source: Tensor) -> Tensor:
        """See `Feedback.bend`."""
        return forward(source)


class RandomFeedback(Feedback):
    """B is random, as large as P is at first, and stays as it is.

    Args:
        seed: of the weights.
    """

    weight: Tensor

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    def build(self, forward: Synapses) -> None:
        """See `Feedback.build`."""
        self.register_buffer("weight", draw(forward.weight, self.seed))

    def weights(self, forward: Synapses) -> Tensor:
        """See `Feedback.weights`."""
        return self.weight


class GivenFeedback(Feedback):
    """B is given, and stays as it is.

    Args:
        weight: B^T, [drive, unit], numbers or a tensor; of maps [channel, channel, *window].
    """

    weight: Tensor

    def __init__(self, weight: Sequence[Sequence[float]] | Tensor):
        super().__init__()
        self.register_buffer("weight", torch.as_tensor(weight, dtype=torch.get_default_dtype()))

    def build(self, forward: Synapses) -> None:
        """See `Feedback.build`."""
        if self.weight.shape != forward.weight.shape:
            raise ValueError(
                f"predictor.feedback.weight: need the shape of the predictor's own weights, "
                f"{list(forward.weight.shape)}, got {list(self.weight.shape)}"
            )

    def weights(self, forward: Synapses) -> Tensor:
        """See `Feedback.weights`."""
        return self.weight


class SignConcordantFeedback(Feedback):
    """B has random sizes that stay, and the signs of P^T at any time.

    Args:
        seed: of the sizes.
    """

    size: Tensor

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    def build(self, forward: Synapses) -> None:
        """See `Feedback.build`."""
        self.register_buffer("size", draw(forward.weight, self.seed).abs())

    def weights(self, forward: Synapses) -> Tensor:
        """See `Feedback.weights`."""
        return self.size * forward.weight.detach().sign()


class LearntFeedback(Feedback):
    """B begins at random and learns what P learns; both decay, so that B becomes P^T.

        dP = -rate ( error (x) h + decay P ),    dB^T = -rate ( error (x) h + decay B^T )

    so that P - B^T shrinks by the factor 1 - rate decay with each step of plain descent, and about
    so under optimizers that rescale the two alike (Kolen & Pollack 1994).

    Args:
        decay: of both, 0 or more, per step of the optimizer.
        seed: of the weights at first.

    Raises:
        ValueError: if `decay` is negative.
    """

    def __init__(self, decay: float = 1e-3, seed: int = 0):
        super().__init__()
        if decay < 0:
            raise ValueError(f"predictor.feedback.decay: need 0 or more, got {decay}")
        self.decay, self.seed = decay, seed
        self.weight = nn.Parameter(torch.empty(0))

    def build(self, forward: Synapses) -> None:
        """See `Feedback.build`."""
        self.weight = nn.Parameter(draw(forward.weight, self.seed))

    def weights(self, forward: Synapses) -> Tensor:
        """See `Feedback.weights`."""
        return self.weight

    def gradients(self, forward_bar: Tensor) -> dict[str, Tensor]:
        """See `Feedback.gradients`."""
        return {"weight": forward_bar}

    def decays(self, forward: Synapses) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Feedback.decays`."""
        return self.decay * forward.weight, {"weight": self.decay * self.weight}


def draw(like: Tensor, seed: int) -> Tensor:
    """Random weights of the shape and the bounds of synapses at first: +-1/sqrt(sources)."""
    generator = torch.Generator().manual_seed(seed)
    uniform = torch.rand(like.shape, generator=generator) * 2 - 1
    return (uniform / like[0].numel() ** 0.5).to(like)
