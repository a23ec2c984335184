"""What metrics of dynamics have in common: samples of a group are a trajectory."""

from abc import abstractmethod
from typing import ClassVar, TypeVar

import numpy as np

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics.metric import Metric, Responses, require_varying

Embedded = TypeVar("Embedded")


class DynamicsMetric(Metric[Embedded, Embedded]):
    """Angle in radians between dynamics, mean over ranks.

    Sides are not compared stimulus by stimulus, so there is neither a p by permutation of stimuli
    nor a ceiling from halves of the repeats.
    """

    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, np.pi)
    by_sample: ClassVar[bool] = False
    has_ceiling: ClassVar[bool] = False

    @abstractmethod
    def trajectories(self, samples: Floats, groups: Whole) -> Embedded:
        """Trajectories of samples [sample, unit].

        Raises:
            ValueError: if they are too short or have too few axes.
        """

    def model_side(self, features: Floats, groups: Whole) -> Embedded:
        require_varying(features)
        return self.trajectories(np.asarray(features, float), groups)

    def brain_side(self, responses: Responses) -> Embedded:
        return self.trajectories(responses.mean, responses.groups)

    def shared(self, first: Floats, second: Floats) -> Floats:
        """Not defined.

        Raises:
            ValueError: always.
        """
        name = type(self).__name__
        raise ValueError(f"{name} has no ceiling from halves of repeats: ask for none.")
