"""Synaptic scaling: all synapses of a unit grow or shrink together until its rate is as it should.

    w_ij  <-  w_ij [ 1 + speed ( r* - r_i ) / r* ]

Turrigiano et al. (1998), doi:10.1038/36103; Turrigiano & Nelson (2004), doi:10.1038/nrn1327. It is
multiplicative, so ratios of a unit's synapses stay as learning left them. It acts after a step of
the optimizer, and is not a loss: `TargetRate` is the loss that does alike.
"""

from torch import Tensor


def scale_synapses(weight: Tensor, rate: Tensor, target: float, speed: float) -> Tensor:
    """The weights after one step of scaling, a new tensor of the same shape.

    Args:
        weight: [unit, ...], synapses onto each unit.
        rate: [unit], mean rate of each over some time, >= 0.
        target: r* > 0, in the units of rate.
        speed: fraction by which the synapses of a silent unit grow, in (0, 1). No unit's synapses
            shrink by more than that fraction.
    """
    growth = speed * ((target - rate) / target).clamp(min=-1)
    return weight * (1 + growth).view(-1, *[1] * (weight.ndim - 1))
