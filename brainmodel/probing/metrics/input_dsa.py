"""Dynamical similarity with inputs: the same law of motion, driven the same way?

Huang, Ostrow et al. (2025), "InputDSA", after Ostrow et al. (2023), arXiv:2306.10168. Two areas
that see the same movie may move alike because the movie does. Here each side gets a linear law with
inputs (`comparisons/driven_trajectories.py`), and both of its parts are compared at once after the
best orthogonal change C of the coordinates of states: the angle between

    ( sqrt(1-w) A1 / |A1|, sqrt(w) B1 / |B1| )    and
    ( sqrt(1-w) C A2 C^T / |A2|, sqrt(w) C B2 / |B2| )

0 for the same law in other coordinates, whatever the inputs were. The paper fits by subspace
identification; here it is least squares on states with delays, as in `DSA`, which is the same as
long as delays and ranks hold the state and noise is small. Inputs are features of what was shown.
"""

from collections.abc import Sequence
from copy import copy

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.baselines import Baseline, Pixels
from brainmodel.probing.metrics.comparisons.driven_trajectories import (
    DrivenTrajectories,
    Law,
    driven_trajectories,
    law,
)
from brainmodel.probing.metrics.comparisons.orthogonal_alignment import (
    align_jointly,
    joint_starts,
)
from brainmodel.probing.metrics.comparisons.trajectories import by_trajectory
from brainmodel.probing.metrics.dynamics_metric import DynamicsMetric
from brainmodel.probing.metrics.metric import Comparison


class DrivenComparison(Comparison):
    """The driven dynamics of a model area against those of a brain area.

    Attributes:
        by_rank: [rank] angle in radians.
    """

    def __init__(
        self, model: DrivenTrajectories, brain: DrivenTrajectories, metric: "InputDSA"
    ) -> None:
        if len(model.input_axes) != len(brain.input_axes):
            raise ValueError(
                f"inputs have {len(model.input_axes)} numbers on one side and "
                f"{len(brain.input_axes)} on the other: give the same kind to both."
            )
        self.model, self.brain, self.metric = model, brain, metric
        self.by_rank = self._angles(_once(model), [brain], _once(brain))[0]
        self.value = float(self.by_rank.mean())

    def reweighted(self, weights: Floats) -> Floats:
        """Laws are fitted anew to trajectories drawn again; axes stay."""
        model, brain = (by_trajectory(side.groups, weights) for side in (self.model, self.brain))
        return self._angles(model, [self.brain], brain).mean(1)

    def permuted(self, orders: Whole) -> Floats:
        """The samples of the brain in other orders under the same inputs."""
        brain = self.brain
        shuffled = [self.metric.trajectories(brain.samples[o], brain.groups) for o in orders]
        return self._angles(_once(self.model), shuffled, _once(brain)).mean(1)

    def _angles(self, model: Floats, brains: list[DrivenTrajectories], weights: Floats) -> Floats:
        """[draw, rank] under weights [draw, trajectory] of either side."""
        shared = self.model.input_axes.T @ brains[0].input_axes
        found = []
        for rank in self.metric.ranks:
            laws = [law(brain, int(rank), weights) for brain in brains]
            other = Law(*(np.concatenate(parts) for parts in zip(*laws, strict=True)))
            one = law(self.model, int(rank), model)
            one = Law(*(np.broadcast_to(p, (len(other.motion), *p.shape[1:])) for p in one))
            found.append(least_angle(one, other, shared, self.metric.weight))
        return np.stack(found, axis=1)


class InputDSA(DynamicsMetric[DrivenTrajectories]):
    """Angle in radians between driven dynamics, mean over ranks; a group is a trajectory.

    For steps of movies (`PerStep`), with neither p nor ceiling, as `DSA`. In Python the inputs are
    told first: `InputDSA(...).given(inputs)`, [sample, input]; the probe tells them.

    Args:
        ranks: principal axes of states that laws live in.
        delays: successive samples that make up a state, and an input; 1 for none.
        inputs: principal axes of the inputs that count, at the most.
        weight: of the way inputs drive, 0 to 1; 0 compares the laws of motion alone, freed from
            what inputs did, and 1 the drive alone.
        seen: what features of the movies are inputs; 8 x 8 pixels unless given.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        ranks: Sequence[int],
        delays: int,
        inputs: int,
        weight: float = 0.5,
        seen: Baseline | None = None,
    ) -> None:
        if not ranks or min(ranks) < 1 or delays < 1 or inputs < 1:
            raise ValueError(
                f"ranks is {ranks!r}, delays {delays} and inputs {inputs}: give 1 or more of each."
            )
        if not 0 <= weight <= 1:
            raise ValueError(f"weight is {weight}: give a number from 0 to 1.")
        self.ranks, self.delays = np.array(ranks, int), delays
        self.inputs, self.weight = inputs, weight
        self.seen = Pixels(8) if seen is None else seen
        self.told: Floats | None = None

    def given(self, inputs: Floats) -> "InputDSA":
        """See `Metric.given`."""
        found = copy(self)
        found.told = np.asarray(inputs, float)
        return found

    def trajectories(self, samples: Floats, groups: Whole) -> DrivenTrajectories:
        """Trajectories of samples [sample, unit] under the inputs.

        Raises:
            ValueError: if there are no inputs, or trajectories are too short or have too few axes.
        """
        if self.told is None:
            raise ValueError(
                "InputDSA knows no inputs: tell them by metric.given(inputs), or to score_models "
                "by the name of the metric."
            )
        if len(self.told) != len(samples):
            raise ValueError(
                f"inputs has {len(self.told)} samples, and there are {len(samples)}: give both "
                "for the same stimuli and steps."
            )
        axes = int(self.ranks.max())
        return driven_trajectories(samples, self.told, groups, self.delays, axes, self.inputs)

    def compare(self, model: DrivenTrajectories, brain: DrivenTrajectories) -> DrivenComparison:
        return DrivenComparison(model, brain, self)


def least_angle(one: Law, other: Law, shared: Floats, weight: float) -> Floats:
    """[draw] the least angle between two laws over changes of orthogonal coordinates.

    Args:
        one, other: of the same rank.
        shared: [input axis, input axis] inner products of the input axes of both.
        weight: of the drive.
    """
    crossed = one.drive @ shared @ other.drive.swapaxes(1, 2)
    size = np.linalg.norm(one.drive, axis=(1, 2)) * np.linalg.norm(other.drive, axis=(1, 2))
    crossed = crossed / np.maximum(size, np.finfo(float).tiny)[:, None, None]
    starts = joint_starts(one.motion, other.motion, crossed)
    return align_jointly(one.motion, other.motion, crossed, weight, starts).angle


def _once(side: DrivenTrajectories) -> Floats:
    """[1, trajectory] weights of a draw in which each trajectory comes once."""
    return np.ones((1, len(side.past)))
