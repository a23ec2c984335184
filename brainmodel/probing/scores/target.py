"""The contract of a target: one brain area at one lag, as metrics see it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics import Metric


class Counts(NamedTuple):
    """How much of a brain area is scored, and what is left out."""

    samples: int
    groups: int  # of samples that stay on one side of a fold
    neurons: int | None = None  # None where only dissimilarities are known
    silent: int | None = None  # never fire
    constant: int | None = None  # never vary
    missing: int | None = None  # lack a response to some stimulus
    parts: int = 1  # scored one by one


class CeilingColumns(NamedTuple):
    """The noise ceiling of a brain area by a metric; None where there is none."""

    low: float | None = None
    high: float | None = None
    ncsnr: float | None = None  # median over neurons
    ncsnr_encoding: float | None = None  # correlation that it leaves to an encoding model
    neurons: Floats | None = None  # [neuron] high of each, where the metric scores each


@dataclass(frozen=True, eq=False)
class Target(ABC):
    """One brain area at one lag.

    Args:
        name: of the recording and the area, for messages.
        area: of the brain.
        lag: seconds by which the brain runs behind the model.
        steps: of the model that are compared.
        groups: [sample] numbers; samples of one group stay together.
        counts: how much is scored, and what is left out.
    """

    name: str
    area: str
    lag: float
    steps: Whole
    groups: Whole
    counts: Counts

    @abstractmethod
    def sides(self, metric: Metric[Any, Any]) -> list[Any]:
        """The brain's side of each part: of each subject, or of all neurons together.

        Raises:
            ValueError: if the metric cannot compare what is known.
        """

    @abstractmethod
    def require_ceiling(self) -> None:
        """ValueError, in one sentence, if there are too few repeats for a ceiling."""

    @abstractmethod
    def ceilings(self, metric: Metric[Any, Any], halvings: int, seed: int) -> CeilingColumns:
        """The noise ceiling.

        Args:
            metric: on whose scale.
            halvings: of the repeats; 0 for no ceiling.
            seed: of the halvings.
        """
