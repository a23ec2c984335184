"""Categorical likelihood of the next-step prediction, for drives of which one channel is active.

    loss(t) = - mean_x sum_c u_c(x, t) log p_c(x, t),      p = softmax over channels of u_hat

The prediction u_hat is the LOGIT of each channel, at each position x of a map. Best at p = u, where
the entropy of u remains.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def categorical(drive: Drives, logit: Drives) -> SampleLoss:
    """Cross-entropy [time, batch], in nats per position.

    Args:
        drive: probability of each channel (one-hot where it is known), [time, batch, channel] or
            [time, batch, channel, height, width]; channels sum to 1.
        logit: its logarithm up to a constant, same shape.
    """
    return -mean_over_units((drive * logit.log_softmax(2)).sum(2, keepdim=True))


class Categorical(Objective):
    """Negative log likelihood of the channel that is active under softmax(prediction)."""

    def forward(self, activity: Activity) -> SampleLoss:
        return categorical(activity.drive, activity.prediction)
