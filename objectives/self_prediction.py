"""Prediction of the area's own future rates; no gradient reaches the predicted ones.

    loss(t) = mean_k mean_i ( stop[h_i(t)] - [P_k h(t - k)]_i )^2

with one read-out P_k for each horizon, linear unless there is a hidden layer. Alone it favours
rates that never change; use it beside an objective that keeps variance, such as
`LatentPredictiveLearning`, or `VICReg` of one area without its invariance. Grill et al. (2020),
arXiv:2006.07733, on why stopped targets with a predictor need not collapse; Guo et al. (2022),
arXiv:2206.08332, over time; eLife RP110895, recurrent predictive learning, on areas of cortex and
with a hidden layer.
"""

from functools import partial

from torch import nn

from objectives.hidden_layer import HiddenLayer
from objectives.objective import Activity, Objective
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.pairs import at_later_step, check_horizons, earlier, later
from objectives.parts.readout import readouts
from objectives.parts.shapes import SampleLoss
from objectives.squared_error import squared_error


class SelfPrediction(Objective):
    """Squared error of predictions of the area's own rates, averaged over horizons.

    Args:
        horizons: how many steps ahead, each >= 1 and shorter than the windows.
        kernel: odd width of the read-outs between maps, in pixels.
        feedback: through which weights their errors come back to the area (see `Readout`).
        hidden: rectified units through which each read-out sees the rates; linear unless given.

    Raises:
        ValueError: if a horizon is not in the future.
    """

    stops_gradient = True

    def __init__(
        self,
        horizons: list[int],
        kernel: int = 3,
        feedback: BackwardWeights | None = None,
        hidden: HiddenLayer | None = None,
    ):
        super().__init__()
        check_horizons(horizons)
        self.horizons, self.reach = list(horizons), max(horizons)
        make = readouts if hidden is None else hidden.readouts
        self._readouts = partial(make, len(horizons), kernel=kernel, feedback=feedback)
        self.readouts = nn.ModuleList()

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.readouts = self._readouts(units, units)

    def forward(self, activity: Activity) -> SampleLoss:
        total = activity.rate.new_zeros(activity.valid.shape)
        for k, readout in zip(self.horizons, self.readouts, strict=True):
            target = later(activity.rate, k).detach()
            loss = squared_error(target, readout(earlier(activity.rate, k)))
            total = total + at_later_step(loss, activity.valid, k)
        return total / len(self.horizons)
