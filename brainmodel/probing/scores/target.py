"""The contract of what is scored: one brain area at one lag, as metrics see it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.metrics import Metric


@dataclass(frozen=True, eq=False)
class Target(ABC):
    """One brain area at one lag.

    Args:
        name: of the recording and the area, for messages.
        area: of the brain.
        lag: seconds by which the brain runs behind the model.
        steps: of the model that are compared.
        groups: [sample] what stays together.
        counts: columns of the table that say how much was scored and what was left out.
    """

    name: str
    area: str
    lag: float
    steps: NDArray[np.integer[Any]]
    groups: NDArray[np.integer[Any]]
    counts: Mapping[str, int | None]

    @abstractmethod
    def sides(self, metric: Metric[Any, Any]) -> list[Any]:
        """The brain's side of each part: of each subject, or of all neurons together.

        Raises:
            ValueError: if the metric cannot see it.
        """

    @abstractmethod
    def require_ceiling(self) -> None:
        """ValueError, in one sentence, if a ceiling that was asked for cannot be had."""

    @abstractmethod
    def ceiling(self, metric: Metric[Any, Any], halvings: int, seed: int) -> dict[str, Any]:
        """The columns of the ceiling, each None where there is none.

        Args:
            metric: on whose scale.
            halvings: of the repeats; 0 for no ceiling.
            seed: of the halvings.
        """


NO_CEILING: dict[str, Any] = dict.fromkeys(
    ("ceiling_low", "ceiling_high", "ncsnr", "ceiling_ncsnr")
)
"""Its columns where there is none."""
