"""A decoupled interface: an area predicts the learning signal for which another would have to wait.

    d(t)    = d loss_of / d h(t)                        of the lower area, complete at t + wait
    d_hat(t) = S h(t) + F h'(t) + b                     its prediction, from the upper area's rates
    loss    = loss_of, for its own read-outs alone
              + stop[d_hat(t)] . h(t)                   the lower area learns from the prediction
              + 1/2 | d_hat(t) - stop[d(t)] |^2         the interface learns from what came

Jaderberg et al. (2017), arXiv:1608.05343: decoupled neural interfaces using synthetic gradients,
here between areas, without bootstrapping. The objective `of` may judge a rate by what happens
`wait` steps later, as `MultiHorizon` does; the area then learns at once, also at the last steps of
a window, whose future is not there yet. The second line has value 0; its gradient counts. Learning
signals are given in units of the loss per step and stream and rate, times the number of units.
"""

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor, nn

from objectives.objective import (
    Activity,
    GroupObjective,
    Objective,
    mean_over_units,
    mean_over_valid,
)
from objectives.parts.pairs import unbroken
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss


class DecoupledInterface(GroupObjective):
    """The lower area learns by a learning signal that is predicted from the upper area's rates.

    Args:
        areas: the lower one, which learns, and the upper one, from which its learning signal is
            predicted.
        of: what the lower area learns for; its losses depend on the rates.
        wait: steps until the learning signal of a step is complete: the longest horizon of `of`.
        kernel: odd width of the interface's receptive fields between maps, in pixels.

    Raises:
        ValueError: if there are not two areas, or the wait is negative.
    """

    stops_gradient = True

    def __init__(self, areas: list[str], of: Objective, wait: int = 0, kernel: int = 1):
        super().__init__(areas)
        if len(areas) != 2 or areas[0] == areas[1]:
            raise ValueError(f"areas: need one that learns and one that foretells, got {areas}")
        if not wait >= 0:
            raise ValueError(f"wait: need 0 or more steps, got {wait}")
        self.fewest_streams = of.fewest_streams  # type: ignore[misc]
        self.reach = of.reach
        self.of, self.wait, self.kernel = of, wait, kernel
        self.own: nn.Module = nn.Identity()
        self.feedback: nn.Module = nn.Identity()

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        lower, upper = self.areas
        self.of.build(drive[lower], units[lower])
        self.own = Readout(units[lower], units[lower], self.kernel)
        self.feedback = Readout(units[upper], units[lower], self.kernel)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        lower = activities[self.areas[0]]
        loss = self.of(lower._replace(rate=lower.rate.detach()))
        if not torch.is_grad_enabled():
            return loss
        foretold = self.foretell(activities)
        taught = mean_over_units(foretold.detach() * (lower.rate - lower.rate.detach()))
        missed = 0.5 * mean_over_units((foretold - self.signal(lower)).square())
        return loss + taught + self._known(lower) * missed

    def foretell(self, activities: dict[str, Activity]) -> Tensor:
        """d_hat, [time, batch, *units of the lower area]; no gradient reaches the areas."""
        lower, upper = (activities[area].rate.detach() for area in self.areas)
        return self.own(lower) + self.feedback(upper)

    def signal(self, lower: Activity) -> Tensor:
        """d, likewise: the learning signal from the whole window, as a constant."""
        with torch.enable_grad():
            rate = lower.rate.detach().requires_grad_()
            total = (lower.valid * self.of(lower._replace(rate=rate))).sum()
            (slope,) = torch.autograd.grad(total, rate)
        return slope * prod(rate.shape[2:])

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """foretold: 1 - squared error of the predicted learning signal over its mean square."""
        lower = activities[self.areas[0]]
        known, signal = self._known(lower), self.signal(lower)
        missed = mean_over_units((self.foretell(activities) - signal).square())
        size = mean_over_valid(mean_over_units(signal.square()), known)
        return {"foretold": 1 - mean_over_valid(missed, known) / size.clamp(min=1e-30)}

    def _known(self, lower: Activity) -> Tensor:
        """[time, batch] bool, whether the learning signal of a step is complete."""
        known = unbroken(lower.valid, self.wait)
        late = torch.zeros_like(lower.valid[: len(lower.valid) - len(known)])
        return torch.cat([known, late])
