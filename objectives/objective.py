"""The contract of an objective: what an area did over a window -> loss per step and sample.

    loss_area = sum_k  weight_k * sum_tb( valid * objective_k(activity) ) / (time * batch)

The denominator is constant, so that two processes with half the streams each equal one with all.
An objective averages over units, so that the scales of areas of different sizes compare.

Labels of the stream (the digit shown, the reward of an action) reach tasks only, as a part of
`Activity`: they are targets of losses and never inputs of an area.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import inf
from typing import ClassVar, NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor, nn

from objectives.parts.shapes import Drives, Number, Rates, SampleLoss, Signals

STEPS = "steps"
"""The name of the number of steps among sums."""


class Activity(NamedTuple):
    """What one area did over a window."""

    drive: Drives  # what it had to predict; detached under scope local
    prediction: Drives  # made before the drive was seen
    error: Signals  # of the two, as the area compares them; by default drive - prediction
    rate: Rates
    valid: Bool[Tensor, "time batch"]  # False where the stream was reset at this step
    labels: dict[str, Tensor] = {}
    """[time, batch, ...] by name, of each step, from the data and from environments."""


class Objective(nn.Module, ABC):
    """A local loss of one area.

    Attributes:
        couples_batch: whether the loss of one sample depends on other samples, as where negatives
            or statistics come from the whole batch. Its terms are then spread over the samples.
        stops_gradient: whether a stop-gradient stands in the loss, or it plays a game against
            itself, so that its gradient is not the derivative of its value.
        draws: whether chance enters the loss, from PyTorch's global generator.
        fewest_streams: how many streams it needs in a batch to mean anything.
        pairs_streams: whether streams 2k and 2k + 1 have to be two views of one scene.
        reach: steps between the earliest and the latest that it joins; it is 0 always in
            windows that are not longer.
        predictions: between which numbers the predictions that it reads lie; any unless declared.
        label: name of the label of the data that it reads, if it does.
        reads_out: how many numbers `read_out` makes of rates; 0 where it has none.
    """

    couples_batch: ClassVar[bool] = False
    stops_gradient: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    fewest_streams: ClassVar[int] = 1
    pairs_streams: ClassVar[bool] = False
    reach: int = 0
    reads_out: int = 0
    predictions: ClassVar[tuple[float, float]] = (-inf, inf)
    label: str | None = None

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        """Makes the parameters whose sizes depend on the area. By default there are none.

        Called once, after construction and before training.

        Args:
            drive: shape of the area's drive, [unit] or [channel, height, width].
            units: shape of its rates, likewise.
        """
        del drive, units

    def read_out(self, rate: Tensor) -> Tensor:
        """What it does to an environment, [batch, reads_out], of rates [batch, *units]."""
        raise NotImplementedError(type(self).__name__)

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        """Refuse a label of the data that it cannot read. By default it reads any.

        Args:
            whole: between which whole numbers it lies; None if it is not of whole numbers.
            shape: of what it is at one step of one sample.

        Raises:
            ValueError: naming the option that would have to be another.
        """
        del whole, shape

    @abstractmethod
    def forward(self, activity: Activity) -> SampleLoss:
        """Loss [time, batch] of each step and sample: not reduced, and not masked by `valid`.

        It and its gradients are finite where `valid` is False, too. A loss that joins two steps
        stands at the later of them, and is 0 where a reset or the beginning of the window comes
        between them.
        """

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """Numbers by name, to be logged beside the loss, such as an accuracy; by default none.

        Computed only now and then, without gradients. The loss itself need not be among them.
        """
        del activity
        return {}

    def sums(self, activity: Activity) -> dict[str, Tensor]:
        """What its terms are made of, as sums over valid steps: those of several windows, and of
        several processes, add up. By default its terms times the steps, and these as `STEPS`."""
        return summed(self.terms(activity), activity.valid)

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Its terms, of such sums; by default means over steps."""
        return means(sums)

    def after_step(self) -> None:
        """What follows each step of the optimizer, such as a moving average. By default nothing."""
        return


class GroupObjective(nn.Module, ABC):
    """A loss that several areas share.

    Attributes:
        areas: names of the areas it joins, in the order of their roles.
        couples_batch: as of `Objective`.
        stops_gradient: as of `Objective`.
        draws: as of `Objective`.
        fewest_streams, pairs_streams: as of `Objective`.
        reach: as of `Objective`.
        label: as of `Objective`.
    """

    areas: list[str]
    couples_batch: ClassVar[bool] = False
    stops_gradient: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    fewest_streams: ClassVar[int] = 1
    pairs_streams: ClassVar[bool] = False
    reach: int = 0
    label: str | None = None

    def __init__(self, areas: list[str]):
        super().__init__()
        self.areas = areas

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        """Makes the parameters whose sizes depend on the areas: as of `Objective`, by area."""
        del drive, units

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        """Refuse a label of the data that it cannot read: as of `Objective`."""
        del whole, shape

    @abstractmethod
    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        """Loss [time, batch] of each step and sample, as of `Objective`; activities by area."""

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """Numbers by name, to be logged beside the loss: as of `Objective`."""
        del activities
        return {}

    def sums(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """What its terms are made of: as of `Objective`."""
        return summed(self.terms(activities), activities[self.areas[0]].valid)

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Its terms, of such sums: as of `Objective`."""
        return means(sums)

    def after_step(self) -> None:
        """What follows each step of the optimizer, such as a moving average. By default nothing."""
        return


def mean_over_units(values: Float[Tensor, "time batch *shape"]) -> SampleLoss:
    """Mean [time, batch] of values [time, batch, *shape] over the units of each sample."""
    return values.flatten(2).mean(2)


def mean_over_space(values: Tensor) -> Tensor:
    """Mean [time, batch, channel] of maps over their positions; dense values stay as they are."""
    return values.flatten(3).mean(3) if values.ndim > 3 else values


def mean_over_valid(values: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]) -> Number:
    """Mean of values, such as [time, batch], over those that are valid; 0 if none is."""
    return (values * valid).sum() / valid.sum().clamp(min=1)


def summed(terms: Mapping[str, Tensor], valid: Bool[Tensor, "time batch"]) -> dict[str, Tensor]:
    """Terms that are means over valid steps as sums over these, which are counted as `STEPS`."""
    steps = valid.sum()
    return {name: term * steps for name, term in terms.items()} | {STEPS: steps}


def means(sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Means over steps, of sums as of `summed`; 0 of no steps."""
    steps = sums[STEPS].clamp(min=1)
    return {name: total / steps for name, total in sums.items() if name != STEPS}
