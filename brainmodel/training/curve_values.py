"""What curves tell of areas: how many dimensions rates have, how large weights and updates are."""

from torch import Tensor

from areas.keys import short
from brainmodel.brain import Brain


def dimensionality(rate: Tensor) -> float:
    """Effective number of dimensions of an area's rates: the participation ratio.

        (sum_i l_i)^2 / sum_i l_i^2        l_i: eigenvalues of the covariance of units

    Args:
        rate: [time, batch, ...], dimensionless; steps of all streams are the samples.

    Returns:
        From 1 to the smaller of units and samples - 1; 0 where nothing varies.

    Source: Gao et al. 2017, bioRxiv 214262.
    """
    samples = rate.detach().flatten(0, 1).flatten(1)
    centred = samples - samples.mean(0)
    wide = centred.shape[1] > centred.shape[0]
    product = centred @ centred.T if wide else centred.T @ centred
    total, squared = float(product.trace()), float(product.square().sum())
    return total**2 / squared if squared else 0.0


def weights(brain: Brain) -> dict[str, Tensor]:
    """Weights of areas, by area and source of the synapses (as AREA.SOURCE)."""
    return {
        f"{name}.{short(key)}": synapses.weight.detach()
        for name in brain.areas
        for key, synapses in brain.area(name).all_synapses().items()
    }


def norms(values: dict[str, Tensor], before: dict[str, Tensor] | None = None) -> dict[str, float]:
    """Euclidean norms by name, of the difference from what was before if that is given."""
    return {
        name: float((value if before is None else value - before[name]).norm())
        for name, value in values.items()
    }
