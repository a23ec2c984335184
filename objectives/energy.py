"""Energy: what the rates cost.

    loss(t) = mean_i | h_i(t) |^p

Spikes and the transmission they cause are most of the cost of signalling, in proportion to their
number: Attwell & Laughlin (2001), doi:10.1097/00004647-200110000-00001. Drives units to exact
silence with p = 1 (it is the L1 norm), keeps them low with p = 2 (the squared L2 norm). The cost of
keeping synapses is the optimizer's weight decay.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Rates, SampleLoss


def energy(rate: Rates, power: float = 1.0) -> SampleLoss:
    """Cost [time, batch] of rates [time, batch, *units], in rates to that power."""
    return mean_over_units(rate.abs() if power == 1 else rate.abs().pow(power))


class Energy(Objective):
    """Mean over the area's units of the absolute rate to some power.

    Args:
        power: p, from 1 to 4.

    Raises:
        ValueError: if the power is out of range.
    """

    def __init__(self, power: float = 1.0):
        super().__init__()
        if not 1 <= power <= 4:
            raise ValueError(f"power: need 1 (the sum of rates) to 4, got {power}")
        self.power = power

    def forward(self, activity: Activity) -> SampleLoss:
        return energy(activity.rate, self.power)
