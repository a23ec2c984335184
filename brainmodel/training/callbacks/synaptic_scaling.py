"""Synaptic scaling after each window of training; see `brainmodel.synaptic_scaling`."""

from typing import Any, cast

import pytorch_lightning as pl
from torch import Tensor

from brainmodel.synaptic_scaling import RateSetPoints, unit_rates
from brainmodel.training.module import brain_of


class SynapticScaling(pl.Callback):
    """Keeps the mean rate of each unit of some areas near a set point, by scaling its synapses.

    For cells whose rates are >= 0 and grow with their currents, such as Leaky with a rectifier.
    All currents of a unit scale together; its bias stays.

    Args:
        rates: set points by area, > 0, in the units of the area's rates.
        speed: fraction by which the synapses of a silent unit grow per window, between 0 and 1.
        windows: how many windows the mean rate goes back, about.

    Raises:
        ValueError: if a number means nothing; when training begins, for an area that the brain does
            not have.
    """

    def __init__(self, rates: dict[str, float], speed: float = 0.01, windows: float = 10.0):
        self.set_points = RateSetPoints(rates, speed, windows)

    def state_dict(self) -> dict[str, Any]:
        """The mean rates so far, for a run that is resumed."""
        return {"means": self.set_points.means}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`."""
        self.set_points.means = state_dict["means"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Refuse areas that the brain does not have."""
        self.set_points.require_areas(brain_of(pl_module))

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Scale by the mean rates of this window over all processes."""
        now = {}
        for name in self.set_points.rates:
            own = unit_rates(outputs["activities"][name])
            now[name] = cast(Tensor, trainer.strategy.reduce(own, reduce_op="mean"))
        self.set_points.scale(brain_of(pl_module), now)
