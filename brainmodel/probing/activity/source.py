"""Whose activity it is: of which model, at which stage, in which signal."""

from collections.abc import Mapping
from typing import NamedTuple

from brainmodel.probing.array_types import Floats


class Source(NamedTuple):
    """Whose activity it is."""

    model: str  # "trained", "untrained" or "baseline"
    instance: str  # which checkpoint or seed
    stage: int | None  # steps of training behind it; None where there is no training
    signal: str  # of the model; "frames" for baselines
    brain: str = ""  # the same before and after training; empty where that is not known


ModelActivity = Mapping[Source, Mapping[str, Floats]]
"""By source, by model area, [stimulus, step, unit]."""
