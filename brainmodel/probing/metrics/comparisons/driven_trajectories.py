"""Trajectories that inputs drive, and the linear law from state and input to the next state.

Dynamic mode decomposition with control: Proctor, Brunton & Kutz (2016), SIAM J. Appl. Dyn. Syst.
15(1):142. A state is made up of successive samples, along the leading axes of all of them, and so
is an input:

    x(t) = A x(t-1) + B u(t) + c

The input of a step is in the state of that step, as where a frame is seen and answered; with delays
u(t) holds those before it as well. Axes keep their scale, unlike those of `trajectories.py`: a
scale of their own would depend on what drove them, and one law under two inputs would be two.
"""

from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.trajectories import with_delays

RIDGE = 1e-9  # of the variance of each regressor; inputs may tell all of a state


class DrivenTrajectories(NamedTuple):
    """Trajectories in principal coordinates, as the sums that laws are fitted from.

    Regressors are the state before, [axis], the input, [input axis], and 1.
    """

    samples: Floats  # [sample, unit] as given
    groups: Whole  # [sample] the trajectory each belongs to
    axes: int  # of states
    input_axes: Floats  # [delayed input, input axis] orthonormal
    past: Floats  # [trajectory, regressor, regressor]
    cross: Floats  # [trajectory, axis, regressor] of states with regressors


class Law(NamedTuple):
    """How states follow from states and inputs."""

    motion: Floats  # [draw, rank, rank] A
    drive: Floats  # [draw, rank, input axis] B


def driven_trajectories(
    samples: Floats, inputs: Floats, groups: Whole, delays: int, axes: int, input_axes: int
) -> DrivenTrajectories:
    """Trajectories of samples [sample, unit], driven by inputs [sample, input].

    Args:
        samples: of all trajectories.
        inputs: of the same samples.
        groups: [sample] the trajectory of each; its samples follow each other.
        delays: successive samples that make up a state, and an input.
        axes: of states to keep.
        input_axes: of inputs to keep, at the most.

    Raises:
        ValueError: if trajectories are too short, have too few axes, or inputs do not vary.
    """
    states, seen = (_embedded(values, groups, delays) for values in (samples, inputs))
    along, from_inputs = leading_axes(states, axes), leading_axes(seen, input_axes)
    if along.shape[1] < axes:
        raise ValueError(
            f"ranks go up to {axes}, but the trajectories have {along.shape[1]} axes: give lower "
            "ranks, or more delays."
        )
    if not from_inputs.shape[1]:
        raise ValueError("the inputs do not vary: nothing is known of what drives; take DSA.")
    past, cross = [], []
    for state, input_ in zip(states, seen, strict=True):
        x, u = state @ along, input_ @ from_inputs
        known = np.column_stack([x[:-1], u[1:], np.ones(len(x) - 1)])
        past.append(known.T @ known)
        cross.append(x[1:].T @ known)
    return DrivenTrajectories(samples, groups, axes, from_inputs, np.stack(past), np.stack(cross))


def _embedded(values: Floats, groups: Whole, delays: int) -> list[Floats]:
    """By trajectory, [step, delayed value], less the mean of all."""
    centred = values - values.mean(0)
    paths = [centred[groups == group] for group in np.unique(groups)]
    shortest = min(map(len, paths))
    if shortest < delays + 1:
        raise ValueError(
            f"a trajectory has {shortest} samples, too few for {delays} delays: InputDSA needs "
            f"movies of {delays + 1} steps or more (sampling PerStep), or fewer delays."
        )
    return [with_delays(path, delays) for path in paths]


def leading_axes(paths: list[Floats], axes: int) -> Floats:
    """[dimension, axis] orthonormal principal axes of paths [step, dimension]; those there are."""
    states = np.concatenate(paths)
    states = states - states.mean(0)
    wide = states.shape[1] > states.shape[0]
    values, vectors = np.linalg.eigh(states @ states.T if wide else states.T @ states)
    values, vectors = values[::-1][:axes], vectors[:, ::-1][:, :axes]
    there = values > max(values[0], 0) * states.shape[1 - wide] * np.finfo(float).eps
    values, vectors = values[there], vectors[:, there]
    along = states.T @ vectors / np.sqrt(values) if wide else vectors
    largest = np.take_along_axis(along, np.abs(along).argmax(0)[None], axis=0)
    return along * np.sign(largest)  # eigenvectors have no sign of their own


def law(side: DrivenTrajectories, rank: int, weights: Floats) -> Law:
    """A and B by least squares.

    Args:
        side: the trajectories.
        rank: axes of states, the leading ones.
        weights: [draw, trajectory] how often each counts.
    """
    used = np.r_[:rank, side.axes : side.past.shape[1]]
    past = np.tensordot(weights, side.past[:, used][:, :, used], 1)
    cross = np.tensordot(weights, side.cross[:, :rank][:, :, used], 1)
    size = np.sqrt(np.diagonal(past, axis1=1, axis2=2))
    size = np.where(size > 0, size, 1.0)
    square = past / size[:, :, None] / size[:, None] + RIDGE * np.eye(len(used))
    found = np.linalg.solve(square, (cross / size[:, None]).swapaxes(1, 2)) / size[:, :, None]
    found = found.swapaxes(1, 2)
    return Law(found[:, :, :rank], found[:, :, rank:-1])
