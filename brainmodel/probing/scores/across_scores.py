"""What depends on the other scores of a table: false discovery rates, spread over seeds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from brainmodel.probing.scores.score import Score
from brainmodel.probing.statistics import false_discovery_rate


def with_false_discovery_rates(scores: Sequence[Score]) -> list[Score]:
    """The scores with q, over the trained areas of one metric: they alone are asked about.

    Join tables first to correct over all.
    """
    found = list(scores)
    trained = [index for index, score in enumerate(scores) if score.model == "trained"]
    for metric in {score.metric for score in scores}:
        mine = [index for index in trained if scores[index].metric == metric]
        given = [scores[index].p for index in mine]
        q = false_discovery_rate(np.array([np.nan if p is None else p for p in given]))
        for index, value in zip(mine, q, strict=True):
            found[index] = replace(found[index], q=float(value) if np.isfinite(value) else None)
    return found


def with_seeds(scores: Sequence[Score]) -> list[Score]:
    """The scores with number, mean and standard deviation of those that differ in seed alone."""
    alike: dict[tuple[Any, ...], list[float]] = {}
    for score in scores:
        alike.setdefault(score.without_seed, []).append(score.score)
    found = []
    for score in scores:
        values = alike[score.without_seed]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        mean = float(np.mean(values))
        found.append(replace(score, seeds=len(values), seeds_mean=mean, seeds_spread=spread))
    return found
