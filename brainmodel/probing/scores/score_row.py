"""One row of the score table: a model area against a brain area at a lag by a metric."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Comparison, Metric, SubjectMean
from brainmodel.probing.scores.scoring import Scoring
from brainmodel.probing.scores.target import Target
from brainmodel.probing.statistics import interval, orders, p_value, stimulus_weights

Row = dict[str, Any]
Draws = dict[bytes, Floats]
"""Bootstrap weights [draw, sample] by groups; the same array for all, which lets sides remember
what they need of it."""


class Side:
    """A brain area at a lag as a metric sees it: computed once for all model areas."""

    def __init__(
        self, metric: Metric[Any, Any], target: Target, scoring: Scoring, drawn: Draws
    ) -> None:
        self.metric, self.target, self.scoring, self.drawn = metric, target, scoring, drawn
        with naming(target):
            self.sides = target.sides(metric)
            self.ceiling = target.ceiling(metric, scoring.halvings, scoring.seed)

    def score(self, cache: dict[bytes, Any], rates: Floats) -> Row:
        """The row of one model area; `cache` holds its sides by the steps that are used."""
        metric, target = self.metric, self.target
        model = self._model_side(cache, rates)
        compared = [metric.compare(model, side) for side in self.sides]
        comparison = compared[0] if len(compared) == 1 else SubjectMean(compared, self.scoring.seed)
        row: Row = {"brain_area": target.area, "lag": target.lag}
        row |= self._judge(comparison) | self.ceiling | dict(target.counts)
        row |= {"units": rates.shape[2], "folds": metric.folds, "seed": self.scoring.seed}
        return row | {"higher_is_better": metric.higher_is_better}

    def _model_side(self, cache: dict[bytes, Any], rates: Floats) -> Any:
        """The model's side, computed once for all targets that use the same steps."""
        key = self.target.steps.tobytes()
        if key not in cache:
            features = self.scoring.samples.features(rates[:, self.target.steps])
            cache[key] = self.metric.model_side(features, self.target.groups)
        return cache[key]

    def _judge(self, comparison: Comparison) -> Row:
        """Score, interval and p."""
        groups, scoring, value = self.target.groups, self.scoring, comparison.value
        row: Row = {"score": value, "low": None, "high": None, "p": None}
        if scoring.bootstraps:
            key = groups.tobytes()
            if key not in self.drawn:
                self.drawn[key] = stimulus_weights(groups, scoring.bootstraps, scoring.seed)
            row["low"], row["high"] = interval(value, comparison.reweighted(self.drawn[key]))
        if scoring.permutations and self.metric.by_sample:
            null = comparison.permuted(orders(groups, scoring.permutations, scoring.seed))
            sign = 1 if self.metric.higher_is_better else -1
            row["p"] = p_value(sign * value, sign * null)
        return row


@contextmanager
def naming(target: Target) -> Iterator[None]:
    """Whatever is refused within says of which recording and area it is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{target.name}: {error}") from error
