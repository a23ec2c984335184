"""How a map is scored: lags, what counts as a sample, draws and their seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brainmodel.errors import require_seconds
from brainmodel.probing.scores.sampling import PerStimulus, Sampling


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
        by_subject: score each subject by itself; the score is their mean, its interval over
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
        for lag in self.lags:
            require_seconds("lags", lag, -10, 10)
        for name in ("bootstraps", "permutations", "halvings"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give 0 or more.")

    @property
    def samples(self) -> Sampling:
        """What counts as a sample."""
        return PerStimulus() if self.sampling is None else self.sampling
