"""A recording in the model's time: resampling to its steps, lags, and what counts as a sample."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Responses
from brainmodel.probing.recordings.recording import Recording

SLACK = 1e-9  # s; rounding of bin edges


class Aligned(NamedTuple):
    """A model area and a brain area over the same samples."""

    features: Floats  # [sample, unit]
    responses: Responses


class Sampling(ABC):
    """What counts as a sample when the steps of the model and of the brain lie side by side."""

    @abstractmethod
    def features(self, rates: Floats) -> Floats:
        """[sample, unit] from rates [stimulus, step, unit]."""

    @abstractmethod
    def responses(self, recording: Recording) -> Responses:
        """From a recording in the model's steps."""


class PerStimulus(Sampling):
    """One sample per stimulus: means over the steps. For stills, and for slow responses."""

    def features(self, rates: Floats) -> Floats:
        return rates.mean(1)

    def responses(self, recording: Recording) -> Responses:
        values = recording.responses.mean(3)  # [neuron, stimulus, repeat]
        return Responses(values.transpose(1, 2, 0), group_numbers(recording))


class PerStep(Sampling):
    """One sample per stimulus and step; the steps of a stimulus form a group. For movies."""

    def features(self, rates: Floats) -> Floats:
        return rates.reshape(-1, rates.shape[2])

    def responses(self, recording: Recording) -> Responses:
        values = recording.responses.transpose(1, 3, 2, 0)  # [stimulus, step, repeat, neuron]
        groups = np.repeat(group_numbers(recording), values.shape[1])
        return Responses(values.reshape(-1, *values.shape[2:]), groups)


def group_numbers(recording: Recording) -> Whole:
    """[stimulus] its group as a number; each stimulus its own where none are given."""
    if recording.groups is None:
        return np.arange(len(recording.stimuli))
    return np.unique(recording.groups, return_inverse=True)[1]


def covered_steps(recording: Recording, edges: Floats, lag: float) -> Whole:
    """Steps of the model that the recording covers when the brain runs `lag` seconds behind.

    Raises:
        ValueError: if there is none.
    """
    start, end = recording.edges[0], recording.edges[-1]
    inside = (edges[:-1] + lag >= start - SLACK) & (edges[1:] + lag <= end + SLACK)
    if not inside.any():
        raise ValueError(
            f"{recording.source}: no step of the model, {edges[0]:g} to {edges[-1]:g} s, lies "
            f"within the recording, {start:g} to {end:g} s, at lag {lag:g} s: change lags or edges."
        )
    return np.flatnonzero(inside)


def resample(recording: Recording, edges: Floats) -> Recording:
    """The recording in other bins: means of its bins, weighted by how much they overlap.

    A repeat that misses any bin of a new bin is missing there.

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
