"""Poisson likelihood of the next-step prediction, for drives that count.

    loss(t) = mean_i [ u_hat_i - u_i log u_hat_i + log Gamma(u_i + 1) ]

The prediction u_hat is the EXPECTED count, in the units of the drive, so that the error u - u_hat,
which areas receive and exchange, is one of counts. Best at u_hat = u. The predictor's activation
makes it positive: softplus, or exp.
"""

from math import inf

import torch

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def poisson(drive: Drives, expected: Drives) -> SampleLoss:
    """Negative log likelihood [time, batch], in nats per unit.

    Args:
        drive: counts per step >= 0, not necessarily whole, [time, batch, *drive].
        expected: expected count > 0, same shape; values below the precision of its numbers
            near 1 are raised to it.
    """
    expected = expected.clamp(min=torch.finfo(expected.dtype).eps)
    return mean_over_units(expected - drive * expected.log() + (drive + 1).lgamma())


class Poisson(Objective):
    """Negative log likelihood of a drive >= 0 under Poisson rates that are the prediction."""

    predictions = (0.0, inf)

    def forward(self, activity: Activity) -> SampleLoss:
        return poisson(activity.drive, activity.prediction)
