"""Prediction of the drive several steps ahead, read out of the area's rates.

    loss(t) = mean_k mean_i ( u_i(t) - [P_k h(t - k)]_i )^2

with one linear read-out P_k for each horizon. Each term stands at the step t when the predicted
drive arrives. The next step is k = 1; it reads the rates alone, while the area's own predictor
(SquaredError) also uses feedback.
"""

from functools import partial

from torch import nn

from objectives.objective import Activity, Objective
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.pairs import at_later_step, check_horizons, earlier, later
from objectives.parts.readout import readouts
from objectives.parts.shapes import SampleLoss
from objectives.squared_error import squared_error


class MultiHorizon(Objective):
    """Squared error of predictions of the drive, averaged over horizons.

    Args:
        horizons: how many steps ahead, each >= 1 and shorter than the windows.
        kernel: odd width of the read-outs between maps, in pixels.
        feedback: through which weights their errors come back to the area (see `Readout`).

    Raises:
        ValueError: if a horizon is not in the future.
    """

    def __init__(
        self, horizons: list[int], kernel: int = 3, feedback: BackwardWeights | None = None
    ):
        super().__init__()
        check_horizons(horizons)
        self.horizons, self.reach = list(horizons), max(horizons)
        self._readouts = partial(readouts, len(horizons), kernel=kernel, feedback=feedback)
        self.readouts = nn.ModuleList()

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.readouts = self._readouts(units, drive)

    def forward(self, activity: Activity) -> SampleLoss:
        total = activity.rate.new_zeros(activity.valid.shape)
        for k, readout in zip(self.horizons, self.readouts, strict=True):
            loss = squared_error(later(activity.drive, k), readout(earlier(activity.rate, k)))
            total = total + at_later_step(loss, activity.valid, k)
        return total / len(self.horizons)
