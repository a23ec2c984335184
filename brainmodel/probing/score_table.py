"""The score table: model area x brain area x lag x metric, with ceiling, interval, p and counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from brainmodel.probing.alignment import PerStimulus, Sampling, group_numbers
from brainmodel.probing.bootstrap import SubjectMean, interval, stimulus_weights
from brainmodel.probing.folds import grouped_folds, refuse_leakage
from brainmodel.probing.metric import Comparison, Floats, Metric
from brainmodel.probing.permutation import false_discovery_rate, orders, p_value
from brainmodel.probing.recording import Recording
from brainmodel.probing.split_half import split_half_ceiling
from brainmodel.probing.targets import Target, snr_ceiling, targets

Row = dict[str, Any]


@dataclass(frozen=True)
class Scoring:
    """How a map is scored.

    Args:
        edges: [step + 1] of the model's steps, s from stimulus onset; `probe` takes those of the
            presentation.
        lags: seconds by which the brain runs behind the model.
        sampling: what counts as a sample; each stimulus unless given.
        bootstraps: draws of stimuli for the 95 % interval; 0 for none.
        permutations: of stimuli for p; 0 for none. Encoding metrics are fitted anew to each.
        halvings: of the repeats for the ceiling; 0 for none.
        by_subject: score each subject by itself; the score is their mean, and the interval is over
            subjects as well as stimuli.
        seed: of all of these.
        progress: show a progress bar.
    """

    edges: Sequence[float] = ()
    lags: Sequence[float] = (0.0,)
    sampling: Sampling | None = None
    bootstraps: int = 1000
    permutations: int = 0
    halvings: int = 20
    by_subject: bool = False
    seed: int = 0
    progress: bool = False

    def __post_init__(self) -> None:
        if len(self.edges) == 1 or not (np.diff(self.edges) > 0).all():
            raise ValueError(f"edges is {self.edges!r}: give 2 or more rising seconds.")
        for name in ("bootstraps", "permutations", "halvings"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give 0 or more.")

    @property
    def samples(self) -> Sampling:
        """What counts as a sample."""
        return PerStimulus() if self.sampling is None else self.sampling


def score_table(
    rates: Mapping[str, Floats],
    recording: Recording,
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
    recording: Recording,
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
    if frames is not None:
        _check_frames(frames, recording, metrics, scoring)
    edges = np.asarray(scoring.edges, float)
    found = list(targets(recording, edges, scoring.lags, scoring.samples, scoring.by_subject))
    areas = [(model, area) for model, rates in models.items() for area in rates]
    rows: list[Row] = []
    drawn: dict[bytes, Floats] = {}  # bootstrap weights by groups
    total = len(metrics) * (len(areas) + 1) * len(found)
    with tqdm(total=total, desc="scores", disable=not scoring.progress) as bar:
        for name, metric in metrics.items():
            sides = []
            for target in found:
                sides.append(_Side(metric, target, scoring, drawn))
                bar.update()
            for model, area in areas:
                cache: dict[bytes, Any] = {}
                for side in sides:
                    row: Row = {"model": model, "model_area": area, "metric": name}
                    rows.append(row | side.score(cache, models[model][area]))
                    bar.update()
    return with_false_discovery_rate(rows)


class _Side:
    """A brain area at a lag as a metric sees it: computed once for all model areas."""

    def __init__(
        self,
        metric: Metric[Any, Any],
        target: Target,
        scoring: Scoring,
        drawn: dict[bytes, Floats],
    ):
        self.metric, self.target, self.scoring, self.drawn = metric, target, scoring, drawn
        try:
            self.sides = [metric.brain_side(part) for part in target.parts]
            self.ceiling = _ceiling(metric, target, scoring)
        except ValueError as error:
            raise ValueError(f"{target.name}: {error}") from error

    def score(self, cache: dict[bytes, Any], rates: Floats) -> Row:
        """The row of one model area; `cache` holds its sides by the steps that are used."""
        metric, target, scoring = self.metric, self.target, self.scoring
        model = _model_side(cache, metric, rates, target, scoring)
        compared = [metric.compare(model, side) for side in self.sides]
        comparison = compared[0] if len(compared) == 1 else SubjectMean(compared, scoring.seed)
        row: Row = {"brain_area": target.area, "lag": target.lag}
        row |= (
            _judge(comparison, metric, target, scoring, self.drawn) | self.ceiling | target.counts
        )
        row |= {"units": rates.shape[2], "folds": metric.folds, "seed": scoring.seed}
        return row | {"higher_is_better": metric.higher_is_better}


def with_false_discovery_rate(rows: list[Row]) -> list[Row]:
    """The rows with q, over all rows of one metric; join tables first to correct over all."""
    for name in {row["metric"] for row in rows}:
        mine = [row for row in rows if row["metric"] == name]
        p = np.array([np.nan if row["p"] is None else row["p"] for row in mine])
        for row, q in zip(mine, false_discovery_rate(p), strict=True):
            row["q"] = float(q) if np.isfinite(q) else None
    return rows


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
        features = scoring.samples.features(rates[:, target.steps])
        cache[key] = metric.model_side(features, target.groups)
    return cache[key]


def _judge(
    comparison: Comparison,
    metric: Metric[Any, Any],
    target: Target,
    scoring: Scoring,
    drawn: dict[bytes, Floats],
) -> Row:
    """Score, interval and p."""
    groups, value = target.groups, comparison.value
    row: Row = {"score": value, "low": None, "high": None, "p": None}
    if scoring.bootstraps:
        key = groups.tobytes()
        if key not in drawn:  # the same array for all, which lets sides remember what they need
            drawn[key] = stimulus_weights(groups, scoring.bootstraps, scoring.seed)
        draws = comparison.reweighted(drawn[key])
        row["low"], row["high"] = interval(value, draws)
    if scoring.permutations and metric.by_sample:
        null = comparison.permuted(orders(groups, scoring.permutations, scoring.seed))
        sign = 1 if metric.higher_is_better else -1
        row["p"] = p_value(sign * value, sign * null)
    return row


def _ceiling(metric: Metric[Any, Any], target: Target, scoring: Scoring) -> Row:
    if not (scoring.halvings and metric.by_sample):
        return dict.fromkeys(("ceiling_low", "ceiling_high", "ncsnr", "ceiling_ncsnr"))
    found = [
        split_half_ceiling(metric, part, scoring.halvings, scoring.seed) for part in target.parts
    ]
    low, high = np.mean(found, axis=0)
    return {"ceiling_low": float(low), "ceiling_high": float(high)} | snr_ceiling(target.parts)


def _check_rates(rates: Mapping[str, Floats], recording: Recording, scoring: Scoring) -> None:
    expected = (len(recording.stimuli), len(scoring.edges) - 1)
    for area, values in rates.items():
        if values.ndim != 3 or values.shape[:2] != expected:
            raise ValueError(
                f"model area {area!r} has rates of shape {values.shape}: give "
                f"[{expected[0]} stimuli of {recording.source}, {expected[1]} steps, units]."
            )
        if not all(np.isfinite(value).all() for value in values):
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
