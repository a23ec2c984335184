"""Score models: every model area against every brain area at every lag by every metric."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from brainmodel.probing.activity import ModelActivity, Source
from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Metric, grouped_folds, refuse_leakage
from brainmodel.probing.recordings import DissimilarityData, Recorded, Recording
from brainmodel.probing.scores.across_scores import with_false_discovery_rates, with_seeds
from brainmodel.probing.scores.matrices import matrix_targets
from brainmodel.probing.scores.neurons import neuron_targets
from brainmodel.probing.scores.prepared_target import (
    BootstrapDraws,
    MetricInUse,
    PreparedArea,
    PreparedTarget,
    naming,
)
from brainmodel.probing.scores.score import Score
from brainmodel.probing.scores.score_table import ScoreTable
from brainmodel.probing.scores.scoring import Scoring
from brainmodel.probing.scores.target import Target

Metrics = Mapping[str, Metric[Any, Any]]
Inputs = Mapping[str, Floats]


def score_model(
    rates: Mapping[str, Floats],
    recording: Recorded,
    metrics: Metrics,
    scoring: Scoring,
    frames: NDArray[Any] | None = None,
    inputs: Inputs | None = None,
) -> ScoreTable:
    """Score every area of one trained model; see `score_models`.

    Args:
        rates: by model area, [stimulus, step, unit] to the recording's stimuli in its order.
        recording, metrics, scoring, frames, inputs: as in `score_models`.
    """
    source = Source("trained", "model", None, "rate")
    return score_models({source: rates}, recording, metrics, scoring, frames, inputs)


def score_models(
    models: ModelActivity,
    recording: Recorded,
    metrics: Metrics,
    scoring: Scoring,
    frames: NDArray[Any] | None = None,
    inputs: Inputs | None = None,
) -> ScoreTable:
    """Score every model area against every brain area at every lag by every metric.

    The brain's sides and ceilings are computed once for all models.

    Args:
        models: by source, by model area, [stimulus, step, unit] to the recording's stimuli in its
            order.
        recording: what to compare with.
        metrics: by the names they get in the table.
        scoring: lags, draws, seeds.
        frames: [stimulus, ...] what was shown; if given, frames that would lie in two folds are
            refused.
        inputs: by name of the metrics that take some (`Metric.seen`), [stimulus, step, input].

    Raises:
        ValueError: in one sentence, before anything is scored.
    """
    for areas in models.values():
        _check_rates(areas, recording, scoring)
    targets = require_scorable(recording, metrics, scoring, frames)
    drawn = BootstrapDraws(scoring.bootstraps, scoring.seed)
    total = len(metrics) * (sum(map(len, models.values())) + 1) * len(targets)
    scores: list[Score] = []
    with tqdm(total=total, desc="scores", disable=not scoring.progress) as bar:
        for name, metric in metrics.items():
            in_use = MetricInUse(metric, scoring.samples, (inputs or {}).get(name))
            prepared = []
            for target in targets:
                prepared.append(PreparedTarget(name, in_use, target, scoring, drawn))
                bar.update()
            for area in _prepared_areas(models, in_use):
                for target in prepared:
                    scores.append(target.score(area))
                    bar.update()
    return ScoreTable(tuple(with_seeds(with_false_discovery_rates(scores))))


def _prepared_areas(models: ModelActivity, in_use: MetricInUse) -> Iterator[PreparedArea]:
    """One after the other, so that the sides of only one are in memory."""
    for source, areas in models.items():
        for area, rates in areas.items():
            yield PreparedArea(source, area, rates, in_use)


def require_scorable(
    recording: Recorded,
    metrics: Metrics,
    scoring: Scoring,
    frames: NDArray[Any] | None = None,
) -> list[Target]:
    """The targets, if all of them can be scored; quick, for use before a model is recorded.

    Raises:
        ValueError: in one sentence, if a lag, an area, a metric, a ceiling or frames do not fit.
    """
    targets = brain_targets(recording, scoring)
    for metric in metrics.values():
        for target in targets:
            with naming(target.name):
                if target.lag == scoring.lags[0]:
                    anything = np.arange(len(target.groups), dtype=float)[:, None]
                    target.sides(metric.given(anything))
                if scoring.halvings and metric.has_ceiling:
                    target.require_ceiling()
        if metric.folds and frames is not None and isinstance(recording, Recording):
            fold_of = grouped_folds(recording.group_numbers, metric.folds, scoring.seed)
            refuse_leakage(frames, fold_of)
    return targets


def brain_targets(recording: Recorded, scoring: Scoring) -> list[Target]:
    """Every brain area at every lag."""
    edges = np.asarray(scoring.edges, float)
    if isinstance(recording, DissimilarityData):
        return list(matrix_targets(recording, edges, scoring.lags, scoring.samples))
    return list(neuron_targets(recording, edges, scoring.lags, scoring.samples, scoring.by_subject))


def _check_rates(rates: Mapping[str, Floats], recording: Recorded, scoring: Scoring) -> None:
    expected = (len(recording.stimuli), len(scoring.edges) - 1)
    for area, values in rates.items():
        if values.ndim != 3 or values.shape[:2] != expected:
            raise ValueError(
                f"model area {area!r} has rates of shape {values.shape}: give "
                f"[{expected[0]} stimuli of {recording.source}, {expected[1]} steps, units]."
            )
        if not all(np.isfinite(value).all() for value in values):
            raise ValueError(f"model area {area!r} has rates that are not finite: mend the model.")
