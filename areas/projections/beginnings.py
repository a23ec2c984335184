"""How the weights of a group of synapses begin, where they do not begin as `Dense` says.

Synapses that do not exist stay away, and signs stay as they are, whatever a beginning makes.
"""

import math
import warnings

import torch
from torch import Tensor

from areas.shapes import SynapticWeight


class Beginning:
    """How the weights of a group of synapses begin: they are drawn, and at last settled.

    By itself it changes nothing.
    """

    def draw(self, weight: SynapticWeight) -> SynapticWeight:
        """Weights in place of those that were drawn, uniform in +-1/sqrt(sources)."""
        return weight

    def settle(self, weight: SynapticWeight, units: int, recurrent: bool) -> SynapticWeight:
        """Weights as they begin, of what was drawn, thinned, given signs and strengths.

        Args:
            weight: [current * unit, source, *window].
            units: number of units (of maps, of channels) of the target.
            recurrent: whether the sources are these units themselves.

        Raises:
            ValueError: if these weights cannot begin so.
        """
        del units, recurrent
        return weight


class Alike(Beginning):
    """All alike.

    Args:
        value: of each weight; 0 for synapses that learning alone makes.

    Raises:
        ValueError: if the value is not finite.
    """

    def __init__(self, value: float = 0.0):
        if not math.isfinite(value):
            raise ValueError(f"begin: need a finite Alike.value, got {value}")
        self.value = value

    def draw(self, weight: SynapticWeight) -> SynapticWeight:
        """See `Beginning.draw`."""
        return torch.full_like(weight, self.value)


class LogNormal(Beginning):
    """Few strong ones among many weak ones, as cortical synapses are; of either sign unless told.

    Song et al. (2005), doi:10.1371/journal.pbio.0030068, for the form of the distribution.

    Args:
        median: of their sizes, > 0.
        spread: standard deviation of the logarithm of their sizes, > 0.

    Raises:
        ValueError: if either is not positive and finite.
    """

    def __init__(self, median: float, spread: float = 1.0):
        if not (0 < median < math.inf and 0 < spread < math.inf):
            raise ValueError(
                f"begin: need LogNormal.median and spread > 0 and finite, got {median} and {spread}"
            )
        self.median, self.spread = median, spread

    def draw(self, weight: SynapticWeight) -> SynapticWeight:
        """See `Beginning.draw`.

        Raises:
            ValueError: if a weight is not finite.
        """
        sizes = torch.empty_like(weight).log_normal_(math.log(self.median), self.spread)
        if not sizes.isfinite().all():
            raise ValueError(f"begin: LogNormal.spread {self.spread} is too wide, weights overflow")
        return sizes * weight.sign()


class SpectralRadius(Beginning):
    """Recurrent weights scaled to a spectral radius, each current's matrix by itself.

    A current by which nothing comes back, such as one onto apical dendrites, stays as it is; so a
    `strength` common to all synapses of a current that comes back says nothing.

    Args:
        radius: largest absolute eigenvalue, > 0. From 1 on, activity in a network of leaky units
            that is left alone need not die away: then there is a warning.

    Raises:
        ValueError: if the radius is not positive; in an area, for synapses that are not recurrent,
            for maps (whose operator has other eigenvalues than its kernels) and for synapses by
            none of which anything comes back.
    """

    def __init__(self, radius: float = 0.95):
        if not 0 < radius < float("inf"):
            raise ValueError(f"begin: need SpectralRadius.radius > 0, got {radius}")
        if radius >= 1:
            warnings.warn(
                f"begin: SpectralRadius.radius is {radius}; from 1 on, what the units did long ago "
                "need not fade",
                stacklevel=2,
            )
        self.radius = radius

    def settle(self, weight: SynapticWeight, units: int, recurrent: bool) -> SynapticWeight:
        """See `Beginning.settle`."""
        if not recurrent:
            raise ValueError("begin: SpectralRadius is for recurrent synapses")
        if weight.dim() > 2:
            raise ValueError("begin: SpectralRadius is for dense units, and these are maps")
        matrices = weight.split(units)
        radii = [_radius(matrix) for matrix in matrices]
        if not any(radii):
            raise ValueError(
                "begin: SpectralRadius needs synapses by which activity comes back to a unit, and "
                "in these there is no way around; take more of them"
            )
        scales = [self.radius / radius if radius else 1.0 for radius in radii]
        return torch.cat([m * scale for m, scale in zip(matrices, scales, strict=True)])


def _radius(matrix: Tensor) -> float:
    """The largest absolute eigenvalue; 0 if there is no way around, but for rounding."""
    found = float(torch.linalg.eigvals(matrix.double()).abs().max())
    return found if found > 1e-6 * float(matrix.abs().max()) else 0.0
