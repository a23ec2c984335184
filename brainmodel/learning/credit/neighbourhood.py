"""Which influences SnAp keeps: of a unit's synapses on the unit alone, or on the units near it.

All synapses onto unit k share one neighbourhood, `near` units with `field` state fields each. Their
influence on it obeys a linear recursion of its own, with the Jacobian restricted to it:

    M_k(t) = P_k J(t) P_k M_k(t-1) + Mbar_k(t)

Its elements lie side by side in one dimension, [element] = [field * near]. So here, too, reverse
mode computes within a window what forward mode carries across: each unit takes the learning signal
of its neighbourhood back through its own restricted Jacobian.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas import Area
from areas.record import Record, interrupt
from brainmodel.learning.credit.jacobian import slopes_by_potential
from brainmodel.learning.credit.reverse_scan import reverse_steps, zero_carried


class ScanResult(NamedTuple):
    """What a reverse scan through the neighbourhoods gives, for each lane."""

    currents: Float[Tensor, "time batch lane currents"]
    """Derivatives by the currents, [current * unit]."""
    before: Float[Tensor, "batch unit lane element"]
    """Derivatives by the elements of each unit's neighbourhood before the window."""


class Neighbourhood(nn.Module, ABC):
    """Where the influence of a unit's synapses is followed."""

    @abstractmethod
    def view(
        self, state_bar: Float[Tensor, "batch field unit"]
    ) -> Float[Tensor, "batch unit element"]:
        """Derivatives by states, arranged by each unit's neighbourhood."""

    @abstractmethod
    def back(
        self,
        area: Area,
        record: Record,
        rate_bar: Float[Tensor, "time batch unit"],
        before: Float[Tensor, "batch unit"],
    ) -> ScanResult:
        """Take a learning signal back through a window, as one lane.

        Args:
            area: the area.
            record: what happened over the window.
            rate_bar: learning signal of the rates.
            before: likewise of the rate before the window.
        """

    @abstractmethod
    def lanes(self, area: Area, record: Record) -> ScanResult:
        """Take each element of each neighbourhood after a window back, one lane for each."""


class SingleUnit(Neighbourhood):
    """The unit alone: its own state, and the ways by its own synapse W_ii and its own error."""

    def view(
        self, state_bar: Float[Tensor, "batch field unit"]
    ) -> Float[Tensor, "batch unit element"]:
        """See `Neighbourhood.view`."""
        return state_bar.transpose(1, 2)

    def back(
        self,
        area: Area,
        record: Record,
        rate_bar: Float[Tensor, "time batch unit"],
        before: Float[Tensor, "batch unit"],
    ) -> ScanResult:
        """See `Neighbourhood.back`."""
        carried_bar = zero_carried(area, record)
        currents = _scan(area, record, self_couplings(area, record), rate_bar, before, carried_bar)
        bars = self._state(area, before, carried_bar)
        return ScanResult(currents[:, :, None], bars[:, :, None])

    def lanes(self, area: Area, record: Record) -> ScanResult:
        """See `Neighbourhood.lanes`."""
        found, couplings = [], self_couplings(area, record)
        for name in area.dynamics.outputs:
            rate_bar = torch.zeros_like(record.fields["rate"][1:])
            carried_bar = zero_carried(area, record)
            bars = dict(zip(area.cell.carried, carried_bar, strict=True))
            bars.get(name, rate_bar[-1]).fill_(1.0)
            before = torch.zeros_like(rate_bar[0])
            currents = _scan(area, record, couplings, rate_bar, before, carried_bar)
            found.append(ScanResult(currents, self._state(area, before, carried_bar)))
        currents, before = zip(*found, strict=True)
        return ScanResult(torch.stack(currents, 2), torch.stack(before, 2))

    @staticmethod
    def _state(area: Area, before: Tensor, carried_bar: list[Tensor]) -> Tensor:
        """Derivatives by a unit's own state, [batch, unit, field]."""
        bars = dict(zip(area.cell.carried, carried_bar, strict=True))
        bars["rate"] = before + bars["rate"] if "rate" in bars else before
        return torch.stack([bars[name] for name in area.dynamics.outputs], 2)


class Coupling(NamedTuple):
    """How currents of each unit depend on a field of its own state, one step before."""

    field: str
    currents: range  # which currents
    slope: Tensor  # [time or 1, batch or 1, current, unit], of these currents


def self_couplings(area: Area, record: Record) -> list[Coupling]:
    """Each unit's ways to itself: by its autapse, and by the error of its prediction."""
    units, cell = area.units[0], area.cell
    places = range(len(cell.currents))
    weight = area.synapses["recurrent"].weight.view(-1, units, units)
    autapse = weight.diagonal(dim1=1, dim2=2)[None, None]
    found = [Coupling(cell.emitted, places[area.reach("recurrent")], autapse)]
    if "error" in area.afferents and area.predictor is not None:
        weight = area.synapses["error"].weight.unflatten(0, (-1, units))
        loop = weight * area.comparison.spread(area.predictor.synapses["rate"].weight.t())
        through = torch.einsum("tbe,cue->tbcu", slopes_by_potential(area, record), loop)
        found.append(Coupling("rate", places[area.reach("error")], through))
    if record.keep is None:
        return found
    return [c._replace(slope=c.slope * record.keep[..., None, None]) for c in found]


def _scan(
    area: Area,
    record: Record,
    couplings: list[Coupling],
    rate_bar: Tensor,
    before: Tensor,
    carried_bar: list[Tensor],
) -> Tensor:
    """Reverse scan through each unit's own state and couplings; see `scan_area`."""
    reverse = reverse_steps(area, record, rate_bar, carried_bar)
    steps, breaks = rate_bar.shape[0], interrupt(record)
    by_current = reverse.currents_bar.unflatten(2, (len(area.cell.currents), -1)).unbind(2)
    ways = [
        (way.field, by_current[current].unbind(0), slope.expand(steps, -1, -1).unbind(0))
        for way in couplings
        for current, slope in zip(way.currents, way.slope.unbind(2), strict=True)
    ]
    bars = dict(zip(area.cell.carried, carried_bar, strict=True))
    for t in reversed(range(steps)):
        reverse.step(t)
        bars["rate"] = rate_bar[t - 1] if t > 0 else before
        for field, current_bar, slope in ways:
            bars[field].addcmul_(current_bar[t], slope[t])
        if record.keep is not None and breaks[t]:
            for bar in carried_bar:
                bar.mul_(record.keep[t][:, None])
    return reverse.currents_bar
