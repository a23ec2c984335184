"""The contract of a period: at which steps of each stream a perturbation acts."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

WholeRanges = Mapping[str, tuple[int, int] | None]
"""By name of a label that there is, between which whole numbers it lies; None where unknown."""


class Period(ABC):
    """When: a pure function of what streams did so far, with memory of its own for each stream."""

    @abstractmethod
    def steps(
        self, reset: Bool[Tensor, "time batch"], labels: Mapping[str, Tensor], carried: Any
    ) -> tuple[Bool[Tensor, "time batch"], Any]:
        """At which steps of a window it is.

        Args:
            reset: true where a stream begins anew.
            labels: of the window, by name, [time, batch].
            carried: from the window before; None at the very first.

        Returns:
            the steps; what to carry to the next window.

        Raises:
            ValueError: if there is no such label.
        """

    def require(self, labels: WholeRanges, trial: int | None, anew: bool) -> None:
        """Refuse labels that the data have not, and steps that no trial has.

        Args:
            labels: that the data have.
            trial: steps of the longest trial; None where there are no trials.
            anew: whether streams begin anew with each trial.

        Raises:
            ValueError: in one sentence.
        """
        del labels, trial, anew


def label_of(name: str, labels: Mapping[str, Tensor]) -> Tensor:
    """A label, [time, batch].

    Raises:
        ValueError: if there is none, or it is not one number a step.
    """
    if name not in labels:
        raise ValueError(
            f"label: there is no {name!r} here; there are {', '.join(labels) or 'none'}"
        )
    if labels[name].dim() != 2:
        raise ValueError(
            f"label: {name!r} is {list(labels[name].shape)}; need one number a step, [time, batch]"
        )
    return labels[name]


def require_label(name: str, labels: WholeRanges) -> None:
    """Refuse a label that the data have not.

    Raises:
        ValueError: naming those that there are.
    """
    if name not in labels:
        there = ", ".join(labels) or "none"
        raise ValueError(f"label: the data have no {name!r}; there are {there}")


def require_window(start: int, stop: int | None) -> None:
    """Refuse anything but steps from a first one to a later one.

    Raises:
        ValueError: in one sentence.
    """
    if start < 0:
        raise ValueError(f"start: need step 0 or a later one, got {start}")
    if stop is not None and stop <= start:
        raise ValueError(f"stop: need a step after start, which is {start}, got {stop}")


def require_within(start: int, stop: int | None, trial: int) -> None:
    """Refuse steps beyond the longest trial.

    Raises:
        ValueError: in one sentence.
    """
    for name, step, most in (("start", start, trial - 1), ("stop", stop, trial)):
        if step is not None and step > most:
            raise ValueError(
                f"{name}: is step {step}, beyond the longest trial, which has {trial} steps"
            )


def since(
    event: Bool[Tensor, "time batch"], before: Int64[Tensor, "batch"]
) -> Int64[Tensor, "time batch"]:
    """Steps since the last event, 0 at the event itself.

    Args:
        event: where there is one.
        before: the same at the step before the window.
    """
    at = torch.arange(len(event), device=event.device)[:, None]
    last = torch.where(event, at, -1).cummax(0).values
    return torch.where(last >= 0, at - last, before + at + 1)
