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


ModelActivity = Mapping[Source, Mapping[str, Floats]]
"""By source, by model area, [stimulus, step, unit]."""


def label_of(area: str, signal: str) -> str:
    """Name of a model area, with its signal unless that is the rate; of a baseline its own."""
    return area if signal in ("rate", "frames") else f"{area} {signal}"
