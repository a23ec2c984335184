"""Squared error of the next-step prediction.

loss(t) = mean_i ( u_i(t) - u_hat_i(t) )^2          without a factor 1/2
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def squared_error(drive: Drives, prediction: Drives) -> SampleLoss:
    """Loss [time, batch] of drive and prediction [time, batch, *drive], in squared drive units."""
    return mean_over_units((drive - prediction).square())


class SquaredError(Objective):
    """Mean squared error of the prediction; its gradient by u_hat_i is -2 error_i / n."""

    def forward(self, activity: Activity) -> SampleLoss:
        return squared_error(activity.drive, activity.prediction)
