"""A target and a model area as one metric needs them, each computed once for all comparisons."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from brainmodel.probing.activity import Source
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.metrics import Comparison, Metric, SubjectMean
from brainmodel.probing.scores.sampling import Sampling
from brainmodel.probing.scores.score import Score, ScoreDetail
from brainmodel.probing.scores.scoring import Scoring
from brainmodel.probing.scores.target import Target
from brainmodel.probing.statistics import (
    Draws,
    draws_of,
    interval,
    orders,
    orders_there_are,
    tail_p,
)


class BootstrapDraws:
    """Bootstrap draws: the same arrays for all targets of the same groups.

    Sides keep what they compute for an array of weights, so it is worth being the same.
    """

    def __init__(self, draws: int, seed: int) -> None:
        self.draws, self.seed = draws, seed
        self._known: dict[bytes, Draws] = {}

    def of(self, groups: Whole) -> Draws:
        """For groups [sample]."""
        key = groups.tobytes()
        if key not in self._known:
            self._known[key] = draws_of(groups, self.draws, self.seed)
        return self._known[key]


class MetricInUse(NamedTuple):
    """A metric, and what it is told of what was shown."""

    metric: Metric[Any, Any]
    sampling: Sampling
    inputs: Floats | None  # [stimulus, step, input]; None if it takes none

    def over(self, steps: Whole) -> Metric[Any, Any]:
        """The metric, told what was shown at these steps of the model."""
        if self.inputs is None:
            return self.metric
        return self.metric.given(self.sampling.features(self.inputs[:, steps]))


class PreparedArea:
    """A model area as a metric needs it: computed once for all targets of the same steps.

    Args:
        source: whose area it is.
        name: of the area.
        rates: [stimulus, step, unit].
        in_use: by which metric it is scored.
    """

    def __init__(self, source: Source, name: str, rates: Floats, in_use: MetricInUse) -> None:
        self.source, self.name, self.rates, self.in_use = source, name, rates, in_use
        self._known: dict[bytes, Any] = {}

    def side(self, target: Target) -> Any:
        """The model's side over the steps that the target covers.

        Raises:
            ValueError: naming the area, if the metric cannot compare it.
        """
        key = target.steps.tobytes()
        if key not in self._known:
            features = self.in_use.sampling.features(self.rates[:, target.steps])
            with naming(f"{self.source.model} {self.source.instance}, {self.name}"):
                metric = self.in_use.over(target.steps)
                self._known[key] = metric.model_side(features, target.groups)
        return self._known[key]


class Judgement(NamedTuple):
    """How sure a score is; None where there is none."""

    low: float | None
    high: float | None
    p: float | None
    draws: Floats | None


class PreparedTarget:
    """A target as a metric needs it: computed once for all model areas.

    Args:
        name: of the metric.
        in_use: the metric by which it is scored.
        target: what is scored.
        scoring: draws and seeds.
        drawn: weights of the bootstrap.
    """

    def __init__(
        self,
        name: str,
        in_use: MetricInUse,
        target: Target,
        scoring: Scoring,
        drawn: BootstrapDraws,
    ) -> None:
        self.name, self.target, self.scoring, self.drawn = name, target, scoring, drawn
        with naming(target.name):
            self.metric = in_use.over(target.steps)
            self.sides = target.sides(self.metric)
            self.ceilings = target.ceilings(self.metric, scoring.halvings, scoring.seed)

    def score(self, area: PreparedArea) -> Score:
        """The score of one model area, without what depends on other scores."""
        comparison, ceilings = self._compare(area), self.ceilings
        judged = self._judge(comparison, area.source.model == "trained")
        detail = ScoreDetail(judged.draws, comparison.neurons, ceilings.neurons)
        return Score(
            **area.source._asdict(),
            model_area=area.name,
            metric=self.name,
            brain_area=self.target.area,
            lag=self.target.lag,
            score=comparison.value,
            low=judged.low,
            high=judged.high,
            p=judged.p,
            ceiling_low=ceilings.low,
            ceiling_high=ceilings.high,
            ncsnr=ceilings.ncsnr,
            ceiling_ncsnr=ceilings.ncsnr_encoding,
            **self.target.counts._asdict(),
            units=area.rates.shape[2],
            folds=self.metric.folds,
            seed=self.scoring.seed,
            higher_is_better=self.metric.higher_is_better,
            detail=detail._replace(example=comparison.example(detail.surest)),
        )

    def _compare(self, area: PreparedArea) -> Comparison:
        """A model area with the one part, or with each subject."""
        model = area.side(self.target)
        compared = [self.metric.compare(model, side) for side in self.sides]
        return compared[0] if len(compared) == 1 else SubjectMean(compared, self.scoring.seed)

    def _judge(self, comparison: Comparison, trained: bool) -> Judgement:
        """Interval, and p of trained areas: that pixels and stimuli are related is no question."""
        groups, scoring, value = self.target.groups, self.scoring, comparison.value
        low = high = p = draws = None
        if scoring.bootstraps:
            draws = comparison.drawn(self.drawn.of(groups))
            low, high = np.clip(interval(value, draws), *self.metric.bounds).tolist()
        if scoring.permutations and self.metric.by_sample and trained:
            null = comparison.permuted(orders(groups, scoring.permutations, scoring.seed))
            sign = 1 if self.metric.higher_is_better else -1
            p = tail_p(sign * value, sign * null, orders_there_are(groups))
        return Judgement(low, high, p, draws)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """ValueErrors that are raised within get the name of what they are about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
