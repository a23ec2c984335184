"""Sparseness: few units are active at a moment, whatever the overall rate.

    loss(t) = ( mean_i |h_i| )^2 / ( mean_i h_i^2 + epsilon )

Treves & Rolls (1991), doi:10.1088/0954-898X/2/4/004, across units: 1 if all are equally active, 1/N
if one alone is. It does not depend on the scale of the rates (beyond epsilon), so that, unlike
`Energy`, it does not silence the area.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Rates, SampleLoss


def treves_rolls(rate: Rates, epsilon: float) -> SampleLoss:
    """Activity ratio [time, batch] in [0, 1] of rates [time, batch, *units]; 0 in silence."""
    return mean_over_units(rate.abs()).square() / (mean_over_units(rate.square()) + epsilon)


class Sparseness(Objective):
    """Treves-Rolls activity ratio across the units of the area, small where few are active.

    Args:
        epsilon: mean squared rate below which the area counts as silent, in squared rates.

    Raises:
        ValueError: if epsilon is not positive.
    """

    def __init__(self, epsilon: float = 1e-6):
        super().__init__()
        if not epsilon > 0:
            raise ValueError(f"epsilon: need > 0, in squared rates, got {epsilon}")
        self.epsilon = epsilon

    def forward(self, activity: Activity) -> SampleLoss:
        return treves_rolls(activity.rate, self.epsilon)
