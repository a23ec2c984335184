"""Energy: what the rates cost.

    loss(t) = mean_i | h_i(t) |

Spikes and the transmission they cause are most of the cost of signalling, in proportion to their
number: Attwell & Laughlin (2001), doi:10.1097/00004647-200110000-00001. Drives units to exact
silence (it is the L1 norm). The cost of keeping synapses is the optimizer's weight decay.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Rates, SampleLoss


def energy(rate: Rates) -> SampleLoss:
    """Cost [time, batch] of rates [time, batch, *units], in rates."""
    return mean_over_units(rate.abs())


class Energy(Objective):
    """Mean absolute rate of the area's units."""

    def forward(self, activity: Activity) -> SampleLoss:
        return energy(activity.rate)
