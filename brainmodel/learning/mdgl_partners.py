"""By which weights the units of an area take up their postsynaptic partners' modulators, for MDGL.

Source: Liu et al. (2021), see `mdgl.py`: modulators are specific to cell types, not to synapses.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas import Area, Synapses

Weights = Float[Tensor, "currents unit *window"]
"""Of recurrent synapses onto [current * unit]; of maps, *window is their receptive field."""


class Partners(nn.Module, ABC):
    """By which weights a unit takes up the modulators of its postsynaptic partners."""

    def build(self, area: Area) -> None:
        """Prepare for an area; by default there is nothing to prepare."""
        del area

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
            Unless given, the types are the area's populations; two halves where it has none.

    Raises:
        ValueError: for shares that are not positive or do not sum to 1.
    """

    def __init__(self, shares: Sequence[float] | None = None):
        super().__init__()
        if shares is not None and (not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6):
            raise ValueError(f"partners.shares: need shares that sum to 1, got {list(shares)}")
        self.shares = (0.5, 0.5) if shares is None else tuple(shares)
        self._by_population, self._places = shares is None, list[slice]()

    def build(self, area: Area) -> None:
        """See `Partners.build`; finds which units are of which type."""
        if self._by_population:
            self._places = list(area.cell.places(area.units[0]).values())
        if not self._places:
            self._places = self._by_shares(area.units[0])

    def _by_shares(self, units: int) -> list[slice]:
        """Where the types of so many units are, by their shares."""
        ends = (torch.tensor([0.0, *self.shares]).cumsum(0) * units).round().int()
        return [slice(*pair) for pair in pairwise(ends.tolist())]

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
        place = torch.arange(units, device=weight.device)
        places = self._places or self._by_shares(units)
        member = torch.stack([(place >= at.start) & (place < at.stop) for at in places])
        member = member.to(weight)  # [type, unit]
        block = (-1, units, units, *weight.shape[2:])

        def total(values: Tensor) -> Tensor:
            return torch.einsum("ai,cij...,bj->cab...", member, values.reshape(block), member)

        means = total(weight * exist) / total(exist).clamp(min=1)
        return torch.einsum("ai,cab...,bj->cij...", member, means, member).reshape(weight.shape)


class Diffuse(Partners):
    """By the mean weight between two cell types, partner or not: the modulators diffuse.

    Args:
        shares: as of `TypeMeans`.
    """

    def __init__(self, shares: Sequence[float] | None = None):
        super().__init__()
        self.types = TypeMeans(shares)

    def build(self, area: Area) -> None:
        """See `Partners.build`."""
        self.types.build(area)

    def weights(self, recurrent: Synapses) -> Weights:
        """See `Partners.weights`."""
        exist = torch.ones_like(recurrent.weight) if recurrent.mask is None else recurrent.mask
        return self.types.means(recurrent.weight, exist)
