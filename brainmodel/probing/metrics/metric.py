"""The contract of a metric: how alike a model area and a brain area are, and how sure that is.

A metric reduces each side once (to a dissimilarity matrix, a kernel, the decompositions of its
folds) and compares the reduced sides, so a map of model areas x brain areas x lags costs little
more than its sides. A comparison can be repeated under bootstrap weights and under permutations.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.baselines import Baseline
from brainmodel.probing.statistics import NUDGE, Draws

ROUNDING = 1e-12  # of numbers about one

ModelSide = TypeVar("ModelSide")
BrainSide = TypeVar("BrainSide")


class Responses(NamedTuple):
    """Responses of one brain area by sample: a stimulus, or a step of one."""

    repeats: Floats  # [sample, repeat, neuron]; NaN where a repeat is missing
    groups: Whole  # [sample]; samples of one group are in one fold

    @property
    def shown(self) -> NDArray[np.bool_]:
        """[sample, repeat] whether the repeat is present in every neuron."""
        return np.asarray(np.isfinite(self.repeats).all(axis=2))

    @property
    def mean(self) -> Floats:
        """[sample, neuron] mean over the repeats that are present."""
        there = np.isfinite(self.repeats)
        return np.where(there, self.repeats, 0).sum(1) / there.sum(1)


class MeanResponses(NamedTuple):
    """Means over repeats, or over half of them."""

    values: Floats  # [sample, neuron]
    noise: Floats  # [sample] variance that noise leaves in them, mean over neurons


class Agreement(NamedTuple):
    """How two halves of the repeats agree, and what that says of the mean over all; [1] or
    [neuron]."""

    halves: Floats  # correlation of one half with the other
    squared: Floats  # of the correlation of the mean with noiseless responses; may be below 0


class Comparison(ABC):
    """One model area against one brain area.

    Attributes:
        value: the score.
        neurons: [neuron] the score of each, where the metric has one; otherwise None.
    """

    value: float
    neurons: Floats | None = None

    @abstractmethod
    def reweighted(self, weights: Floats) -> Floats:
        """[draw] the score when samples count `weights` [draw, sample] times."""

    def drawn(self, draws: Draws) -> Floats:
        """[draw] the score of bootstrap draws of stimuli, to first order.

        Scores are not linear in how often stimuli are drawn: one that is drawn twice is like
        itself, which raises alikeness. That is no part of the uncertainty, and is left out with all
        terms of higher order. Draws of two comparisons can be subtracted.
        """
        slope = (self.reweighted(draws.nudged) - self.value) / NUDGE
        return self.value + (draws.weights - 1) @ slope

    def example(self, neuron: int) -> tuple[Floats, Floats] | None:
        """[sample] responses of one neuron and their held-out predictions, in standard deviations
        of their fold; None where the metric predicts none."""
        return None

    @abstractmethod
    def permuted(self, orders: Whole) -> Floats:
        """[draw] the score when the brain's samples come in `orders` [draw, sample]."""


class Metric(ABC, Generic[ModelSide, BrainSide]):
    """A score of alikeness.

    Attributes:
        folds: folds of its cross-validation; 0 if there is none.
        higher_is_better: False for distances.
        by_sample: False if sides are not compared sample by sample: then there is no p by
            permutation of stimuli.
        bounds: between which scores lie.
        has_ceiling: False if halves of the repeats do not say what a noiseless model would score.
        seen: features of what was shown that it takes for inputs of both sides; None for no inputs.
    """

    folds: int = 0
    seen: Baseline | None = None
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    by_sample: ClassVar[bool] = True
    has_ceiling: ClassVar[bool] = True

    def given(self, inputs: Floats) -> "Metric[ModelSide, BrainSide]":
        """The same metric, told what was shown; itself if it takes no inputs.

        Args:
            inputs: [sample, input] of the samples that are to be compared.
        """
        del inputs
        return self

    @abstractmethod
    def model_side(self, features: Floats, groups: Whole) -> ModelSide:
        """Reduce a model area: features [sample, unit], groups [sample]."""

    @abstractmethod
    def brain_side(self, responses: Responses) -> BrainSide:
        """Reduce a brain area."""

    @abstractmethod
    def compare(self, model: ModelSide, brain: BrainSide) -> Comparison:
        """Compare two sides of the same samples."""

    @abstractmethod
    def shared(self, first: Floats, second: Floats) -> Floats:
        """What two sides [sample, neuron] of one brain area share, [1] or [neuron].

        An inner product of what the metric compares (responses, kernels, dissimilarities), in which
        noise that is independent on the two sides averages out.
        """

    def agreement(
        self, first: MeanResponses, second: MeanResponses, whole: MeanResponses
    ) -> Agreement:
        """How two halves agree, and what that says of the mean over all repeats.

        Halves share the signal alone; the mean over all repeats shares with itself the signal and
        the noise that is left. So the squared correlation of that mean with the signal is what the
        halves share over what the mean shares with itself, however many repeats are in a half.

        Args:
            first, second: over the two halves of the repeats.
            whole: over all repeats.
        """
        a, b, y = first.values, second.values, whole.values
        both, own = self.shared(a, b), self.shared(a, a) * self.shared(b, b)
        return Agreement(ratio(both, np.sqrt(own)), ratio(both, self.shared(y, y)))

    def on_scale(self, correlation: float) -> float:
        """A correlation of halves, or one that follows from it, on the scale of the score."""
        return correlation

    def __call__(self, features: Floats, responses: Responses) -> Comparison:
        """Compare features [sample, unit] with responses.

        Raises:
            ValueError: if they have different numbers of samples.
        """
        if len(features) != len(responses.groups):
            raise ValueError(
                f"features has {len(features)} samples and responses {len(responses.groups)}: "
                "give both for the same stimuli."
            )
        sides = self.model_side(features, responses.groups), self.brain_side(responses)
        return self.compare(*sides)


def ratio(above: Floats, below: Floats, least: Floats | float = ROUNDING) -> Floats:
    """Quotient; 0 where the divisor is `least` or less."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > least)


def rounding(values: Floats) -> Floats:
    """[column] what differences of values [row, column] may be by rounding alone."""
    return ROUNDING * np.abs(values).max(0)


def varies(features: Floats) -> bool:
    """Whether any unit of features [sample, unit] varies by more than rounding."""
    return bool((np.ptp(features, axis=0) > rounding(features)).any())


def require_varying(features: Floats) -> None:
    """ValueError, in one sentence, if no unit of features [sample, unit] varies."""
    if not varies(features):
        raise ValueError(
            f"none of the {features.shape[1]} model units varies: leave this area out."
        )
