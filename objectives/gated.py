"""Feedback that guides plasticity: an association area gates the learning signals of a sensory one.

    g_i(t) = 2 logistic( sum_j F_ij h'_j(t) )         mean 1, between 0 and 2; F fixed and random
    learning signal of unit i:         g_i(t)  * d loss_of / d h_i(t)
    of prediction k, likewise by G:    g'_k(t) * d loss_of / d u_hat_k(t)

The value is that of the objective `of`; only its gradients are gated, those by the sensory area's
rates and those by its predictions, from which its units and its predictor learn. As attention-gated
learning, where feedback from what was attended to enables plasticity: Roelfsema & van Ooyen (2005),
doi:10.1162/0899766054615699, with random in place of reciprocal feedback. The association area does
not learn from it. What crosses the pathways between the two areas is not changed.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from objectives.objective import Activity, GroupObjective, Objective
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss


def gate_gradient(values: Tensor, gate: Tensor) -> Tensor:
    """The values themselves; gradients that come back to them are multiplied by the gate."""
    return values.detach() + gate * (values - values.detach())


class Gated(GroupObjective):
    """An objective of a sensory area whose learning signal an association area gates.

    Args:
        areas: the sensory one, which learns, and the association area, which gates.
        of: what the sensory area learns for.
        strength: standard deviation of the gate's input for association rates of size 1.

    Raises:
        ValueError: if there are not two areas, or the strength is negative.
    """

    stops_gradient = True

    def __init__(self, areas: list[str], of: Objective, strength: float = 1.0):
        super().__init__(areas)
        if len(areas) != 2 or areas[0] == areas[1]:
            raise ValueError(f"areas: need one that learns and another that gates, got {areas}")
        if not strength >= 0:
            raise ValueError(f"strength: need 0 or more, got {strength}")
        self.fewest_streams, self.reach = of.fewest_streams, of.reach  # type: ignore[misc]
        self.of, self.strength = of, strength
        self.feedback: nn.Module = nn.Identity()
        self.attention: nn.Module = nn.Identity()

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        sensory, association = self.areas
        self.of.build(drive[sensory], units[sensory])
        self.feedback = self._random(units[association], units[sensory])
        self.attention = self._random(units[association], drive[sensory])

    def _random(self, source: tuple[int, ...], target: tuple[int, ...]) -> Readout:
        readout = Readout(source, target, kernel=1).requires_grad_(False)
        for name, parameter in readout.named_parameters():
            fan = parameter[0].numel()
            scale = 0.0 if name.endswith("bias") else self.strength / fan**0.5
            nn.init.normal_(parameter, std=1.0).mul_(scale)
        return readout

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        sensory = activities[self.areas[0]]
        attention = self._level(self.attention, activities)
        gated = sensory._replace(
            rate=gate_gradient(sensory.rate, self.gate(activities)),
            prediction=gate_gradient(sensory.prediction, attention),
            error=gate_gradient(sensory.error, _of_errors(attention, sensory.error)),
        )
        return self.of(gated)

    def gate(self, activities: dict[str, Activity]) -> Tensor:
        """g, [time, batch, *units of the sensory area]."""
        return self._level(self.feedback, activities)

    def _level(self, feedback: nn.Module, activities: dict[str, Activity]) -> Tensor:
        return 2 * torch.sigmoid(feedback(activities[self.areas[1]].rate.detach()))

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """spread: standard deviation of the gate over units, steps and streams."""
        return {"spread": self.gate(activities).std()}


def _of_errors(attention: Tensor, error: Tensor) -> Tensor:
    """The gate of each error: that of the value whose error it is; a value may have several."""
    return torch.cat([attention] * (error.shape[2] // attention.shape[2]), dim=2)
