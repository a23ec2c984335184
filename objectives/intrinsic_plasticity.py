"""Intrinsic plasticity: each unit's rates come to be exponentially distributed.

    loss(t) = mean_i [ h_i / m - log h_i - log(1 - h_i) ],            h_i = logistic(a_i x_i + b_i)

Of all distributions of a rate with a mean m > 0, the exponential one carries the most information:
Stemmler & Koch (1999), doi:10.1038/9173. The distance from it (Kullback-Leibler) of a logistic
unit's rate is the loss above up to log |a_i| and what does not depend on the unit: Triesch (2007),
doi:10.1162/neco.2007.19.4.885. Its negative slope by the bias is his rule,

    db = 1 - (2 + 1/m) h + h^2 / m,

and by any synapse the same times the input. For rates in (0, 1); they are kept `margin` away from
its ends, where the slope of the logarithms would not be finite.
"""

from objectives.objective import Activity, Objective, mean_over_units
from objectives.parts.shapes import Rates, SampleLoss


def exponential_distance(rate: Rates, mean: float, margin: float) -> SampleLoss:
    """Loss [time, batch], in nats, of rates [time, batch, *units] in (0, 1).

    Beyond the margin the loss goes on as a straight line, so that rates there still have a
    gradient.

    Args:
        rate: of logistic units.
        mean: m, of the exponential distribution.
        margin: distance from 0 and 1 where the logarithms end.
    """
    inside = rate.clamp(margin, 1 - margin)
    silent, saturated = (margin - rate).relu() / margin, (rate - 1 + margin).relu() / margin
    return mean_over_units(rate / mean - inside.log() - (1 - inside).log() + silent + saturated)


class IntrinsicPlasticity(Objective):
    """Distance of the distribution of rates from an exponential one, for logistic units.

    Args:
        mean: of the exponential distribution, between 0 and 1/2.
        margin: distance from 0 and 1 where the logarithms end.

    Raises:
        ValueError: if the mean or the margin lies outside.
    """

    def __init__(self, mean: float = 0.1, margin: float = 1e-3):
        super().__init__()
        if not 0 < mean < 0.5:
            raise ValueError(f"mean: need 0 < mean < 0.5 for rates in (0, 1), got {mean}")
        if not 0 < margin < 0.5:
            raise ValueError(f"margin: need 0 < margin < 0.5, got {margin}")
        self.mean, self.margin = mean, margin

    def forward(self, activity: Activity) -> SampleLoss:
        return exponential_distance(activity.rate, self.mean, self.margin)
