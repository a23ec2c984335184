"""How old a brain is, and what it is told of a window that is recorded instead of asking."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from brainmodel.errors import Unrecordable
from brainmodel.schedules.clock import Clock, LevelNow
from brainmodel.wiring.count import Count


class Known(NamedTuple):
    """What a brain knows of a window without asking the device or its own age."""

    breaks: bool  # whether streams may begin at any step; none does if not
    levels: Mapping[int, LevelNow]  # by the `id` of a schedule
    reports: list[tuple[Any, ...]]  # of its backward pass, which replays are to tell who listens


class Aged(nn.Module):
    """What counts the steps of its optimizer.

    Attributes:
        age: steps that the optimizer took, which schedules follow; kept in checkpoints.
        known: while a window is recorded, what is known of it; else None.
    """

    def __init__(self) -> None:
        super().__init__()
        self.age: Tensor
        self.register_buffer("age", torch.zeros((), dtype=torch.int64))
        self._count = Count()
        self.known: Known | None = None

    @property
    def steps_taken(self) -> int:
        """The age, without waiting for the device where nobody else has set it.

        Raises:
            Unrecordable: while a window is recorded; the age of a replay is another.
        """
        if self.known is not None:
            raise Unrecordable("something in it asks how old the brain is (see schedules.Clock)")
        return self._count.read(self.age)

    @property
    def clock(self) -> Clock:
        """What schedules say at this age."""
        return Clock(lambda: self.steps_taken, None if self.known is None else self.known.levels)

    def breaks(self, reset: Tensor) -> list[bool]:
        """For each step whether any stream begins at it; the device is waited for here alone.

        Args:
            reset: [time, batch] bool.
        """
        if self.known is not None:
            return [self.known.breaks] * len(reset)
        return reset.any(dim=1).tolist()

    def grow(self) -> None:
        """Count one more step."""
        self._count.add(self.age)
