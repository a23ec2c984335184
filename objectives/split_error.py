"""Rates of two populations of error units: one for too little predicted, one for too much.

    e+ = [u - u_hat]_+      e- = [u_hat - u]_+
    loss(t) = 1/2 mean_i ( a e+_i + b e-_i )

Lotter et al. (2017), arXiv:1605.08104, eq. 3 and 5, with a = b = 1: there the mean is over the
units of both populations, hence the 1/2. With a != b the best prediction is the drive's quantile
a / (a + b) instead of its median: populations of unequal gain make predictions that are too high or
too low.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Drives, SampleLoss


def split_error(drive: Drives, prediction: Drives, under: float, over: float) -> SampleLoss:
    """Loss [time, batch], in drive units.

    Args:
        drive: [time, batch, *drive].
        prediction: same shape.
        under: gain a of the units that fire where the drive exceeds the prediction.
        over: gain b of the units that fire where the prediction exceeds the drive.
    """
    positive, negative = (drive - prediction).relu(), (prediction - drive).relu()
    return 0.5 * mean_over_units(under * positive + over * negative)


class SplitError(Objective):
    """Mean rate of positive and negative error units.

    Args:
        under: gain of the units that fire where the drive exceeds the prediction.
        over: gain of the units that fire where the prediction exceeds the drive.

    Raises:
        ValueError: if a gain is not positive.
    """

    def __init__(self, under: float = 1.0, over: float = 1.0):
        super().__init__()
        if not all(value > 0 for value in (under, over)):
            raise ValueError(f"under, over: need gains > 0, got {under} and {over}")
        self.under, self.over = under, over

    def forward(self, activity: Activity) -> SampleLoss:
        return split_error(activity.drive, activity.prediction, self.under, self.over)
