"""Synaptic scaling: all synapses of a unit grow or shrink together until its rate is as it should.

    r_i   <-  r_i + (mean rate of unit i over a window - r_i) / windows
    w_ij  <-  w_ij [ 1 + speed ( r* - r_i ) / r* ]              for all sources j alike

Turrigiano et al. (1998), doi:10.1038/36103; Turrigiano & Nelson (2004), doi:10.1038/nrn1327. It is
multiplicative, so the ratios of a unit's synapses stay as learning left them. It acts after a step
of the optimizer and is neither a loss nor a rule: no gradient changes. `objectives.TargetRate` is
the loss with the same set point.
"""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from areas import Area
from areas.seeds import require_one_seed
from brainmodel.wiring.wiring import Wiring
from objectives import Activity
from objectives.objective import mean_over_space


class RateSetPoints:
    """Set points for the mean rates of some areas' units, and the mean rates so far.

    Args:
        rates: set points r* by area, > 0, in the units of the area's rates.
        speed: fraction by which the synapses of a silent unit grow per window, between 0 and 1.
        windows: how many windows the mean rate goes back, about; 1 or more.

    Attributes:
        means: mean rate of each unit by area, [unit]; empty before the first window.

    Raises:
        ValueError: if a number means nothing.
    """

    def __init__(self, rates: Mapping[str, float], speed: float, windows: float):
        if not rates or min(rates.values()) <= 0:
            raise ValueError(f"synaptic_scaling.rates: need set points > 0 by area, got {rates}")
        if not 0 < speed < 1:
            raise ValueError(f"synaptic_scaling.speed: need 0 < speed < 1, got {speed}")
        if windows < 1:
            raise ValueError(f"synaptic_scaling.windows: need 1 or more, got {windows}")
        self.rates, self.speed, self.windows = dict(rates), speed, windows
        self.means: dict[str, Tensor] = {}

    def require_areas(self, brain: Wiring) -> None:
        """Refuse set points for areas that the brain does not have, or whose weights are made.

        Raises:
            ValueError: naming the area, and what to do.
        """
        for name in self.rates:
            if name not in brain.areas:
                there = ", ".join(brain.areas)
                raise ValueError(f"synaptic_scaling.rates: there is no {name!r}; there are {there}")
            for source, synapses in brain.area(name).synapses.items():
                if synapses.making is not None and source not in brain.frozen[name]:
                    raise ValueError(
                        f"synaptic_scaling.rates: weights of {source} onto {name} are made, and "
                        f"would be made anew; leave {name} out, or freeze them by plastic"
                    )

    def scale(self, brain: Wiring, now: Mapping[str, Tensor]) -> None:
        """Follow the rates of one window, and scale the synapses of each area in place.

        Args:
            brain: whose areas are scaled.
            now: mean rate of each unit over the window by area, [unit]; see `unit_rates`.
        """
        for name, target in self.rates.items():
            mean = self.means.get(name, now[name]).to(now[name].device)
            self.means[name] = mean + (now[name] - mean) / self.windows
            still = brain.frozen[name]
            scale_area(brain.area(name), self.means[name], target, self.speed, still)


def unit_rates(activity: Activity) -> Tensor:
    """Mean rate of each unit (channel of a map) over a window, [unit]; not below 0."""
    return mean_over_space(activity.rate.detach()).mean((0, 1)).clamp(min=0)


def scale_area(
    area: Area, rate: Tensor, target: float, speed: float, still: Collection[str] = ()
) -> None:
    """Scale all synapses of an area's units in place, all currents of a unit alike.

    Args:
        area: the area; its biases stay.
        rate: [unit], mean rate of each unit (channel of a map), >= 0.
        target: r* > 0, in the units of rate.
        speed: see `scale_synapses`.
        still: sources whose synapses stay as they are.
    """
    require_one_seed(area, "set points of rates")
    with torch.no_grad():
        for source, synapses in area.synapses.items():
            if source in still:
                continue
            currents = synapses.weight.shape[0] // area.units[0]
            scaled = scale_synapses(synapses.weight, rate.repeat(currents), target, speed)
            synapses.weight.copy_(scaled)


def scale_synapses(weight: Tensor, rate: Tensor, target: float, speed: float) -> Tensor:
    """The weights after one step of scaling, a new tensor of the same shape.

    Args:
        weight: [unit, ...], synapses onto each unit.
        rate: [unit], mean rate of each over some time, >= 0.
        target: r* > 0, in the units of rate.
        speed: fraction by which the synapses of a silent unit grow, in (0, 1). No unit's synapses
            shrink by more than that fraction.
    """
    growth = speed * ((target - rate) / target).clamp(min=-1)
    return weight * (1 + growth).view(-1, *[1] * (weight.ndim - 1))
