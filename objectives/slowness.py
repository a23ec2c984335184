"""Slowness: rates should change little from step to step.

    loss(t) = mean_i ( h_i(t) - h_i(t - 1) )^2

Wiskott & Sejnowski (2002), doi:10.1162/089976602317318938, without their constraints of zero mean,
unit variance and decorrelation: alone it makes rates constant. Use it beside an objective that
keeps variance, or use `LatentPredictiveLearning`.
"""

from objectives.objective import Activity, Objective
from objectives.parts.pairs import at_later_step, earlier, later
from objectives.parts.shapes import SampleLoss
from objectives.squared_error import squared_error


class Slowness(Objective):
    """Mean squared change of the area's rates from one step to the next."""

    reach = 1

    def forward(self, activity: Activity) -> SampleLoss:
        change = squared_error(later(activity.rate, 1), earlier(activity.rate, 1))
        return at_later_step(change, activity.valid, 1)
