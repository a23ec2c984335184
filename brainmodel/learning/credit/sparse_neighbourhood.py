"""Neighbourhoods of sparse recurrent synapses, for SnAp-n: the units within reach of each unit."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from areas import Area
from areas.record import Record
from brainmodel.learning.credit.jacobian import linearise
from brainmodel.learning.credit.neighbourhood import Neighbourhood, ScanResult


class SparseNeighbourhood(Neighbourhood):
    """The units that a unit reaches over its recurrent synapses; units receive no error.

    Args:
        reached: whether the first is reached by the second; each by itself.
    """

    index: Int[Tensor, "unit near"]  # the unit itself first
    real: Bool[Tensor, "unit near"]  # False where a row is only filled up

    def __init__(self, reached: Bool[Tensor, "unit unit"]):
        super().__init__()
        count = int(reached.sum(0).max())
        itself = torch.eye(len(reached), dtype=torch.bool, device=reached.device)
        order = (reached.int() + itself.int()).t().argsort(dim=1, descending=True)
        self.register_buffer("index", order[:, :count].contiguous())
        self.register_buffer("real", reached.t().gather(1, self.index))

    def view(
        self, state_bar: Float[Tensor, "batch field unit"]
    ) -> Float[Tensor, "batch unit element"]:
        """See `Neighbourhood.view`."""
        return (state_bar[:, :, self.index] * self.real).transpose(1, 2).flatten(2)

    def back(
        self,
        area: Area,
        record: Record,
        rate_bar: Float[Tensor, "time batch unit"],
        before: Float[Tensor, "batch unit"],
    ) -> ScanResult:
        """See `Neighbourhood.back`."""
        fields = len(area.dynamics.outputs)
        near_bar = torch.cat([before[None], rate_bar])[:, :, self.index] * self.real
        bars = near_bar.new_zeros(*near_bar.shape[1:3], 1, fields, near_bar.shape[3])
        return self._scan(area, record, near_bar, bars)

    def lanes(self, area: Area, record: Record) -> ScanResult:
        """See `Neighbourhood.lanes`."""
        steps, batch = record.currents.shape[:2]
        fields, (units, near) = len(area.dynamics.outputs), self.index.shape
        eye = torch.eye(fields * near, dtype=record.currents.dtype, device=record.currents.device)
        bars = eye.view(-1, fields, near) * self.real[:, None, None]
        none = eye.new_zeros(()).expand(1 + steps, batch, units, near)
        return self._scan(area, record, none, bars.expand(batch, -1, -1, -1, -1))

    def _scan(
        self,
        area: Area,
        record: Record,
        near_bar: Float[Tensor, "steps batch unit near"],
        bars: Float[Tensor, "batch unit lane field near"],
    ) -> ScanResult:
        """The reverse scan through all neighbourhoods.

        Args:
            area: the area.
            record: what happened over the window.
            near_bar: derivatives by the rates of each neighbourhood, from before the first step on;
                they are added on the way.
            bars: derivatives by its state after the last step.
        """
        linear, reach = linearise(area, record), area.reach("recurrent")
        weight, currents = self._weight(area), []
        for t in reversed(range(record.currents.shape[0])):
            bars = _add_to_rate(bars, near_bar[t + 1])
            by_current = linear.currents[t][..., self.index]
            flow = torch.einsum("bulfn,bfcun->bulcn", bars, by_current)
            currents.insert(0, flow[..., 0].permute(0, 2, 3, 1).flatten(2))
            bars = torch.einsum("bulfn,bfgun->bulgn", bars, linear.carried[t][..., self.index])
            emitted = torch.einsum("bulcn,ucnm->bulm", flow[..., reach, :], weight)
            bars[..., area.dynamics.emitted, :] += emitted
            if record.keep is not None:
                bars = bars * record.keep[t].view(-1, 1, 1, 1, 1)
        return ScanResult(torch.stack(currents), _add_to_rate(bars, near_bar[0]).flatten(3))

    def _weight(self, area: Area) -> Float[Tensor, "unit current near near"]:
        """Recurrent weights within each neighbourhood."""
        units = area.units[0]
        weight = area.synapses["recurrent"].weight.view(-1, units, units)
        within = weight[:, self.index[:, :, None], self.index[:, None, :]]
        return (within * self.real[:, :, None] * self.real[:, None, :]).transpose(0, 1)


def _add_to_rate(
    bars: Float[Tensor, "batch unit lane field near"], near_bar: Float[Tensor, "batch unit near"]
) -> Float[Tensor, "batch unit lane field near"]:
    """Derivatives, those by the rate with others added, in all lanes alike."""
    return torch.cat([bars[..., :1, :] + near_bar[:, :, None, None], bars[..., 1:, :]], 3)
