"""What the errors of an area are: how it compares its drive u with its prediction u_hat.

    Signed      e = u - u_hat
    Split       e = ( [u - u_hat]_+ , [u_hat - u]_+ )
    Divisive    e = u / (floor + u_hat)

Every value of the drive is compared by itself and makes one error or several. These lie side by
side in the first dimension of the drive: those of the first kind for all values, then the next.
Rules, scopes and roll-outs never say what an error is, nor what its derivatives are: they ask here.

Sources: Rao & Ballard (1999), doi:10.1038/4580, for signed errors; Lotter et al. (2017),
arXiv:1605.08104, eq. 3, for two populations of error units; Spratling (2008),
doi:10.1016/j.visres.2008.03.009, for division (PC/BC-DIM).
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from areas.record import Record, fade, flat
from areas.shapes import PerDrive, PerDriveSteps, PerErrors, PerErrorSteps, PerStream


class ComparisonDerivatives(NamedTuple):
    """Derivatives by what was compared, by way of the errors alone."""

    drive: Tensor  # of the drive's shape
    prediction: Tensor  # likewise


class DriveComparison(ABC):
    """Errors of a drive and a prediction, pointwise.

    Attributes:
        errors: how many errors each value of the drive makes.
        least: the least prediction that it can take.
        lead_in: whether the first step of a stream has no errors, for nobody could predict it: the
            units then move once before anything is compared.
    """

    errors: ClassVar[int] = 1
    least: ClassVar[float] = float("-inf")
    lead_in: bool = False

    @abstractmethod
    def __call__(self, drive: PerDrive, prediction: PerDrive) -> PerErrors:
        """The errors, differentiable."""

    def into(self, drive: PerDrive, prediction: PerDrive, out: PerErrors) -> None:
        """Write the errors into `out`; autograd does not record it."""
        out.copy_(self(drive, prediction))

    def back(
        self, drive: PerDrive, prediction: PerDrive, error_bar: PerErrors
    ) -> ComparisonDerivatives:
        """Derivatives by drive and prediction from those by the errors."""
        with torch.enable_grad():
            leaves = [given.detach().requires_grad_() for given in (drive, prediction)]
            return ComparisonDerivatives(*torch.autograd.grad(self(*leaves), leaves, error_bar))

    def back_steps(
        self, drive: PerDriveSteps, prediction: PerDriveSteps, error_bar: PerErrorSteps
    ) -> ComparisonDerivatives:
        """`back` of all steps of a window."""
        made = self.back(flat(drive), flat(prediction), flat(error_bar))
        return ComparisonDerivatives(*(bar.view_as(drive) for bar in made))

    def missed_bar(self, record: Record, t: int, error_bar: PerErrors) -> PerDrive:
        """Derivative by what is missed at step t, u - u_hat with u held: minus that by u_hat."""
        error_bar = begun(self, error_bar, None if record.keep is None else record.keep[t])
        return -self.back(record.sources["drive"][t], record.prediction[t], error_bar).prediction

    def slopes(self, drive: PerDrive, prediction: PerDrive) -> PerErrors:
        """Derivative of each error by the prediction of its value."""
        ones = [torch.zeros_like(drive) for _ in range(self.errors)]
        found = []
        for one in ones:
            one.fill_(1.0)
            found.append(self.back(drive, prediction, torch.cat(ones, 1)).prediction)
            one.zero_()
        return torch.cat(found, 1)

    def spread(self, values: Tensor) -> Tensor:
        """For each error the number of its value; [..., drive] to [..., errors], dense."""
        return torch.cat([values] * self.errors, -1) if self.errors > 1 else values

    def gather(self, numbers: Tensor) -> Tensor:
        """The transpose of `spread`: for each value the sum over its errors."""
        if self.errors == 1:
            return numbers
        return numbers.unflatten(-1, (self.errors, -1)).sum(-2)


class Signed(DriveComparison):
    """The difference."""

    def __call__(self, drive: PerDrive, prediction: PerDrive) -> PerErrors:
        """See `DriveComparison.__call__`."""
        return drive - prediction

    def into(self, drive: PerDrive, prediction: PerDrive, out: PerErrors) -> None:
        """See `DriveComparison.into`; one call."""
        torch.sub(drive, prediction, out=out)

    def back(
        self, drive: PerDrive, prediction: PerDrive, error_bar: PerErrors
    ) -> ComparisonDerivatives:
        """See `DriveComparison.back`."""
        return ComparisonDerivatives(error_bar, -error_bar)

    def back_steps(
        self, drive: PerDriveSteps, prediction: PerDriveSteps, error_bar: PerErrorSteps
    ) -> ComparisonDerivatives:
        """See `DriveComparison.back_steps`."""
        return ComparisonDerivatives(error_bar, -error_bar)

    def missed_bar(self, record: Record, t: int, error_bar: PerErrors) -> PerDrive:
        """See `DriveComparison.missed_bar`; nothing is to be done."""
        return error_bar

    def slopes(self, drive: PerDrive, prediction: PerDrive) -> PerErrors:
        """See `DriveComparison.slopes`."""
        return torch.full_like(drive, -1.0)


class Split(DriveComparison):
    """Two populations of error units, of which one fires where too little was predicted.

    Args:
        lead_in: whether the first step of a stream has no errors. With it areas of `HardLSTM` units
            are layers of PredNet, whose first frame is that of the second step.
    """

    errors = 2

    def __init__(self, lead_in: bool = False):
        self.lead_in = lead_in

    def __call__(self, drive: PerDrive, prediction: PerDrive) -> PerErrors:
        """See `DriveComparison.__call__`."""
        return torch.cat([(drive - prediction).relu(), (prediction - drive).relu()], 1)


class Divisive(DriveComparison):
    """The drive in units of its prediction: 1 where that is right.

    Args:
        floor: what is added to the prediction, > 0, in units of the drive.

    Raises:
        ValueError: if the floor is not positive and finite.
    """

    least = 0.0

    def __init__(self, floor: float = 0.01):
        if not 0 < floor < float("inf"):
            raise ValueError(f"Divisive.floor: need > 0, in units of the drive, got {floor}")
        self.floor = floor

    def __call__(self, drive: PerDrive, prediction: PerDrive) -> PerErrors:
        """See `DriveComparison.__call__`."""
        return drive / (self.floor + prediction)


def begun(comparison: DriveComparison, error: PerErrors, keep: PerStream | None) -> PerErrors:
    """Errors of a step, or derivatives by them: 0 in streams that begin, if these have a lead-in.

    Args:
        comparison: of the area.
        error: of one step.
        keep: 0 in streams that begin with this step, 1 in others; None if none does.
    """
    if not comparison.lead_in or keep is None:
        return error
    return fade(error[None], keep[None])[0]


def errors_back(
    comparison: DriveComparison, record: Record, error_bar: PerErrorSteps
) -> ComparisonDerivatives:
    """`DriveComparison.back` of all steps of a record."""
    error_bar = fade(error_bar, record.keep) if comparison.lead_in else error_bar
    return comparison.back_steps(record.sources["drive"], record.prediction, error_bar)


def error_slopes(comparison: DriveComparison, record: Record) -> PerErrorSteps:
    """`DriveComparison.slopes` of all steps of a record."""
    drive, prediction = record.sources["drive"], record.prediction
    made = comparison.slopes(flat(drive), flat(prediction)).unflatten(0, drive.shape[:2])
    return fade(made, record.keep) if comparison.lead_in else made
