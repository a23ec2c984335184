"""Dynamical similarity analysis: do a model area and a brain area have the same dynamics?

Ostrow et al. (2023), arXiv:2306.10168. Each side's trajectories are embedded with delays and
projected on their leading principal axes, scaled to unit variance (HAVOK, Brunton et al., 2017);
one linear operator is fitted from each state to the next; operators are compared by their angle
after the best orthogonal change of coordinates (`comparisons/orthogonal_alignment.py`). 0 for the
same dynamics however rotated. What is seen depends on the rank, so it has no default.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.orthogonal_alignment import align, usual_starts
from brainmodel.probing.metrics.comparisons.trajectories import (
    Trajectories,
    by_trajectory,
    explained_next_state,
    once,
    operator,
    trajectories_of,
)
from brainmodel.probing.metrics.dynamics_metric import DynamicsMetric
from brainmodel.probing.metrics.metric import Comparison, Responses


class RankSweep(NamedTuple):
    """Angles by rank, and how well operators of that rank predict held-out trajectories."""

    ranks: Whole  # [rank]
    angles: Floats  # [rank] rad
    model_explained: Floats  # [rank] share of the variance of the next state; NaN for 1 trajectory
    brain_explained: Floats  # [rank]


class DynamicsComparison(Comparison):
    """The dynamics of a model area against those of a brain area.

    Attributes:
        by_rank: [rank] angle in radians.
    """

    def __init__(self, model: Trajectories, brain: Trajectories, metric: "DSA") -> None:
        self.model, self.brain, self.metric = model, brain, metric
        self.by_rank = self._angles(once(model), [brain], once(brain))[0]
        self.value = float(self.by_rank.mean())

    def reweighted(self, weights: Floats) -> Floats:
        """Operators are fitted anew to trajectories drawn again; axes stay."""
        model, brain = (by_trajectory(side.groups, weights) for side in (self.model, self.brain))
        return self._angles(model, [self.brain], brain).mean(1)

    def permuted(self, orders: Whole) -> Floats:
        """The samples of the brain in other orders, which destroys its dynamics."""
        brain = self.brain
        shuffled = [self.metric.trajectories(brain.samples[o], brain.groups) for o in orders]
        return self._angles(once(self.model), shuffled, once(brain)).mean(1)

    def _angles(self, model: Floats, brains: list[Trajectories], weights: Floats) -> Floats:
        """[draw, rank] under weights [draw, trajectory] of either side."""
        found = []
        for rank in self.metric.ranks:
            other = np.concatenate([operator(brain, rank, weights) for brain in brains])
            one = operator(self.model, rank, model)
            one = np.broadcast_to(one, other.shape)
            found.append(align(one, other, usual_starts(one, other)).angle)
        return np.stack(found, axis=1)


class DSA(DynamicsMetric[Trajectories]):
    """Angle in radians between dynamics, mean over ranks; samples of a group are a trajectory.

    For steps of movies (`PerStep`), with neither p nor ceiling (see `DynamicsMetric`).

    Args:
        ranks: principal axes that operators live in; see `sweep_ranks` for each of them.
        delays: successive samples that make up a state; 1 for none.
    """

    def __init__(self, ranks: Sequence[int], delays: int) -> None:
        if not ranks or min(ranks) < 1 or delays < 1:
            raise ValueError(
                f"ranks is {ranks!r} and delays {delays}: give ranks and delays of 1 or more."
            )
        self.ranks, self.delays = np.array(ranks, int), delays

    def trajectories(self, samples: Floats, groups: Whole) -> Trajectories:
        """Trajectories of samples [sample, unit] in as many axes as the largest rank needs.

        Raises:
            ValueError: if trajectories are too short or have too few axes.
        """
        return trajectories_of(samples, groups, self.delays, int(self.ranks.max()))

    def compare(self, model: Trajectories, brain: Trajectories) -> DynamicsComparison:
        return DynamicsComparison(model, brain, self)


def sweep_ranks(
    features: Floats, responses: Responses, ranks: Sequence[int], delays: int
) -> RankSweep:
    """Angles at every rank, and how well operators of that rank predict, by which ranks are chosen.

    Args:
        features: [sample, unit] of the model; samples of a group follow each other in time.
        responses: of the brain to the same samples.
        ranks, delays: as in `DSA`.
    """
    metric = DSA(ranks, delays)
    model = metric.model_side(features, responses.groups)
    brain = metric.brain_side(responses)
    angles = metric.compare(model, brain).by_rank
    explained = (explained_next_state(side, metric.ranks) for side in (model, brain))
    return RankSweep(metric.ranks, angles, *explained)
