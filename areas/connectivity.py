"""Which recurrent synapses of an area exist.

They are given by a mask over the weights. Synapses that do not exist have weight 0 and gradient 0,
and keep weight 0 under any rule and optimizer.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor


class Connectivity(ABC):
    """Which of all possible synapses among an area's own units exist."""

    @abstractmethod
    def mask(self, units: int, window: Sequence[int]) -> Tensor | None:
        """1 where there is a synapse, 0 elsewhere; None where all exist.

        Args:
            units: number of units; of maps, of channels.
            window: height and width of the receptive fields on maps, both odd; empty for units.

        Returns:
            [unit, unit, *window], postsynaptic dimension first.
        """


class AllToAll(Connectivity):
    """Every unit onto every unit, itself included."""

    def mask(self, units: int, window: Sequence[int]) -> None:
        """See `Connectivity.mask`."""
        return


class NoAutapses(Connectivity):
    """Every unit onto every other; on maps, no pixel of a channel onto itself."""

    def mask(self, units: int, window: Sequence[int]) -> Tensor:
        """See `Connectivity.mask`."""
        mask = torch.ones(units, units, *window)
        mask[(..., *(width // 2 for width in window))].fill_diagonal_(0.0)
        return mask


class Sparse(Connectivity):
    """A random share of the synapses between units, without autapses.

    Args:
        density: share that exists, above 0, at most 1.
        seed: of the choice.

    Raises:
        ValueError: if the density is out of its range or leaves no synapse at all.
    """

    def __init__(self, density: float, seed: int = 0):
        if not 0 < density <= 1:
            raise ValueError(f"connectivity.density: need above 0 and at most 1, got {density}")
        self.density, self.seed = density, seed

    def mask(self, units: int, window: Sequence[int]) -> Tensor:
        """See `Connectivity.mask`."""
        generator = torch.Generator().manual_seed(self.seed)
        chosen = torch.rand(units, units, *window, generator=generator) < self.density
        mask = NoAutapses().mask(units, window) * chosen
        if not mask.any():
            raise ValueError(
                f"connectivity.density: {self.density} leaves none of the synapses among "
                f"{units} units; need more"
            )
        return mask
