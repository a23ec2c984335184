"""Bernoulli likelihood of the next-step prediction, for drives in [0, 1] such as spikes or pixels.

    loss(t) = - mean_i [ u_i log p_i + (1 - u_i) log(1 - p_i) ],      p = logistic(u_hat)

The prediction u_hat is the LOGIT of the probability. Best at p = u, where the entropy of u remains.
"""

from torch import Tensor
from torch.nn import functional as F

from objectives.objective import Activity, Objective, mean_over_units


def bernoulli(drive: Tensor, logit: Tensor) -> Tensor:
    """Negative log likelihood [time, batch], in nats per unit, overflowing for no logit.

    Args:
        drive: events, or their probabilities, in [0, 1], [time, batch, *drive].
        logit: log odds of an event, same shape.
    """
    return mean_over_units(F.softplus(logit) - drive * logit)


class Bernoulli(Objective):
    """Negative log likelihood of a drive in [0, 1] under probabilities logistic(prediction)."""

    def forward(self, activity: Activity) -> Tensor:
        return bernoulli(activity.drive, activity.prediction)
