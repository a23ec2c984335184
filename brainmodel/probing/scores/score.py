"""One score: how alike a model area and a brain area are, at one lag, by one metric."""

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats


class ScoreDetail(NamedTuple):
    """What a score rests on, and no table holds; None where there is none."""

    draws: Floats | None  # [draw] bootstrap draws of stimuli, the same for all scores of a table
    neurons: Floats | None  # [neuron] the score of each
    ceilings: Floats | None  # [neuron] what a noiseless model would score
    example: tuple[Floats, Floats] | None = None  # [sample] observed, predicted of the surest one

    @property
    def surest(self) -> int:
        """The neuron with the highest ceiling; the first where there are none."""
        return 0 if self.ceilings is None else int(np.argmax(self.ceilings))


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One row of the score table; its fields are the columns of scores.csv, in their order."""

    model: str  # "trained", "untrained" or "baseline"
    instance: str  # checkpoint, seed, or name of the baseline
    stage: int | None  # steps of training behind it; None where there is no training
    signal: str  # of the model area; "frames" for baselines
    model_area: str
    metric: str  # its name in the table
    brain_area: str
    lag: float  # s by which the brain runs behind the model
    score: float
    low: float | None  # 95 % interval
    high: float | None
    p: float | None  # by permutation of the stimuli
    ceiling_low: float | None
    ceiling_high: float | None
    ncsnr: float | None  # median over neurons
    ceiling_ncsnr: float | None  # correlation that this leaves to an encoding model
    samples: int
    groups: int  # of samples that stay on one side of a fold
    neurons: int | None  # that were scored; None where only dissimilarities are known
    silent: int | None  # neurons that were not scored, as they never fire,
    constant: int | None  # never vary,
    missing: int | None  # or lack a response to some stimulus
    parts: int  # subjects that were scored one by one
    units: int  # of the model area
    folds: int  # of cross-validation; 0 for none
    seed: int
    higher_is_better: bool
    q: float | None = None  # false discovery rate over the trained areas of the metric
    seeds: int = 1  # scores that differ from this one in their seed alone, and this one
    seeds_mean: float = float("nan")  # of these scores
    seeds_spread: float | None = None  # their standard deviation; None for a single one
    brain: str = ""  # the same before and after training; empty where that is not known
    detail: ScoreDetail | None = field(default=None, compare=False, repr=False)

    @property
    def label(self) -> str:
        """Name of the model area, with its signal unless that is the rate."""
        plain = self.signal in ("rate", "frames")
        return self.model_area if plain else f"{self.model_area} {self.signal}"

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the 95 % interval, where there is one."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def ceiling(self) -> tuple[float, float] | None:
        """Both ends of the noise ceiling, where there is one."""
        low, high = self.ceiling_low, self.ceiling_high
        return None if low is None or high is None else (low, high)

    @property
    def of_ceiling(self) -> float | None:
        """The score as a share of what a noiseless model would score; None for distances."""
        if not self.ceiling_high or not self.higher_is_better:
            return None
        return self.score / self.ceiling_high

    @property
    def without_seed(self) -> tuple[Any, ...]:
        """What scores share that differ in their seed alone."""
        where = (self.model_area, self.metric, self.brain_area, self.lag)
        return (self.model, self.stage, self.signal, *where)

    def as_row(self) -> dict[str, Any]:
        """Values by column."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "detail"}
