"""Agreement by redundancy reduction: each feature correlates with the same one of the other area.

    C_ij = 1/n sum_n  z_ni z'_nj,           z and z' standardised over the n samples
    loss = 1/d [ sum_i (1 - C_ii)^2 + l sum_{i != j} C_ij^2 ]

Zbontar et al. (2021), arXiv:2103.03230, eq. 1 and 2, here divided by the number d of features; the
name recalls Barlow (1961). Samples are all valid steps of all streams of the window. With
identical views C_ii = 1, so the first term is 0.
"""

from collections.abc import Mapping

from torch import nn

from objectives.objective import Activity, GroupObjective
from objectives.parts.embedding import check_pair, embed_pair, embeddings
from objectives.parts.moments import mean_of_counted, off_diagonal
from objectives.parts.pairs import at_later_step, unbroken
from objectives.parts.shapes import Counted, FeatureMatrix, Features, Number, SampleLoss


def standardise(values: Features, counted: Counted, epsilon: float = 1e-5) -> Features:
    """Values [sample, feature] with mean 0, variance 1 over those counted [sample] bool, else 0."""
    around = (values - mean_of_counted(values, counted)) * counted.unsqueeze(1)
    return around / (mean_of_counted(around.square(), counted) + epsilon).sqrt()


def cross_correlation(first: Features, second: Features, counted: Counted) -> FeatureMatrix:
    """C [feature, feature] of two views [sample, feature] over those counted [sample] bool."""
    first, second = standardise(first, counted), standardise(second, counted)
    return first.T @ second / counted.sum().clamp(min=1)


def barlow_twins(correlation: FeatureMatrix, redundancy: float) -> Number:
    """The loss, a number, of a cross-correlation [feature, feature]."""
    alike = (1 - correlation.diagonal()).square().mean()
    return alike + redundancy * off_diagonal(correlation).square().sum() / len(correlation)


class BarlowTwins(GroupObjective):
    """Two areas, or one at two times, agree feature by feature.

    Args:
        areas: two names; the same name twice compares an area with itself `delay` steps later.
        delay: steps by which the second area is read later.
        features: size of the vectors.
        grid: fields along each side within which maps are averaged first; 1 leaves no places to
            agree on.
        redundancy: weight l of correlations between different features.

    Raises:
        ValueError: if areas, delay and features do not fit, or the weight is negative.
    """

    couples_batch = True
    fewest_streams = 2

    def __init__(
        self,
        areas: list[str],
        delay: int = 0,
        features: int = 64,
        redundancy: float = 5e-3,
        grid: int = 1,
    ):
        super().__init__(areas)
        check_pair(areas, delay, features, grid)
        if not redundancy >= 0:
            raise ValueError(f"redundancy: need a weight >= 0, got {redundancy}")
        self.delay, self.features, self.grid = delay, features, grid
        self.reach = delay
        self.redundancy = redundancy
        self.embedding = nn.ModuleList()

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.embedding = embeddings(self.areas, units, self.features, self.grid)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        valid = activities[self.areas[0]].valid
        first, second = embed_pair(self.embedding, self.areas, activities, self.delay, self.grid)
        counted = unbroken(valid, self.delay) & valid[self.delay :]
        correlation = cross_correlation(
            first.flatten(0, 1), second.flatten(0, 1), counted.flatten()
        )
        loss = barlow_twins(correlation, self.redundancy).expand(counted.shape)
        return at_later_step(loss, valid, self.delay)
