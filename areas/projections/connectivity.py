"""Which synapses of a group exist, such as those among an area's own units.

They are given by a mask over the weights. Synapses that do not exist have weight 0 and gradient 0,
and keep weight 0 under any rule and optimizer.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor


class Connectivity(ABC):
    """Which of all possible synapses from some units onto others exist.

    Attributes:
        autapses: whether, among an area's own units, those of a unit onto itself are among them.
    """

    autapses: ClassVar[bool] = False

    @abstractmethod
    def mask(self, targets: int, sources: int, window: Sequence[int]) -> Tensor | None:
        """1 where there is a synapse, 0 elsewhere; None where all exist.

        Args:
            targets: number of postsynaptic units; of maps, of channels.
            sources: likewise, of presynaptic ones.
            window: height and width of the receptive fields on maps, both odd; empty for units.

        Returns:
            [target, source, *window].

        Raises:
            ValueError: if it does not fit these numbers.
        """


class AllToAll(Connectivity):
    """Every unit onto every unit, itself included."""

    autapses = True

    def mask(self, targets: int, sources: int, window: Sequence[int]) -> None:
        """See `Connectivity.mask`."""
        return


class NoAutapses(Connectivity):
    """Every unit onto every other; on maps, no pixel of a channel onto itself."""

    def mask(self, targets: int, sources: int, window: Sequence[int]) -> None:
        """See `Connectivity.mask`."""
        return


class Sparse(Connectivity):
    """A random share of the synapses, without autapses.

    Args:
        density: share that exists, above 0, at most 1.
        seed: of the choice.

    Raises:
        ValueError: if the density is out of its range; in an area, if it leaves no synapse at all.
    """

    def __init__(self, density: float, seed: int = 0):
        if not 0 < density <= 1:
            raise ValueError(f"connectivity.density: need above 0 and at most 1, got {density}")
        self.density, self.seed = density, seed

    def mask(self, targets: int, sources: int, window: Sequence[int]) -> Tensor:
        """See `Connectivity.mask`."""
        generator = torch.Generator().manual_seed(self.seed)
        chosen = torch.rand(targets, sources, *window, generator=generator) < self.density
        if not chosen.any():
            raise ValueError(
                f"connectivity.density: {self.density} leaves none of the synapses from {sources} "
                f"onto {targets} units; need more"
            )
        return chosen.float()


class OneToOne(Connectivity):
    """The k-th unit onto the k-th alone; on maps, the k-th channel, at the same place."""

    autapses = True

    def mask(self, targets: int, sources: int, window: Sequence[int]) -> Tensor:
        """See `Connectivity.mask`."""
        if targets != sources:
            raise ValueError(
                f"connectivity: OneToOne needs as many sources as targets, got {sources} and "
                f"{targets}"
            )
        mask = torch.zeros(targets, sources, *window)
        mask[(..., *(width // 2 for width in window))] = torch.eye(targets)
        return mask


class Near(Connectivity):
    """On maps, only pixels within a disc around a unit's own; without autapses.

    Args:
        radius: of the disc, in pixels, 0 or more.

    Raises:
        ValueError: if the radius is negative; in an area, for units that lie at no place.
    """

    def __init__(self, radius: float):
        if not radius >= 0:
            raise ValueError(f"connectivity.radius: need 0 or more pixels, got {radius}")
        self.radius = radius

    def mask(self, targets: int, sources: int, window: Sequence[int]) -> Tensor:
        """See `Connectivity.mask`."""
        if not window:
            raise ValueError("connectivity: Near is for maps, and these units have no places")
        y, x = (torch.arange(width) - width // 2 for width in window)
        disc = (y[:, None] ** 2 + x[None, :] ** 2 <= self.radius**2).float()
        return disc.expand(targets, sources, *window).clone()


class FromMatrix(Connectivity):
    """Synapses as a file lists them, such as those of a connectome; autapses included.

    Args:
        path: of a matrix [target, source], 0 where there is no synapse: .npy, or .csv with commas.

    Raises:
        ValueError: if the file is no such matrix; in an area, if it has another size.
    """

    autapses = True

    def __init__(self, path: str):
        self.path = path
        try:
            matrix = (
                np.load(path)
                if Path(path).suffix == ".npy"
                else np.loadtxt(path, delimiter=",", ndmin=2)
            )
        except (OSError, ValueError) as error:
            raise ValueError(f"connectivity.path: cannot read {path}: {error}") from None
        numbers = np.issubdtype(matrix.dtype, np.number) or matrix.dtype == bool
        if matrix.ndim != 2 or not numbers or not np.isfinite(matrix).all():
            raise ValueError(
                f"connectivity.path: need a matrix [target, source] of numbers in {path}, got "
                f"shape {list(matrix.shape)}"
            )
        self.matrix = torch.from_numpy(matrix != 0).float()

    def mask(self, targets: int, sources: int, window: Sequence[int]) -> Tensor:
        """See `Connectivity.mask`."""
        if tuple(self.matrix.shape) != (targets, sources):
            raise ValueError(
                f"connectivity.path: {self.path} is {list(self.matrix.shape)}, but there are "
                f"{targets} targets and {sources} sources"
            )
        wide = self.matrix.view(targets, sources, *[1] * len(window))
        return wide.expand(targets, sources, *window).clone()
