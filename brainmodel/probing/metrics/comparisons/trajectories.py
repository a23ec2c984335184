"""Trajectories in delayed principal coordinates, and linear operators from state to state (HAVOK).

Brunton et al. (2017), Nat. Commun. 8:19: a state is made up of successive samples; states are taken
along their leading axes, each scaled to unit variance; operators are fitted by least squares.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.comparisons.folds import grouped_folds


class Trajectories(NamedTuple):
    """Trajectories in principal coordinates, as the sums that operators are fitted from."""

    samples: Floats  # [sample, unit] as given
    groups: Whole  # [sample] the trajectory each belongs to
    scale: Floats  # [axis] standard deviation of each axis before it was scaled to one
    past: Floats  # [trajectory, axis, axis] sum of x(t) x(t)'
    cross: Floats  # [trajectory, axis, axis] sum of x(t+1) x(t)'
    future: Floats  # [trajectory, axis, axis] sum of x(t+1) x(t+1)'


def trajectories_of(samples: Floats, groups: Whole, delays: int, axes: int) -> Trajectories:
    """Trajectories of samples [sample, unit] in their leading axes.

    Args:
        samples: of all trajectories.
        groups: [sample] the trajectory of each; its samples follow each other.
        delays: successive samples that make up a state.
        axes: to keep.

    Raises:
        ValueError: if trajectories are too short or have too few axes.
    """
    centred = samples - samples.mean(0)
    paths = [with_delays(centred[groups == group], delays) for group in np.unique(groups)]
    shortest = min(len(path) for path in paths)
    if shortest < 2:
        raise ValueError(
            f"a trajectory has {shortest + delays - 1} samples, too few for {delays} delays: DSA "
            f"needs movies of {delays + 1} steps or more (sampling PerStep), or fewer delays."
        )
    states, scale = principal(np.concatenate(paths), axes)
    cuts = np.cumsum([len(path) for path in paths])[:-1]
    pairs = [(path[:-1], path[1:]) for path in np.split(states, cuts)]
    return Trajectories(
        samples,
        groups,
        scale,
        np.stack([x.T @ x for x, _ in pairs]),
        np.stack([y.T @ x for x, y in pairs]),
        np.stack([y.T @ y for _, y in pairs]),
    )


def with_delays(path: Floats, delays: int) -> Floats:
    """[time - delays + 1, delays * unit]: each sample with those before it."""
    times = len(path) - delays + 1
    return np.concatenate([path[k : k + times] for k in range(delays)], axis=1)


def principal(states: Floats, axes: int) -> tuple[Floats, Floats]:
    """States [state, dimension] along their leading axes, of unit variance, and their deviations.

    Raises:
        ValueError: if there are fewer axes.
    """
    wide = states.shape[1] > states.shape[0]
    gram = states @ states.T if wide else states.T @ states
    size = len(gram)
    values, vectors = eigh(gram, subset_by_index=[max(0, size - axes), size - 1])
    values, vectors = values[::-1], vectors[:, ::-1]
    present = int((values > values[0] * size * np.finfo(float).eps).sum())
    if present < axes:
        raise ValueError(
            f"ranks go up to {axes}, but the trajectories have {present} axes: give lower ranks, "
            "or more delays."
        )
    along = vectors if wide else states @ vectors / np.sqrt(values)
    largest = np.take_along_axis(along, np.abs(along).argmax(0)[None], axis=0)
    along = along * np.sign(largest)  # eigenvectors have no sign of their own
    return along * np.sqrt(len(states)), np.sqrt(values / len(states))


def operator(side: Trajectories, rank: int, weights: Floats) -> Floats:
    """[draw, rank, rank] A of x(t+1) = A x(t) by least squares.

    Args:
        side: the trajectories.
        rank: axes, the leading ones.
        weights: [draw, trajectory] how often each counts.
    """
    past, cross = (np.tensordot(weights, m[:, :rank, :rank], 1) for m in (side.past, side.cross))
    return np.linalg.solve(past, cross.swapaxes(1, 2)).swapaxes(1, 2)


def explained_next_state(side: Trajectories, ranks: Whole, folds: int = 5) -> Floats:
    """[rank] share of the variance of the next state that operators of that rank explain.

    In all axes, of held-out trajectories; NaN where there is only one trajectory.
    """
    count = len(side.past)
    if count < 2:
        return np.full(len(ranks), np.nan)
    fold_of = grouped_folds(np.arange(count), min(folds, count))
    shares = [_explained_next_state(side, int(rank), fold_of) for rank in ranks]
    return np.array(shares)


def _explained_next_state(side: Trajectories, rank: int, fold_of: Whole) -> float:
    weights, left, total = np.diag(side.scale**2), 0.0, 0.0
    for fold in np.unique(fold_of):
        train, test = fold_of != fold, fold_of == fold
        fit = np.linalg.solve(
            side.past[train].sum(0)[:rank, :rank], side.cross[train].sum(0)[:, :rank].T
        ).T
        past, cross, future = (m[test].sum(0) for m in (side.past, side.cross, side.future))
        met = fit @ cross[:, :rank].T
        error = future - met - met.T + fit @ past[:rank, :rank] @ fit.T
        left += float(np.trace(weights @ error))
        total += float(np.trace(weights @ future))
    return 1 - left / total


def by_trajectory(groups: Whole, weights: Floats) -> Floats:
    """[draw, trajectory] from weights [draw, sample] that are alike within each trajectory."""
    first = np.unique(groups, return_index=True)[1]
    return weights[:, first]


def once(side: Trajectories) -> Floats:
    """[1, trajectory] weights of a draw in which each trajectory comes once."""
    return np.ones((1, len(side.past)))
