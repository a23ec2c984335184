"""A period of each stream: so many steps after it began."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from brainmodel.perturbation.period import (
    Period,
    WholeRanges,
    require_window,
    require_within,
    since,
)


class StreamSteps(Period):
    """From one step of a stream to another; of a trial, where the brain begins anew with each.

    Steps count from where the stream was reset, or from the first window of the perturbation, if
    the stream had begun before.

    Args:
        start: the first step, 0 that at which the stream begins.
        stop: the step before which it ends; never unless given.

    Raises:
        ValueError: if it has no step.
    """

    def __init__(self, start: int = 0, stop: int | None = None):
        require_window(start, stop)
        self.start, self.stop = start, stop

    def steps(
        self, reset: Tensor, labels: Mapping[str, Tensor], carried: Any
    ) -> tuple[Tensor, Any]:
        """See `Period.steps`."""
        del labels
        before = torch.full_like(reset[0], -1, dtype=torch.int64) if carried is None else carried
        step = since(reset, before)
        active = step >= self.start
        return (active if self.stop is None else active & (step < self.stop)), step[-1]

    def require(self, labels: WholeRanges, trial: int | None, anew: bool) -> None:
        """See `Period.require`."""
        if trial is not None and anew:
            require_within(self.start, self.stop, trial)
