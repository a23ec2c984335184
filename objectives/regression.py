"""A task: estimate a quantity, such as where something is or how fast it moves.

loss(t) = mean_i ( y_i(t) - [W h(t) + b]_i )^2,      y = label(t)
"""

from collections.abc import Mapping
from functools import partial

from torch import Tensor, nn

from objectives.objective import STEPS, Activity, Objective
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
        return self.told(self.sums(activity))

    def sums(self, activity: Activity) -> dict[str, Tensor]:
        """Of errors, and [size] of the label and of its squares, in double precision."""
        counts = activity.valid.cpu()
        wanted = target(activity, self.label).cpu()[counts].double()
        missed = wanted - self.readout(activity.rate).cpu()[counts].double()
        return {
            "error": missed.square().mean(1).sum(),
            "label": wanted.sum(0),
            "squared": wanted.square().sum(0),
            STEPS: counts.sum(),
        }

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See `terms`; the variance is that around the mean of all that was added up."""
        steps = sums[STEPS].clamp(min=1)
        variance = (sums["squared"] / steps - (sums["label"] / steps).square()).mean()
        return {"explained": 1 - sums["error"] / steps / variance.clamp(min=1e-12)}
