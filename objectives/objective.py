"""The contract of an objective: what an area did over a window -> loss per step and sample.

    loss_area = sum_k  weight_k * sum_tb( valid * objective_k(activity) ) / (time * batch)

The denominator is constant, so that two processes with half the streams each equal one with all.
An objective averages over units, so that the scales of areas of different sizes compare.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor, nn


class Activity(NamedTuple):
    """What one area did over a window."""

    drive: Tensor  # [time, batch, *drive], what it had to predict; detached under scope local
    prediction: Tensor  # [time, batch, *drive], made before the drive was seen
    error: Tensor  # [time, batch, *drive], drive - prediction
    rate: Tensor  # [time, batch, *units]
    valid: Tensor  # [time, batch] bool, False where the stream was reset at this step


class Objective(nn.Module, ABC):
    """A local loss of one area.

    Attributes:
        couples_batch: whether the loss of one sample depends on other samples, as where negatives
            or statistics come from the whole batch. Its terms are then spread over the samples.
    """

    couples_batch: ClassVar[bool] = False

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        """Makes the parameters whose sizes depend on the area. By default there are none.

        Called once, after construction and before training.

        Args:
            drive: shape of the area's drive, [unit] or [channel, height, width].
            units: shape of its rates, likewise.
        """
        del drive, units

    @abstractmethod
    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch] of each step and sample: not reduced, and not masked by `valid`.

        It must be finite where `valid` is False, and gradients must be, too.
        """


def mean_over_units(values: Tensor) -> Tensor:
    """Mean [time, batch] of values [time, batch, *shape] over all that belongs to one sample."""
    return values.flatten(2).mean(2)
