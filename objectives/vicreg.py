"""Agreement by variance, invariance and covariance: alike across areas, unlike within.

    invariance  s(Z, Z') = 1/n sum_n |z_n - z'_n|^2 / d
    variance    v(Z)     = 1/d sum_j [ g - sqrt( Var(z_j) + epsilon ) ]_+,    g = 1
    covariance  c(Z)     = 1/d sum_{i != j} C(Z)_ij^2
    loss                 = l s(Z, Z') + m [ v(Z) + v(Z') ] + n [ c(Z) + c(Z') ]

Bardes et al. (2022), arXiv:2105.04906, eq. 1 to 6, but for the 1/d in s: the authors' code, with
which the weights 25, 25, 1 were found, averages over features, and halves v. Samples are all valid
steps of all streams of the window.
"""

from collections.abc import Mapping

from torch import nn

from objectives.objective import Activity, GroupObjective
from objectives.parts.embedding import check_pair, embed_pair, embeddings
from objectives.parts.moments import covariance, mean_of_counted, off_diagonal
from objectives.parts.pairs import at_later_step, unbroken
from objectives.parts.shapes import FeatureMatrix, Number, SampleLoss
from objectives.squared_error import squared_error


def variance_hinge(spread: FeatureMatrix, epsilon: float = 1e-4) -> Number:
    """v of a covariance [feature, feature], a number: how far standard deviations are below 1."""
    return (1 - (spread.diagonal() + epsilon).sqrt()).relu().mean()


def redundancy(spread: FeatureMatrix) -> Number:
    """c of a covariance [feature, feature], a number."""
    return off_diagonal(spread).square().sum() / len(spread)


class VICReg(GroupObjective):
    """Two areas, or one at two times, agree on a vector whose features vary and do not covary.

    Args:
        areas: two names; the same name twice compares an area with itself `delay` steps later.
        delay: steps by which the second area is read later.
        features: size of the vectors.
        grid: fields along each side within which maps are averaged first; 1 leaves no places to
            agree on.
        invariance: weight l.
        variance: weight m.
        covariance: weight n.

    Raises:
        ValueError: if areas, delay and features do not fit, or a weight is negative.
    """

    couples_batch = True
    fewest_streams = 2

    def __init__(
        self,
        areas: list[str],
        delay: int = 0,
        features: int = 64,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
        grid: int = 1,
    ):
        super().__init__(areas)
        check_pair(areas, delay, features, grid)
        if not all(value >= 0 for value in (invariance, variance, covariance)):
            weights = f"{invariance}, {variance} and {covariance}"
            raise ValueError(f"invariance, variance, covariance: need weights >= 0, got {weights}")
        self.delay, self.features, self.grid = delay, features, grid
        self.reach = delay
        self.invariance, self.variance, self.covariance = invariance, variance, covariance
        self.embedding = nn.ModuleList()

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.embedding = embeddings(self.areas, units, self.features, self.grid)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        valid = activities[self.areas[0]].valid
        views = embed_pair(self.embedding, self.areas, activities, self.delay, self.grid)
        counted = unbroken(valid, self.delay) & valid[self.delay :]
        loss = self.invariance * squared_error(*views)
        for view in views:
            rows, chosen = view.flatten(0, 1), counted.flatten()
            spread = covariance(rows, chosen, mean_of_counted(rows, chosen))
            loss = loss + self.variance * variance_hinge(spread)
            loss = loss + self.covariance * redundancy(spread)
        return at_later_step(loss, valid, self.delay)
