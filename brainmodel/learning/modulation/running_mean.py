"""A running mean of what each stream has seen so far.

    mean(t) = sum_{s < t} (1 - r)^(t - 1 - s) x(s)  /  sum_{s < t} (1 - r)^(t - 1 - s)

It knows the past only, counts valid steps only, and is not biased towards a value at the start.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from areas.shapes import PerStream, PerStreamSteps


class RunningMean(NamedTuple):
    """What a stream remembers of its past."""

    total: PerStream  # the numerator
    weight: PerStream  # the denominator; 0 before the first valid step

    def mean(self, unless: PerStream) -> PerStream:
        """The mean; `unless` where nothing has been seen."""
        seen = self.weight > 0
        return torch.where(seen, self.total / self.weight.where(seen, 1.0), unless)


def follow_mean(
    values: PerStreamSteps,
    valid: Bool[Tensor, "time batch"],
    rate: float,
    memory: RunningMean | None,
) -> tuple[PerStreamSteps, RunningMean]:
    """The running mean as each step finds it, and what is remembered after the last.

    Args:
        values: x.
        valid: which steps count.
        rate: r, the weight of one step, in (0, 1].
        memory: from the window before.

    Returns:
        the mean, where nothing has been seen yet the value itself; the memory.
    """
    if memory is None:
        memory = RunningMean(torch.zeros_like(values[0]), torch.zeros_like(values[0]))
    means = []
    for value, counts in zip(values, valid, strict=True):
        means.append(memory.mean(unless=value))
        total = (1 - rate) * memory.total + value
        weight = (1 - rate) * memory.weight + 1
        memory = RunningMean(
            torch.where(counts, total, memory.total), torch.where(counts, weight, memory.weight)
        )
    return torch.stack(means), memory


def require_rate(rate: float) -> None:
    """Refuse a rate that is not in (0, 1] with a ValueError."""
    if not 0 < rate <= 1:
        raise ValueError(f"rate: need 0 < rate <= 1 (weight of one step in the mean), got {rate}")
