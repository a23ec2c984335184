"""Learnt feedback weights: both ways change alike, and forget where they began.

    dW = - rate ( G + decay W ),      dB = - rate ( G + decay B )

G is the gradient that the rule gives W: pre- and postsynaptic activity, which both ways can see. So
W - B shrinks by 1 - rate * decay with each step, under plain gradient descent; optimizers that
rescale each weight's changes (Adam) keep this as a tendency.

Source: Kolen & Pollack (1994), "Backpropagation without weight transport"; Akrout et al. (2019),
arXiv:1904.05391, section 4.
"""

from collections.abc import Sequence

import torch
from torch import nn

from areas import Synapses
from areas.keys import slug
from brainmodel.learning.rule import Gradients
from brainmodel.scopes.way_back.fixed_random import redrawn
from brainmodel.scopes.way_back.way_back import WayBack, from_areas, passed
from brainmodel.wiring.parameter_names import copy_name
from brainmodel.wiring.wiring import Wiring


class KolenPollack(WayBack):
    """Back through weights that learn as the forward ones do.

    Args:
        decay: of both, as a share of the weight in the gradient, > 0.
        seed: of the weights at first.

    Raises:
        ValueError: if `decay` is not positive: then both ways never meet.
    """

    def __init__(self, decay: float = 1e-3, seed: int = 0):
        super().__init__()
        if decay <= 0:
            raise ValueError(f"decay: need a number above 0, or both ways never meet, got {decay}")
        self.decay, self.seed = decay, seed
        self.copies = nn.ModuleDict()

    def build(self, brain: Wiring) -> None:
        """See `WayBack.build`."""
        self.copies = redrawn(brain, torch.Generator().manual_seed(self.seed))
        for name in self.copies:
            for key, synapses in passed(brain.area(name), from_areas(brain, name)):
                learns = synapses.weight.requires_grad
                self.copies.get_submodule(f"{name}.{slug(key)}").requires_grad_(learns)

    def through(self, brain: Wiring, area: str, key: str) -> Synapses:
        """See `WayBack.through`."""
        return self.copies.get_submodule(f"{area}.{slug(key)}")  # type: ignore[return-value]

    def learn(self, brain: Wiring, found: Gradients) -> None:
        """See `WayBack.learn`; where a rule gave W no gradient, B gets none either."""
        for name in self.copies:
            for key, synapses in passed(brain.area(name), from_areas(brain, name)):
                forward = brain.parameter_name(name, key)
                if forward in found:
                    back = self.through(brain, name, key).weight.detach()
                    gradient = found[forward]
                    found[forward] = gradient + self.decay * synapses.weight.detach()
                    found[copy_name(name, key)] = gradient + self.decay * back

    def synapses_of(self, area: str) -> Sequence[nn.Parameter]:
        """See `WayBack.synapses_of`."""
        return list(self.copies.get_submodule(area).parameters())
