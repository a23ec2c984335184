"""A task: estimate a quantity, such as where something is or how fast it moves.

loss(t) = mean_i ( y_i(t) - [W h(t) + b]_i )^2,      y = label(t)
"""

from functools import partial

from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_valid
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import target
from objectives.squared_error import squared_error


class Regression(Objective):
    """Mean squared error of a linear read-out of the rates from a label of the data.

    Args:
        label: name of the label, numbers [time, batch, size].
        size: how many numbers it has.
        feedback: through which weights its error comes back to the area (see `Readout`).

    Raises:
        ValueError: if the size is below 1; while learning, if there is no such label.
    """

    def __init__(self, label: str, size: int, feedback: BackwardWeights | None = None):
        super().__init__()
        if size < 1:
            raise ValueError(f"size: need 1 or more, got {size}")
        self.label, self.size = label, size
        self._readout = partial(Readout, feedback=feedback)
        self.readout: nn.Module = nn.Identity()

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        if shape != (self.size,):
            raise ValueError(
                f"label: {self.label!r} is {list(shape) or 'a single number'} at each step, and "
                f"Regression of size {self.size} needs [{self.size}]; give another label or size"
            )

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.readout = self._readout(units, (self.size,))

    def forward(self, activity: Activity) -> SampleLoss:
        wanted = target(activity, self.label).to(activity.rate.dtype)
        return squared_error(wanted, self.readout(activity.rate))

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """explained: 1 - error / variance of the label over this window."""
        wanted = target(activity, self.label).to(activity.rate.dtype)
        center = (wanted * activity.valid.unsqueeze(2)).sum((0, 1)) / activity.valid.sum().clamp(1)
        error, variance = (
            mean_over_valid(squared_error(wanted, guess), activity.valid)
            for guess in (self.readout(activity.rate), center.expand_as(wanted))
        )
        return {"explained": 1 - error / variance.clamp(min=1e-12)}
