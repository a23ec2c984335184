"""Absolute error of the next-step prediction: the prediction becomes the median of the drive.

loss(t) = mean_i | u_i(t) - u_hat_i(t) |
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def absolute_error(drive: Drives, prediction: Drives) -> SampleLoss:
    """Loss [time, batch] of drive and prediction [time, batch, *drive], in drive units."""
    return mean_over_units((drive - prediction).abs())


class AbsoluteError(Objective):
    """Mean absolute error between drive and prediction; the gradient is 0 where they are equal."""

    def forward(self, activity: Activity) -> SampleLoss:
        return absolute_error(activity.drive, activity.prediction)
