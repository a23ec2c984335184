"""Targets of which only dissimilarity matrices are known: areas, subject by subject, by RSA."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import RSA, DissimilarityPairs, Metric
from brainmodel.probing.recordings import DissimilarityData, by_hierarchy
from brainmodel.probing.scores.ceilings.rsa_ceiling import subject_ceiling
from brainmodel.probing.scores.sampling import PerStimulus, Sampling
from brainmodel.probing.scores.target import CeilingColumns, Counts, Target


@dataclass(frozen=True, eq=False)
class Matrices(Target):
    """Dissimilarity matrices of one brain area.

    Args:
        data: one matrix per subject.
    """

    data: DissimilarityData

    def sides(self, metric: Metric[Any, Any]) -> list[DissimilarityPairs]:
        if not isinstance(metric, RSA):
            raise ValueError(
                f"{type(metric).__name__} compares responses, and only dissimilarities are known: "
                "take metrics RSA or SpearmanRSA."
            )
        return [metric.known_side(vector) for vector in self.data.pairs]

    def require_ceiling(self) -> None:
        """Nothing is refused: a single subject has no ceiling."""

    def ceilings(self, metric: Metric[Any, Any], halvings: int, seed: int) -> CeilingColumns:
        if not (halvings and isinstance(metric, RSA)) or len(self.data.matrices) < 2:
            return CeilingColumns()
        return CeilingColumns(*subject_ceiling(self.data, metric.comparison))


def matrix_targets(
    data: DissimilarityData, edges: Floats, lags: Sequence[float], sampling: Sampling
) -> Iterator[Matrices]:
    """Every brain area; matrices of several sessions are averaged within their subject.

    Args:
        data: what is known.
        edges: [step + 1] of the model's steps, all of which are used.
        lags: no more than 0; matrices have no time.
        sampling: each stimulus is a sample.

    Raises:
        ValueError: if lags or samples need time.
    """
    if list(lags) != [0] or not isinstance(sampling, PerStimulus):
        raise ValueError(
            f"{data.source}: dissimilarities have no time: leave out scoring.lags and "
            "scoring.sampling."
        )
    stimuli = len(data.stimuli)
    for area in by_hierarchy(data.area_names):
        mine = data.of(areas=area).mean_over_sessions()
        counts = Counts(samples=stimuli, groups=stimuli, parts=len(mine.matrices))
        steps, groups = np.arange(len(edges) - 1), np.arange(stimuli)
        yield Matrices(f"{data.source}: {area}", area, 0.0, steps, groups, counts, mine)
