"""A recording in the time steps of a model: which steps it covers, and its means over them."""

from dataclasses import replace

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.recording import Recording

SLACK = 1e-9  # s; rounding of bin edges


def covered_steps(recording: Recording, edges: Floats, lag: float) -> Whole:
    """Steps of the model that the recording covers when the brain runs `lag` seconds behind.

    Args:
        recording: what was recorded.
        edges: [step + 1] of the model's steps, s from stimulus onset.
        lag: seconds by which the brain runs behind the model.

    Raises:
        ValueError: if there is none, or one of the two must be in milliseconds.
    """
    _require_seconds(recording, edges)
    start, end = recording.edges[0], recording.edges[-1]
    inside = (edges[:-1] + lag >= start - SLACK) & (edges[1:] + lag <= end + SLACK)
    if not inside.any():
        raise ValueError(
            f"{recording.source}: no step of the model, {edges[0]:g} to {edges[-1]:g} s, lies "
            f"within the recording, {start:g} to {end:g} s, at lag {lag:g} s: change lags or edges."
        )
    return np.flatnonzero(inside)


def _require_seconds(recording: Recording, edges: Floats) -> None:
    """Refuse a recording and a model of which one lasts far too long beside the other."""
    lasts, shown = float(np.ptp(recording.edges)), float(np.ptp(edges))
    shortest = float(np.diff(recording.edges).min())
    long = lasts >= 10 and (lasts >= 200 * shown or shortest >= 10 * shown)
    if long or shown >= max(10, 40 * lasts):
        culprit = "edges" if long else "presentation.seconds"
        raise ValueError(
            f"{recording.source}: responses last {lasts:g} s, in bins of {shortest:g} s or more, "
            f"and the model is recorded for {shown:g} s: give {culprit} in seconds, not "
            "milliseconds."
        )


def resample(recording: Recording, edges: Floats) -> Recording:
    """The recording in other bins: means of its bins, weighted by how much they overlap.

    A repeat that misses any bin of a new bin is missing there.

    Args:
        recording: what was recorded.
        edges: [time + 1] of the new bins, s from stimulus onset.

    Raises:
        ValueError: if the recording does not cover the new bins.
    """
    old = recording.edges
    if edges[0] < old[0] - SLACK or edges[-1] > old[-1] + SLACK:
        raise ValueError(
            f"{recording.source}: covers {old[0]:g} to {old[-1]:g} s, not {edges[0]:g} to "
            f"{edges[-1]:g} s: ask for bins within it."
        )
    upper = np.minimum(old[1:, None], edges[None, 1:])
    overlap = np.clip(upper - np.maximum(old[:-1, None], edges[None, :-1]), 0, None)
    overlap[overlap < SLACK] = 0
    weights = overlap / overlap.sum(0)
    values = np.nan_to_num(recording.responses) @ weights
    values[(np.isnan(recording.responses) @ (weights > 0)) > 0] = np.nan
    return replace(recording, responses=values, edges=np.asarray(edges, float))
