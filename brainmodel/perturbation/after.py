"""A period after an event: some steps from where a label took on a value."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from brainmodel.perturbation.period import (
    Period,
    WholeRanges,
    label_of,
    require_label,
    require_window,
    require_within,
    since,
)

NEVER = -(2**40)
"""Steps since an event that there was not."""


class After(Period):
    """From one step to another since the last onset: that of a stimulus, or of a trial.

    An onset is a step at which a label is something, and was something else the step before or the
    stream began. It is something where it is `value`; or, unless that is given, where it is true,
    or 0 and more: so `label: trial` counts the steps of each trial. The period goes on when the
    label ends, and ends with the stream.

    Args:
        label: its name.
        start: the first step, 0 that of the onset.
        stop: the step before which it ends; not before the next onset unless given.
        value: of the label, whose onsets count.

    Raises:
        ValueError: if it has no step; in `require` and `steps`, if there is no such label.
    """

    def __init__(
        self, label: str, start: int = 0, stop: int | None = None, value: int | None = None
    ):
        require_window(start, stop)
        self.label, self.start, self.stop, self.value = label, start, stop, value

    def steps(
        self, reset: Tensor, labels: Mapping[str, Tensor], carried: Any
    ) -> tuple[Tensor, Any]:
        """See `Period.steps`."""
        now = label_of(self.label, labels).to(reset.device)
        first = reset.clone()
        if carried is None:
            first[0], past = True, torch.full_like(reset[0], NEVER, dtype=torch.int64)
            last = now[0]
        else:
            last, past = carried
        onset = self._something(now) & (first | (now != torch.cat([last[None], now[:-1]])))
        step, age = since(onset, past), since(reset, torch.full_like(past, -NEVER))
        step = torch.where(step > age, NEVER, step)  # a stream that began since knows no onset
        active = step >= self.start
        return (active if self.stop is None else active & (step < self.stop)), (now[-1], step[-1])

    def _something(self, label: Tensor) -> Tensor:
        if self.value is not None:
            return label == self.value
        return label if label.dtype == torch.bool else label >= 0

    def require(self, labels: WholeRanges, trial: int | None, anew: bool) -> None:
        """See `Period.require`."""
        require_label(self.label, labels)
        whole = labels[self.label]
        if whole and self.value is not None and not whole[0] <= self.value <= whole[1]:
            raise ValueError(
                f"value: {self.label!r} is a whole number from {whole[0]} to {whole[1]}, and never "
                f"{self.value}"
            )
        if trial is not None:
            require_within(self.start, self.stop, trial)
