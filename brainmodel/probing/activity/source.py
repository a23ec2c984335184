"""Where rates come from."""

from typing import NamedTuple


class Source(NamedTuple):
    """Where rates come from."""

    model: str  # "trained", "untrained" or "baseline"
    instance: str  # which checkpoint or seed
    stage: int | None  # steps of training behind it; None where there is no training
    signal: str  # of the model; "frames" for baselines
