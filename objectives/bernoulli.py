"""Bernoulli likelihood of the next-step prediction, for drives in [0, 1] such as spikes or pixels.

    loss(t) = - mean_i [ u_i log u_hat_i + (1 - u_i) log(1 - u_hat_i) ]

The prediction u_hat is the PROBABILITY, so that the error u - u_hat, which areas receive and
exchange, is in the units of the drive. Best at u_hat = u, where the entropy of u remains. The
predictor's activation keeps it within (0, 1): the logistic function. The gradient by the potential
is then u_hat - u.
"""

import torch

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def bernoulli(drive: Drives, probability: Drives) -> SampleLoss:
    """Negative log likelihood [time, batch], in nats per unit.

    Args:
        drive: events, or their probabilities, in [0, 1], [time, batch, *drive].
        probability: of an event, same shape; kept away from 0 and 1 by the precision of its
            numbers near 1.
    """
    sure = torch.finfo(probability.dtype).eps
    probability = probability.clamp(min=sure, max=1 - sure)
    return -mean_over_units(drive * probability.log() + (1 - drive) * (-probability).log1p())


class Bernoulli(Objective):
    """Negative log likelihood of a drive in [0, 1] under probabilities that are the prediction."""

    predictions = (0.0, 1.0)

    def forward(self, activity: Activity) -> SampleLoss:
        return bernoulli(activity.drive, activity.prediction)
