"""The score table: model area x brain area x lag x metric, and questions to it."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from brainmodel.probing.scores.score import Score

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class ScoreTable:
    """Scores in the order in which they were taken.

    Best scores, best lags and the direction of scores are for tables of one metric.
    """

    scores: tuple[Score, ...]

    def __iter__(self) -> Iterator[Score]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def of(
        self,
        *,
        metric: str | None = None,
        brain_area: str | None = None,
        model: str | None = None,
        label: str | None = None,
        stage: int | None = None,
        lag: float | None = None,
    ) -> "ScoreTable":
        """The scores with these values; what is not given may be anything."""
        given = {
            "metric": metric,
            "brain_area": brain_area,
            "model": model,
            "label": label,
            "stage": stage,
            "lag": lag,
        }
        wanted = [(name, value) for name, value in given.items() if value is not None]
        return ScoreTable(
            tuple(s for s in self.scores if all(getattr(s, name) == v for name, v in wanted))
        )

    def grouped(self, key: Callable[[Score], Key]) -> dict[Key, "ScoreTable"]:
        """The scores by what they share, in order of appearance."""
        found: dict[Key, list[Score]] = {}
        for score in self.scores:
            found.setdefault(key(score), []).append(score)
        return {shared: ScoreTable(tuple(scores)) for shared, scores in found.items()}

    def distinct(self, key: Callable[[Score], Key]) -> list[Key]:
        """The different values, in order of appearance."""
        return list(dict.fromkeys(map(key, self.scores)))

    @property
    def metrics(self) -> list[str]:
        """Their names, each once."""
        return self.distinct(lambda score: score.metric)

    @property
    def brain_areas(self) -> list[str]:
        """Their names, each once."""
        return self.distinct(lambda score: score.brain_area)

    @property
    def labels(self) -> list[str]:
        """Names of model areas with their signals, and of baselines, each once."""
        return self.distinct(lambda score: score.label)

    @property
    def lags(self) -> list[float]:
        """Seconds by which the brain runs behind the model, each once."""
        return self.distinct(lambda score: score.lag)

    @property
    def last_stage(self) -> int:
        """The most steps of training that a trained brain has behind it."""
        return max(s.stage for s in self.scores if s.model == "trained" and s.stage is not None)

    @property
    def latest(self) -> "ScoreTable":
        """The scores without those of trained brains at earlier stages."""
        last = self.last_stage
        return ScoreTable(tuple(s for s in self.scores if s.model != "trained" or s.stage == last))

    @property
    def higher_is_better(self) -> bool:
        """False for distances."""
        return self.scores[0].higher_is_better

    @property
    def sign(self) -> int:
        """1 where higher scores are better, -1 for distances."""
        return 1 if self.higher_is_better else -1

    def best(self) -> Score:
        """The score that is best."""
        return max(self.scores, key=lambda score: self.sign * score.score)

    @property
    def best_lag(self) -> float:
        """The lag where the mean over seeds is best."""
        return max(self.scores, key=lambda score: self.sign * score.seeds_mean).lag

    def at_best_lag(self) -> dict[str, "ScoreTable"]:
        """By label, the scores of all seeds at the lag where their mean is best."""
        by_label = self.grouped(lambda score: score.label)
        return {label: table.of(lag=table.best_lag) for label, table in by_label.items()}

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary per score, for files."""
        return [score.as_row() for score in self.scores]
