"""Target rate of every unit: rates that are too low rise, rates that are too high fall.

    loss = mean_i ( r_i - r* )^2,      r_i the mean rate of unit i over the window's valid steps

Synaptic scaling as a loss: Turrigiano et al. (1998), doi:10.1038/36103; its gradient is the same
for all synapses of a unit up to their input, and vanishes at the set point whatever the rate does
around its mean. Units of a map are averaged over positions, as they share synapses.
"""

from objectives.objective import Activity, Objective, mean_over_space
from objectives.parts.moments import mean_of_counted
from objectives.parts.shapes import SampleLoss


class TargetRate(Objective):
    """Squared distance of each unit's mean rate from a set point, spread evenly over samples.

    Args:
        rate: set point, in the units of the area's rates.
    """

    couples_batch = True

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, activity: Activity) -> SampleLoss:
        code = mean_over_space(activity.rate)
        average = mean_of_counted(code.flatten(0, 1), activity.valid.flatten())
        return (average - self.rate).square().mean() * activity.valid
