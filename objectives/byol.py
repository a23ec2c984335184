"""Bootstrap your own latent: predict the other area's vector by a slower copy of the embedding.

    loss(t) = 1/2 | n(q1(z1)) - n(stop[z2']) |^2 + 1/2 | n(q2(z2)) - n(stop[z1']) |^2
            = 2 - cos(q1(z1), z2') - cos(q2(z2), z1')

Grill et al. (2020), arXiv:2006.07733, eq. 1 and 2; n normalises to length 1, and z' comes from an
embedding whose weights follow those of z as a moving average, after each step of the optimizer. The
areas themselves have no slower copy: what is averaged is the embedding.
"""

from collections.abc import Mapping

import torch
from torch import nn

from objectives.objective import Activity, GroupObjective
from objectives.parts.embedding import Embedding, check_pair, embed_pair, embeddings
from objectives.parts.pairs import at_later_step
from objectives.parts.shapes import SampleLoss
from objectives.sim_siam import negative_cosine


def move_towards(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    """Moves the slow weights to momentum * slow + (1 - momentum) * fast, in place."""
    with torch.no_grad():
        for mine, theirs in zip(slow.parameters(), fast.parameters(), strict=True):
            mine.lerp_(theirs, 1 - momentum)


class BYOL(GroupObjective):
    """Two areas, or one at two times, predict slower copies of each other's vectors.

    Args:
        areas: two names; the same name twice compares an area with itself `delay` steps later.
        delay: steps by which the second area is read later.
        features: size of the vectors.
        grid: fields along each side within which maps are averaged first; 1 leaves no places to
            agree on.
        momentum: part of the slower copy that stays at each step of the optimizer; 1 for a random
            embedding that never changes.

    Raises:
        ValueError: if areas, delay and features do not fit, or the momentum is not in [0, 1].
    """

    stops_gradient = True

    def __init__(
        self,
        areas: list[str],
        delay: int = 0,
        features: int = 64,
        momentum: float = 0.99,
        grid: int = 1,
    ):
        super().__init__(areas)
        check_pair(areas, delay, features, grid)
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum: need 0 <= momentum <= 1, got {momentum}")
        self.delay, self.features, self.grid = delay, features, grid
        self.reach = delay
        self.momentum = momentum
        self.embedding = nn.ModuleList()
        self.slow = nn.ModuleList()
        self.predictor = nn.ModuleList(Embedding(features, features) for _ in areas)

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.embedding = embeddings(self.areas, units, self.features, self.grid)
        self.slow = embeddings(self.areas, units, self.features, self.grid).requires_grad_(False)
        move_towards(self.slow, self.embedding, momentum=0)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        first, second = embed_pair(self.embedding, self.areas, activities, self.delay, self.grid)
        slow_first, slow_second = embed_pair(
            self.slow, self.areas, activities, self.delay, self.grid
        )
        there = negative_cosine(self.predictor[0](first), slow_second)
        back = negative_cosine(self.predictor[1](second), slow_first)
        return at_later_step(2 + there + back, activities[self.areas[0]].valid, self.delay)

    def after_step(self) -> None:
        move_towards(self.slow, self.embedding, self.momentum)
