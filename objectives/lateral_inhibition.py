"""Lateral inhibition: units that are active at the same place at the same time pay for it.

    loss(t) = mean over places of  sum_{i != j} | h_i h_j | / ( n ( n - 1 ) )

i, j among the n maps at a place, or among all n units of a dense area. The derivative by |h_i| is
the sum of the rates of i's rivals, what mutual inhibition would bring it; a unit that is active
alone pays nothing, however strongly (unlike `Energy`), and neither does one among silent ones.
Foldiak (1990), doi:10.1007/BF02331346, learnt features by such competition.
"""

from objectives.objective import Activity, Objective
from objectives.parts.shapes import Rates, SampleLoss


def overlap(rate: Rates) -> SampleLoss:
    """Cost [time, batch] of rates [time, batch, *units], in squared rates; 0 for a single map."""
    size, rivals = rate.abs().flatten(3) if rate.dim() > 3 else rate.abs()[..., None], rate.shape[2]
    shared = size.sum(2).square() - size.square().sum(2)
    return shared.mean(2) / max(1, rivals * (rivals - 1))


class LateralInhibition(Objective):
    """Mean product of the rates of two maps at one place, or of two units of a dense area."""

    def forward(self, activity: Activity) -> SampleLoss:
        return overlap(activity.rate)
