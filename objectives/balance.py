"""Balance of excitation and inhibition: at each moment the two populations are equally active.

    loss(t) = ( mean_{i in E} h_i(t) - ratio mean_{i in I} h_i(t) )^2

Okun & Lampl (2008), doi:10.1038/nn.2105: in cortex inhibition follows excitation within
milliseconds. The first units (channels of a map) count as excitatory, the others as inhibitory; no
sign of any synapse is fixed. An area that is silent is balanced, too: use a target rate beside it.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import SampleLoss


class Balance(Objective):
    """Squared difference of the mean rates of excitatory and inhibitory units.

    Args:
        excitatory: share of the units that are excitatory, between 0 and 1.
        ratio: excitation over inhibition in balance.

    Raises:
        ValueError: if the share is not between 0 and 1, the ratio not positive, or in `build` if
            no unit is left for one of them.
    """

    def __init__(self, excitatory: float = 0.8, ratio: float = 1.0):
        super().__init__()
        if not 0 < excitatory < 1:
            raise ValueError(f"excitatory: need a share between 0 and 1, got {excitatory}")
        if not ratio > 0:
            raise ValueError(f"ratio: need > 0, got {ratio}")
        self.excitatory, self.ratio = excitatory, ratio
        self.first = 1

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        if units[0] < 2:
            raise ValueError(f"units: need 2 or more to balance, got {list(units)}")
        self.first = min(max(round(self.excitatory * units[0]), 1), units[0] - 1)

    def forward(self, activity: Activity) -> SampleLoss:
        excitation = mean_over_units(activity.rate[:, :, : self.first])
        inhibition = mean_over_units(activity.rate[:, :, self.first :])
        return (excitation - self.ratio * inhibition).square()
