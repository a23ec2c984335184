"""The score table: model area x brain area x lag x metric, with ceiling, interval, p and counts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Metric, grouped_folds, refuse_leakage
from brainmodel.probing.recordings import DissimilarityData, Recorded, Recording
from brainmodel.probing.scores.matrices import matrix_targets
from brainmodel.probing.scores.neurons import neuron_targets
from brainmodel.probing.scores.score_row import Draws, Row, Side, naming
from brainmodel.probing.scores.scoring import Scoring
from brainmodel.probing.scores.target import Target
from brainmodel.probing.statistics import false_discovery_rate


def score_table(
    rates: Mapping[str, Floats],
    recording: Recorded,
    metrics: Mapping[str, Metric[Any, Any]],
    scoring: Scoring,
    model: str = "model",
    frames: NDArray[Any] | None = None,
) -> list[Row]:
    """Score every area of one model; see `score_models`.

    Args:
        rates: by model area, [stimulus, step, unit] to the recording's stimuli in its order.
        model: name of the model in the table.
    """
    return score_models({model: rates}, recording, metrics, scoring, frames)


def score_models(
    models: Mapping[Any, Mapping[str, Floats]],
    recording: Recorded,
    metrics: Mapping[str, Metric[Any, Any]],
    scoring: Scoring,
    frames: NDArray[Any] | None = None,
) -> list[Row]:
    """Score every model area against every brain area at every lag by every metric.

    The brain's sides and ceilings are computed once for all models.

    Args:
        models: by name, by model area, rates [stimulus, step, unit] to the recording's stimuli in
            its order.
        recording: what to compare with.
        metrics: by the name they get in the table.
        scoring: lags, draws, seeds.
        frames: [stimulus, ...] what was shown; then frames that would straddle folds are refused.

    Returns:
        One dictionary per score; q is over all scores of its metric.

    Raises:
        ValueError: in one sentence, before anything is scored.
    """
    for rates in models.values():
        _check_rates(rates, recording, scoring)
    found = require_scorable(recording, metrics, scoring, frames)
    areas = [(model, area) for model, rates in models.items() for area in rates]
    rows: list[Row] = []
    drawn: Draws = {}
    total = len(metrics) * (len(areas) + 1) * len(found)
    with tqdm(total=total, desc="scores", disable=not scoring.progress) as bar:
        for name, metric in metrics.items():
            sides = []
            for target in found:
                sides.append(Side(metric, target, scoring, drawn))
                bar.update()
            for model, area in areas:
                cache: dict[bytes, Any] = {}
                for side in sides:
                    row: Row = {"model": model, "model_area": area, "metric": name}
                    rows.append(row | side.score(cache, models[model][area]))
                    bar.update()
    return with_false_discovery_rate(rows)


def require_scorable(
    recording: Recorded,
    metrics: Mapping[str, Metric[Any, Any]],
    scoring: Scoring,
    frames: NDArray[Any] | None = None,
) -> list[Target]:
    """What is scored, if it can be; quick, so that it may be asked before a model is recorded.

    Raises:
        ValueError: in one sentence, if a lag, an area, a metric, a ceiling or frames will not do.
    """
    found = brain_targets(recording, scoring)
    for metric in metrics.values():
        for target in found:
            with naming(target):
                if target.lag == scoring.lags[0]:
                    target.sides(metric)
                if scoring.halvings and metric.by_sample:
                    target.require_ceiling()
        if metric.folds and frames is not None and isinstance(recording, Recording):
            fold_of = grouped_folds(recording.group_numbers, metric.folds, scoring.seed)
            refuse_leakage(frames, fold_of)
    return found


def brain_targets(recording: Recorded, scoring: Scoring) -> list[Target]:
    """Every brain area at every lag."""
    edges = np.asarray(scoring.edges, float)
    if isinstance(recording, DissimilarityData):
        return list(matrix_targets(recording, edges, scoring.lags, scoring.samples))
    return list(neuron_targets(recording, edges, scoring.lags, scoring.samples, scoring.by_subject))


def with_false_discovery_rate(rows: list[Row]) -> list[Row]:
    """The rows with q, over all rows of one metric; join tables first to correct over all."""
    for name in {row["metric"] for row in rows}:
        mine = [row for row in rows if row["metric"] == name]
        p = np.array([np.nan if row["p"] is None else row["p"] for row in mine])
        for row, q in zip(mine, false_discovery_rate(p), strict=True):
            row["q"] = float(q) if np.isfinite(q) else None
    return rows


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
