"""The score table: model area x brain area x lag x metric, with ceiling, interval, p and counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from brainmodel.probing.alignment import (
    PerStimulus,
    Sampling,
    covered_steps,
    group_numbers,
    resample,
)
from brainmodel.probing.bootstrap import interval, stimulus_weights
from brainmodel.probing.folds import grouped_folds, refuse_leakage
from brainmodel.probing.metric import Comparison, Floats, Metric, Responses
from brainmodel.probing.permutation import false_discovery_rate, orders, p_value
from brainmodel.probing.recording import Recording
from brainmodel.probing.split_half import split_half_ceiling

Row = dict[str, Any]


@dataclass(frozen=True)
class Scoring:
    """How a map is scored.

    Args:
        edges: [step + 1] of the model's steps, s from stimulus onset.
        lags: seconds by which the brain runs behind the model.
        sampling: what counts as a sample.
        bootstraps: draws of stimuli for the 95 % interval; 0 for none.
        permutations: of stimuli for p; 0 for none. Encoding metrics are fitted anew to each.
        halvings: of the repeats for the ceiling; 0 for none.
        seed: of all of these.
        progress: show a progress bar.
    """

    edges: Sequence[float]
    lags: Sequence[float] = (0.0,)
    sampling: Sampling = field(default_factory=PerStimulus)
    bootstraps: int = 1000
    permutations: int = 0
    halvings: int = 20
    seed: int = 0
    progress: bool = False

    def __post_init__(self) -> None:
        if len(self.edges) < 2 or not (np.diff(self.edges) > 0).all():
            raise ValueError(f"edges is {self.edges!r}: give 2 or more rising seconds.")
        for name in ("bootstraps", "permutations", "halvings"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give 0 or more.")


class Target(NamedTuple):
    """One brain area at one lag, without the neurons that say nothing."""

    area: str
    lag: float
    steps: NDArray[np.integer[Any]]
    responses: Responses
    counts: dict[str, int]


def score_table(
    rates: Mapping[str, Floats],
    recording: Recording,
    metrics: Mapping[str, Metric[Any, Any]],
    scoring: Scoring,
    model: str = "model",
    frames: NDArray[Any] | None = None,
) -> list[Row]:
    """Score every model area against every brain area at every lag by every metric.

    Args:
        rates: by model area, [stimulus, step, unit] to the recording's stimuli in its order.
        recording: what to compare with.
        metrics: by the name they get in the table.
        scoring: lags, draws, seeds.
        model: name of the model in the table.
        frames: [stimulus, ...] what was shown; then frames that would straddle folds are refused.

    Returns:
        One dictionary per score; q is over all scores of its metric.

    Raises:
        ValueError: in one sentence, before anything is scored.
    """
    _check_rates(rates, recording, scoring)
    if frames is not None:
        _check_frames(frames, recording, metrics, scoring)
    targets = list(_targets(recording, scoring))
    jobs = [(name, metric, area) for name, metric in metrics.items() for area in rates]
    total = len(jobs) * len(targets)
    rows: list[Row] = []
    with tqdm(total=total, desc="scores", disable=not scoring.progress) as bar:
        for name, metric in metrics.items():
            sides = [
                (metric.brain_side(t.responses), _ceiling(metric, t, scoring)) for t in targets
            ]
            for area, values in rates.items():
                cache: dict[bytes, Any] = {}
                for target, (brain, ceiling) in zip(targets, sides, strict=True):
                    side = _model_side(cache, metric, values, target, scoring)
                    comparison = metric.compare(side, brain)
                    row = {"model": model, "model_area": area, "metric": name}
                    row |= {"brain_area": target.area, "lag": target.lag}
                    row |= _judge(comparison, metric, target, scoring) | ceiling | target.counts
                    row |= {"units": values.shape[2], "folds": metric.folds, "seed": scoring.seed}
                    rows.append(row)
                    bar.update()
    return with_false_discovery_rate(rows)


def with_false_discovery_rate(rows: list[Row]) -> list[Row]:
    """The rows with q, over all rows of one metric; join tables first to correct over all."""
    for name in {row["metric"] for row in rows}:
        mine = [row for row in rows if row["metric"] == name]
        p = np.array([np.nan if row["p"] is None else row["p"] for row in mine])
        for row, q in zip(mine, false_discovery_rate(p), strict=True):
            row["q"] = float(q) if np.isfinite(q) else None
    return rows


def _brain_side(metric: Metric[Any, Any], target: Target, scoring: Scoring) -> tuple[Any, Row]:
    """The brain's side and its ceiling, computed once for all model areas."""
    return metric.brain_side(target.responses), _ceiling(metric, target, scoring)


def _model_side(
    cache: dict[bytes, Any],
    metric: Metric[Any, Any],
    rates: Floats,
    target: Target,
    scoring: Scoring,
) -> Any:
    """The model's side, computed once for all targets that use the same steps."""
    key = target.steps.tobytes()
    if key not in cache:
        features = scoring.sampling.features(rates[:, target.steps])
        cache[key] = metric.model_side(features, target.responses.groups)
    return cache[key]


def _judge(
    comparison: Comparison, metric: Metric[Any, Any], target: Target, scoring: Scoring
) -> Row:
    """Score, interval and p."""
    groups, value = target.responses.groups, comparison.value
    row: Row = {"score": value, "low": None, "high": None, "p": None}
    if scoring.bootstraps:
        draws = comparison.reweighted(stimulus_weights(groups, scoring.bootstraps, scoring.seed))
        row["low"], row["high"] = interval(value, draws)
    if scoring.permutations and metric.by_sample:
        null = comparison.permuted(orders(groups, scoring.permutations, scoring.seed))
        sign = 1 if metric.higher_is_better else -1
        row["p"] = p_value(sign * value, sign * null)
    return row


def _ceiling(metric: Metric[Any, Any], target: Target, scoring: Scoring) -> Row:
    if not (scoring.halvings and metric.by_sample):
        return {"ceiling_low": None, "ceiling_high": None}
    found = split_half_ceiling(metric, target.responses, scoring.halvings, scoring.seed)
    return {"ceiling_low": found.low, "ceiling_high": found.high}


def _targets(recording: Recording, scoring: Scoring) -> Iterator[Target]:
    """Brain areas x lags."""
    edges = np.asarray(scoring.edges, float)
    for lag in scoring.lags:
        steps = covered_steps(recording, edges, lag)
        shown = resample(recording, edges[steps[0] : steps[-1] + 2] + lag)
        for area in shown.area_names:
            responses = scoring.sampling.responses(shown.of(areas=area))
            yield Target(
                area, float(lag), steps, *telling(responses, f"{recording.source}: {area}")
            )


def telling(responses: Responses, name: str) -> tuple[Responses, dict[str, int]]:
    """The neurons that can be scored, and how many cannot and why.

    Raises:
        ValueError: if none can.
    """
    there = np.isfinite(responses.repeats).any(1)  # [sample, neuron]
    missing = ~there.all(0)
    filled = np.where(np.isfinite(responses.repeats), responses.repeats, 0).sum(1)
    silent = ~missing & (filled == 0).all(0)
    with np.errstate(invalid="ignore"):
        constant = ~missing & ~silent & (np.ptp(responses.mean, axis=0) == 0)
    keep = ~(missing | silent | constant)
    counts = {
        "samples": len(responses.groups),
        "groups": len(np.unique(responses.groups)),
        "neurons": int(keep.sum()),
        "silent": int(silent.sum()),
        "constant": int(constant.sum()),
        "missing": int(missing.sum()),
    }
    if not keep.any():
        raise ValueError(
            f"{name}: no neuron can be scored ({counts['silent']} silent, {counts['constant']} "
            f"constant, {counts['missing']} without response to some stimulus): leave the area "
            "out, or choose stimuli that its neurons saw."
        )
    return Responses(responses.repeats[:, :, keep], responses.groups), counts


def _check_rates(rates: Mapping[str, Floats], recording: Recording, scoring: Scoring) -> None:
    expected = (len(recording.stimuli), len(scoring.edges) - 1)
    for area, values in rates.items():
        if values.ndim != 3 or values.shape[:2] != expected:
            raise ValueError(
                f"model area {area!r} has rates of shape {values.shape}: give "
                f"[{expected[0]} stimuli of {recording.source}, {expected[1]} steps, units]."
            )
        if not np.isfinite(values).all():
            raise ValueError(f"model area {area!r} has rates that are not finite: mend the model.")


def _check_frames(
    frames: NDArray[Any],
    recording: Recording,
    metrics: Mapping[str, Metric[Any, Any]],
    scoring: Scoring,
) -> None:
    groups = group_numbers(recording)
    for metric in metrics.values():
        if metric.folds:
            refuse_leakage(frames, grouped_folds(groups, metric.folds, scoring.seed))
