"""Agreement of twins: each predicts the other; no gradient reaches the predicted one.

    D(p, z) = - cos( p, stop[z] )
    loss(t) = 1/2 D(q1(z1), z2) + 1/2 D(q2(z2), z1)

Chen & He (2021), arXiv:2011.10566, eq. 1 to 4, with two predictors q because two areas are not the
same encoder, and without batch normalisation, which would join samples. Where
both agree it is -1.
"""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

from objectives.objective import Activity, GroupObjective
from objectives.parts.embedding import Embedding, check_pair, embed_pair, embeddings
from objectives.parts.pairs import at_later_step
from objectives.parts.shapes import SampleLoss


def negative_cosine(prediction: Tensor, target: Tensor) -> Tensor:
    """D: minus the cosine [...] between vectors [..., feature]; no gradient reaches the target."""
    return -F.cosine_similarity(prediction, target.detach(), dim=-1, eps=1e-6)


class SimSiam(GroupObjective):
    """Two areas, or one at two times, predict each other's vectors.

    Args:
        areas: two names; the same name twice compares an area with itself `delay` steps later.
        delay: steps by which the second area is read later.
        features: size of the vectors.
        grid: fields along each side within which maps are averaged first; 1 leaves no places to
            agree on.

    Raises:
        ValueError: if areas, delay and features do not fit.
    """

    stops_gradient = True

    def __init__(self, areas: list[str], delay: int = 0, features: int = 64, grid: int = 1):
        super().__init__(areas)
        check_pair(areas, delay, features, grid)
        self.delay, self.features, self.grid = delay, features, grid
        self.reach = delay
        self.embedding = nn.ModuleList()
        self.predictor = nn.ModuleList(Embedding(features, features) for _ in areas)

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.embedding = embeddings(self.areas, units, self.features, self.grid)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        first, second = embed_pair(self.embedding, self.areas, activities, self.delay, self.grid)
        there = negative_cosine(self.predictor[0](first), second)
        back = negative_cosine(self.predictor[1](second), first)
        loss = 0.5 * there + 0.5 * back
        return at_later_step(loss, activities[self.areas[0]].valid, self.delay)
