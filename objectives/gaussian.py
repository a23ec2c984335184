"""Gaussian likelihood with learnt precision: prediction errors weighted by how certain they are.

    loss(t) = 1/2 mean_i [ exp(s_c) ( u_i(t) - u_hat_i(t) )^2 - s_c + log 2 pi ],   c = channel of i

Friston (2005), doi:10.1098/rstb.2005.1622; Kendall & Gal (2017), arXiv:1703.04977, eq. 8 (there
with s as log variance). Best at precision exp(s_c) = 1 / (mean squared error of the channel).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def gaussian(
    drive: Drives, prediction: Drives, log_precision: Float[Tensor, " channel"]
) -> SampleLoss:
    """Negative log likelihood [time, batch], in nats per unit.

    Args:
        drive: [time, batch, *drive].
        prediction: expected drive, same shape.
        log_precision: log of the inverse variance, [channel] or [1] for all.
    """
    s = log_precision.view(-1, *[1] * (drive.ndim - 3))
    squared = (drive - prediction).square()
    return 0.5 * mean_over_units(s.exp() * squared - s + math.log(2 * math.pi))


class Gaussian(Objective):
    """Negative log likelihood of the drive under a Gaussian around the prediction.

    The precision is learnt and starts at 1: one per unit of a dense drive, or per channel of a map
    (before `build`, one for all).
    """

    def __init__(self):
        super().__init__()
        self.log_precision = nn.Parameter(torch.zeros(1))

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.log_precision = nn.Parameter(self.log_precision.new_zeros(drive[0]))

    def forward(self, activity: Activity) -> SampleLoss:
        return gaussian(activity.drive, activity.prediction, self.log_precision)
