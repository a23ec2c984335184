"""By which weights the units of an area take up their postsynaptic partners' modulators, for MDGL.

Source: Liu et al. (2021), see `mdgl.py`: modulators are specific to cell types, not to synapses.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas import Synapses

Weights = Float[Tensor, "currents unit *window"]
"""Of recurrent synapses onto [current * unit]; of maps, *window is their receptive field."""


class Partners(nn.Module, ABC):
    """By which weights a unit takes up the modulators of its postsynaptic partners."""

    @abstractmethod
    def weights(self, recurrent: Synapses) -> Weights:
        """Weights in place of those of the recurrent synapses."""


class TrueWeights(Partners):
    """By the weight of each synapse, which no modulator could know."""

    def weights(self, recurrent: Synapses) -> Weights:
        """See `Partners.weights`."""
        return recurrent.weight


class TypeMeans(Partners):
    """By the mean weight between two cell types, along synapses that exist.

    Args:
        shares: of the units (of maps: channels) that belong to each type, in order; they sum to 1.

    Raises:
        ValueError: for shares that are not positive or do not sum to 1.
    """

    def __init__(self, shares: Sequence[float] = (0.5, 0.5)):
        super().__init__()
        if not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise ValueError(f"partners.shares: need shares that sum to 1, got {list(shares)}")
        self.shares = tuple(shares)

    def weights(self, recurrent: Synapses) -> Weights:
        """See `Partners.weights`."""
        exist = torch.ones_like(recurrent.weight) if recurrent.mask is None else recurrent.mask
        return self.means(recurrent.weight, exist) * exist

    def means(self, weight: Weights, exist: Weights) -> Weights:
        """In the place of each weight the mean over existing synapses between its two types.

        Args:
            weight: those of the synapses.
            exist: 1 where there is a synapse, else 0.
        """
        units = weight.shape[1]
        member = self.member(units).to(weight)
        block = (-1, units, units, *weight.shape[2:])

        def total(values: Tensor) -> Tensor:
            return torch.einsum("ai,cij...,bj->cab...", member, values.reshape(block), member)

        means = total(weight * exist) / total(exist).clamp(min=1)
        return torch.einsum("ai,cab...,bj->cij...", member, means, member).reshape(weight.shape)

    def member(self, units: int) -> Float[Tensor, "type unit"]:
        """1 where a unit belongs to a type, else 0."""
        ends = (torch.tensor([0.0, *self.shares]).cumsum(0) * units).round()
        place = torch.arange(units)
        return ((place >= ends[:-1, None]) & (place < ends[1:, None])).float()


class Diffuse(Partners):
    """By the mean weight between two cell types, partner or not: the modulators diffuse.

    Args:
        shares: as of `TypeMeans`.
    """

    def __init__(self, shares: Sequence[float] = (0.5, 0.5)):
        super().__init__()
        self.types = TypeMeans(shares)

    def weights(self, recurrent: Synapses) -> Weights:
        """See `Partners.weights`."""
        exist = torch.ones_like(recurrent.weight) if recurrent.mask is None else recurrent.mask
        return self.types.means(recurrent.weight, exist)
