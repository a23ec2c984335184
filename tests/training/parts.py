"""Parts that a user might bring along, for tests of training."""

import os
import signal
from collections.abc import Callable

import torch
from torch import Tensor, nn

from brainmodel.pathways import Adapter
from brainmodel.training.processes import rank_and_count
from objectives import Activity, Objective, SquaredError


class Noisy(SquaredError):  # noqa: N818 - no exception, a loss
    """A squared error with noise from PyTorch's global generator."""

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        loss = super().forward(activity)
        return loss * (1 + 0.1 * torch.randn_like(loss))


class Interrupted(Noisy):
    """Calls what the test gives, in the window that it says."""

    window = 0
    call: Callable[[], object] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.windows = 0

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        self.windows += self.training
        if self.training and self.windows == self.window and self.call is not None:
            type(self).call()  # type: ignore[misc]
        return super().forward(activity)


class Dying(Noisy):
    """One process of a run is killed in its third window: that of the number in DIES."""

    windows = 0

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        self.windows += self.training
        if self.windows == 3 and rank_and_count()[0] == int(os.environ["DIES"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(activity)


class Counting(Objective):
    """An objective that counts the steps of the optimizer; it asks nothing of the area."""

    steps: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        return activity.rate.flatten(2).mean(2) * 0

    def after_step(self) -> None:
        """Count."""
        self.steps += 1


class Scaled(Adapter):
    """An adapter that learns how much of a signal passes."""

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.ones(1))

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        return source

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return torch.tanh(self.share * signal)
