"""Poisson likelihood of the next-step prediction, for drives that count.

    loss(t) = mean_i [ exp(u_hat_i) - u_i u_hat_i + log Gamma(u_i + 1) ]

The prediction u_hat is the LOG of the expected count. Best at u_hat = log u.
"""

from torch import Tensor

from objectives.objective import Activity, Objective, mean_over_units


def poisson(drive: Tensor, log_rate: Tensor) -> Tensor:
    """Negative log likelihood [time, batch], in nats per unit.

    Args:
        drive: counts per step >= 0, not necessarily whole, [time, batch, *drive].
        log_rate: log of the expected count, same shape.
    """
    return mean_over_units(log_rate.exp() - drive * log_rate + (drive + 1).lgamma())


class Poisson(Objective):
    """Negative log likelihood of a drive >= 0 under Poisson rates exp(prediction)."""

    def forward(self, activity: Activity) -> Tensor:
        return poisson(activity.drive, activity.prediction)
