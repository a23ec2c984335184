"""What all perturbations of a window do together, in the order in which they are named.

Each makes of a signal x (the rates of units, a message, a current) g x + c. What comes later acts
on what was before: of two gains the product counts, and a clamp behind another counts alone.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.perturbation.places import Addressed
from brainmodel.wiring.outside import current_into, gain_of
from brainmodel.wiring.perturbed_inputs import clamp_of, gains_within, level_of, order_of


class Moment(NamedTuple):
    """A window, as far as a perturbation may see it."""

    reset: Tensor  # [time, batch] bool
    strength: Tensor  # [time, batch], 0 where the perturbation does not act, 1 where it does


class Effects:
    """What perturbations do in a window, under the names of inputs: see `perturbed_inputs`."""

    def __init__(self) -> None:
        self.found: dict[str, Tensor] = {}

    def change(self, place: Addressed, gain: Tensor, clamp: Tensor | None = None) -> None:
        """Multiply, and add behind it.

        Args:
            place: what is changed.
            gain: [time, batch, *shape of the place].
            clamp: likewise; nothing is added unless given.
        """
        if place.within:
            self._within(place, gain)
            return
        of_gain, of_clamp = gain_of(place.name), clamp_of(place.name)
        before = self.found.get(of_gain)
        self.found[of_gain] = gain if before is None else before * gain
        before = self.found.get(of_clamp)
        if before is not None:
            self.found[of_clamp] = before * gain + (0.0 if clamp is None else clamp)
        elif clamp is not None:
            self.found[of_clamp] = clamp

    def _within(self, place: Addressed, gain: Tensor) -> None:
        wide = [1] * (len(place.shape) - 1)
        meant = place.currents.to(gain.device).view(1, 1, *place.currents.shape, *wide)
        whole = torch.where(meant, gain[:, :, None], gain.new_ones(())).flatten(2, 3)
        name = gains_within(place.name)
        self.found[name] = self.found[name] * whole if name in self.found else whole

    def add(self, place: Addressed, signal: Tensor) -> None:
        """Add to currents of units, or to what arrives over a pathway, [time, batch, *shape]."""
        if place.pathway:
            name = clamp_of(place.name)
        else:
            name = current_into(place.name)
            wide = [1] * (len(place.shape) - 1)
            meant = place.currents.to(signal).view(1, 1, *place.currents.shape, *wide)
            signal = (meant * signal[:, :, None]).flatten(2, 3)
        self.found[name] = self.found[name] + signal if name in self.found else signal

    def reorder(self, pathway: str, order: Tensor) -> None:
        """Let each stream hear the message of another, [time, batch]."""
        name = order_of(pathway)
        if name in self.found:
            order = self.found[name].gather(1, order.long())
        self.found[name] = order

    def modulate(self, area: str, level: Tensor) -> None:
        """Multiply the learning signal of an area by [time, batch], or [time, batch, unit]."""
        name = level_of(area)
        self.found[name] = level if name not in self.found else self._both(self.found[name], level)

    @staticmethod
    def _both(one: Tensor, other: Tensor) -> Tensor:
        wide = max(one.dim(), other.dim())
        one, other = (each.view(*each.shape, *[1] * (wide - each.dim())) for each in (one, other))
        return one * other
