"""Prediction of another area's future rates, such as a higher one's.

    loss(t) = mean_i ( stop[h2_i(t)] - [P h1(t - k)]_i )^2

The gradient reaches the area that predicts, and not the one that is predicted.
"""

from collections.abc import Mapping
from functools import partial

from torch import nn

from objectives.objective import Activity, GroupObjective
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.pairs import at_later_step, earlier, later
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss
from objectives.squared_error import squared_error


class AreaPrediction(GroupObjective):
    """Squared error of a linear prediction of one area's rates from another's.

    Args:
        areas: the one that predicts, and the one that is predicted.
        horizon: steps ahead; 0 for the rate of the same step.
        kernel: odd width of the read-out between maps, in pixels.
        feedback: through which weights its error comes back to the area that predicts (see
            `Readout`).

    Raises:
        ValueError: if there are not two areas, or the horizon lies in the past.
    """

    stops_gradient = True

    def __init__(
        self,
        areas: list[str],
        horizon: int = 1,
        kernel: int = 3,
        feedback: BackwardWeights | None = None,
    ):
        super().__init__(areas)
        if len(set(areas)) != 2 or len(areas) != 2:
            raise ValueError(f"areas: need two, one that predicts the other, got {areas}")
        if not horizon >= 0:
            raise ValueError(f"horizon: need >= 0 steps ahead, got {horizon}")
        self.horizon = self.reach = horizon
        self._readout = partial(Readout, kernel=kernel, feedback=feedback)
        self.readout: nn.Module = nn.Identity()

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        source, target = self.areas
        self.readout = self._readout(units[source], units[target])

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        source, target = (activities[area] for area in self.areas)
        predicted = self.readout(earlier(source.rate, self.horizon))
        loss = squared_error(later(target.rate, self.horizon).detach(), predicted)
        return at_later_step(loss, target.valid, self.horizon)
