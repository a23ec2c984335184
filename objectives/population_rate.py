"""Target rate of the population: at each moment the mean over units should be at a set point.

    loss(t) = ( mean_i h_i(t) - r* )^2

Fast inhibition does this for a whole area, synaptic scaling (`TargetRate`) for single units.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Rates, SampleLoss


def population_rate(rate: Rates, target: float) -> SampleLoss:
    """Loss [time, batch] of rates [time, batch, *units], in squared rates."""
    return (mean_over_units(rate) - target).square()


class PopulationRate(Objective):
    """Squared distance of the mean rate over units from a set point.

    Args:
        rate: set point, in the units of the area's rates.
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, activity: Activity) -> SampleLoss:
        return population_rate(activity.rate, self.rate)
