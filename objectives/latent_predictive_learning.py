"""Latent predictive learning: rates that persist, with variance, and decorrelated between units.

    predictive    1/2 mean_i ( z_i(t) - stop[z_i(t - k)] )^2
    hebbian       - mean_i log( s_i^2 + epsilon ),     s_i^2 the variance around stop[mean z_i]
    decorrelation 1 / (M (M - 1)) sum_{i != j} C_ij^2,  C the covariance around stop[mean z]
    loss(t) = predictive + l1 hebbian + l2 decorrelation

Halvagal & Zenke (2023), doi:10.1038/s41593-023-01460-y, Methods, with the decorrelation of their
erratum (squared covariance, not product of squares) and the constants of their code. There z is a
batch of independent pictures; here it is all streams and valid steps of a window. Variance and
covariance are spread evenly over them. Maps are averaged over positions.
"""

from objectives.objective import Activity, Objective, mean_over_space
from objectives.parts.moments import covariance, mean_of_counted, off_diagonal
from objectives.parts.pairs import at_later_step, earlier, later, unbroken
from objectives.parts.shapes import FeatureMatrix, Number, SampleLoss
from objectives.squared_error import squared_error


def hebbian(spread: FeatureMatrix, epsilon: float) -> Number:
    """- mean_i log(C_ii + epsilon) of a covariance [unit, unit], a number."""
    return -(spread.diagonal() + epsilon).log().mean()


def decorrelation(spread: FeatureMatrix) -> Number:
    """Mean square of the off-diagonal entries of a covariance [unit, unit], a number."""
    units = len(spread)
    return off_diagonal(spread).square().sum() / max(units * (units - 1), 1)


class LatentPredictiveLearning(Objective):
    """Predictive, Hebbian and decorrelating terms on an area's rates.

    Args:
        horizon: steps between the two rates that should be alike.
        variance: weight l1 of the Hebbian term.
        decorrelation: weight l2 of the decorrelating term.
        epsilon: added to variances, in squared rates.

    Raises:
        ValueError: if a weight is negative, epsilon not positive, or the horizon not in the future.
    """

    couples_batch = True
    stops_gradient = True
    fewest_streams = 2

    def __init__(
        self,
        horizon: int = 1,
        variance: float = 1.0,
        decorrelation: float = 10.0,
        epsilon: float = 1e-4,
    ):
        super().__init__()
        if horizon < 1:
            raise ValueError(f"horizon: need >= 1 steps into the future, got {horizon}")
        if not all(value >= 0 for value in (variance, decorrelation)):
            raise ValueError(
                f"variance, decorrelation: need weights >= 0, got {variance} and {decorrelation}"
            )
        if not epsilon > 0:
            raise ValueError(f"epsilon: need > 0, in squared rates, got {epsilon}")
        self.horizon = self.reach = horizon
        self.variance, self.decorrelation = variance, decorrelation
        self.epsilon = epsilon

    def forward(self, activity: Activity) -> SampleLoss:
        code = mean_over_space(activity.rate)
        now, past = later(code, self.horizon), earlier(code, self.horizon)
        counted = unbroken(activity.valid, self.horizon).flatten()
        rows = now.flatten(0, 1)
        spread = covariance(rows, counted, mean_of_counted(rows, counted).detach())
        shared = self.variance * hebbian(spread, self.epsilon)
        shared = shared + self.decorrelation * decorrelation(spread)
        loss = 0.5 * squared_error(now, past.detach()) + shared
        return at_later_step(loss, activity.valid, self.horizon)
