"""What counts as a sample: a stimulus, or each step of one."""

from abc import ABC, abstractmethod

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Responses
from brainmodel.probing.recordings import Recording


class Sampling(ABC):
    """What counts as a sample when the steps of the model and of the brain lie side by side."""

    @abstractmethod
    def features(self, rates: Floats) -> Floats:
        """[sample, unit] from the activity [stimulus, step, unit] of a model area."""

    @abstractmethod
    def responses(self, recording: Recording) -> Responses:
        """From a recording in the steps of the model."""


class PerStimulus(Sampling):
    """One sample per stimulus: means over the steps. For stills, and for slow responses."""

    def features(self, rates: Floats) -> Floats:
        return rates.mean(1)

    def responses(self, recording: Recording) -> Responses:
        values = recording.responses.mean(3)  # [neuron, stimulus, repeat]
        return Responses(values.transpose(1, 2, 0), recording.group_numbers)


class PerStep(Sampling):
    """One sample per stimulus and step; the steps of a stimulus form a group. For movies."""

    def features(self, rates: Floats) -> Floats:
        return rates.reshape(-1, rates.shape[2])

    def responses(self, recording: Recording) -> Responses:
        values = recording.responses.transpose(1, 3, 2, 0)  # [stimulus, step, repeat, neuron]
        groups = np.repeat(recording.group_numbers, values.shape[1])
        return Responses(values.reshape(-1, *values.shape[2:]), groups)
