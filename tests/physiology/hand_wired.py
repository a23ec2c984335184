"""A brain of one area whose units are filters wired by hand, for tests of what is measured."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from areas import Leaky
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.learning import NoLearning
from objectives import Energy

REACH = 3
PLACE = torch.arange(-REACH, REACH + 1.0)
ROUND = torch.exp(-(PLACE**2 + PLACE[:, None] ** 2) / 4)


def wired(
    filters: Tensor,
    size: int = 16,
    activation: Callable[[Tensor], Tensor] = torch.relu,
    alpha: float = 1.0,
) -> Brain:
    """Units without recurrence.

    Args:
        filters: [unit, width, width], of an odd width.
        size: of the eye.
        activation: of the units.
        alpha: step over time constant.
    """
    units = [len(filters), size, size]
    plan = AreaPlan(
        Leaky(alpha, activation),
        units,
        NoLearning(),
        {"e": Energy()},
        None,
        ["drive"],
        filters.shape[-1],
    )
    brain = Brain(
        {"V1": plan}, {"eye_V1": Pathway("eye", "V1", signal="rate")}, {"eye": [1, size, size]}
    )
    area = brain.area("V1")
    area.synapses["recurrent"].weight.data.zero_()
    area.bias.data.zero_()
    area.synapses["drive"].weight.data[:] = filters[:, None]
    return brain


def gabor(direction: float = 0.0, period: float = 4.0) -> Tensor:
    """A filter for bars across a direction (radians), [7, 7]."""
    along = math.cos(direction) * PLACE + math.sin(direction) * PLACE[:, None]
    found = ROUND * torch.cos(2 * math.pi * along / period)
    return found - ROUND * found.sum() / ROUND.sum()
