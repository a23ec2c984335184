"""Synaptic scaling after each window: see `objectives.parts.synaptic_scaling` for the equation.

    r_i <- r_i + (window's mean rate of unit i - r_i) / windows
    w_ij <- w_ij [ 1 + speed ( r* - r_i ) / r* ]       for all of its sources alike

No loss and no rule takes part: it acts on what the optimizer left, and bends no gradient.
"""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from areas import Area
from brainmodel.training.module import brain_of
from objectives import Activity
from objectives.objective import mean_over_space
from objectives.parts.synaptic_scaling import scale_synapses


class SynapticScaling(pl.Callback):
    """Keeps the mean rate of each unit of some areas near a set point, by scaling its synapses.

    For cells whose rates are >= 0 and grow with their currents, such as Leaky with a rectifier.
    All currents of a unit scale together; its bias stays.

    Args:
        rates: set points by area, > 0, in the units of the area's rates.
        speed: fraction by which the synapses of a silent unit grow per window, between 0 and 1.
        windows: how many windows the mean rate goes back, about.

    Raises:
        ValueError: if a number means nothing; when training begins, for an area there is not.
    """

    def __init__(self, rates: dict[str, float], speed: float = 0.01, windows: float = 10.0):
        if not rates or min(rates.values()) <= 0:
            raise ValueError(f"synaptic_scaling.rates: need set points > 0 by area, got {rates}")
        if not 0 < speed < 1:
            raise ValueError(f"synaptic_scaling.speed: need 0 < speed < 1, got {speed}")
        if windows < 1:
            raise ValueError(f"synaptic_scaling.windows: need 1 or more, got {windows}")
        self.rates, self.speed, self.windows = rates, speed, windows
        self.means: dict[str, Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        """The mean rates so far, for a run that is resumed."""
        return {"means": self.means}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`."""
        self.means = state_dict["means"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Refuse areas that there are not."""
        for name in self.rates:
            if name not in brain_of(pl_module).areas:
                there = ", ".join(brain_of(pl_module).areas)
                raise ValueError(f"synaptic_scaling.rates: there is no {name!r}; there are {there}")

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Scale."""
        for name, target in self.rates.items():
            now = trainer.strategy.reduce(unit_rates(outputs["activities"][name]), reduce_op="mean")
            mean = self.means.get(name, now).to(now.device)  # type: ignore[arg-type]
            self.means[name] = mean + (now - mean) / self.windows
            scale(brain_of(pl_module).area(name), self.means[name], target, self.speed)


def unit_rates(activity: Activity) -> Tensor:
    """Mean rate of each unit (channel of a map) over a window, [unit]; not below 0."""
    return mean_over_space(activity.rate.detach()).mean((0, 1)).clamp(min=0)


def scale(area: Area, rate: Tensor, target: float, speed: float) -> None:
    """Scale all synapses of an area's units in place; rate [unit]."""
    with torch.no_grad():
        for _, synapses in area.synapses.items():
            currents = synapses.weight.shape[0] // area.units[0]
            scaled = scale_synapses(synapses.weight, rate.repeat(currents), target, speed)
            synapses.weight.copy_(scaled)
