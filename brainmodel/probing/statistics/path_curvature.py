"""Curvature of trajectories: do representations straighten the paths of movies?

Henaff, Goris & Simoncelli (2019), Nat. Neurosci. 22:984: the mean angle between successive steps;
straightening is the curvature of the pixels less that of the representation.
"""

import numpy as np

from brainmodel.probing.array_types import Floats


def curvature(trajectories: Floats) -> Floats:
    """[trajectory] mean angle in degrees between successive steps.

    Args:
        trajectories: [trajectory, time, unit], three times or more.

    Raises:
        ValueError: if there are fewer than three times, or a trajectory stands still.
    """
    if trajectories.ndim != 3 or trajectories.shape[1] < 3:
        raise ValueError(
            f"trajectories has shape {trajectories.shape}: give [trajectory, time, unit] "
            "with 3 times or more."
        )
    steps = np.diff(np.asarray(trajectories, float), axis=1)
    length = np.linalg.norm(steps, axis=2, keepdims=True)
    if not (length > 0).all():
        still = int((length == 0).any(axis=(1, 2)).sum())
        raise ValueError(
            f"{still} of {len(steps)} trajectories stand still for a step, which has no "
            "direction: leave them out, or take fewer frames per second."
        )
    steps = steps / length
    cosine = (steps[:, 1:] * steps[:, :-1]).sum(2).clip(-1, 1)
    return np.degrees(np.arccos(cosine)).mean(1)


def straightening(frames: Floats, rates: Floats) -> Floats:
    """[trajectory] curvature of frames [trajectory, time, ...] less that of rates, in degrees."""
    return curvature(frames.reshape(*frames.shape[:2], -1)) - curvature(rates)
