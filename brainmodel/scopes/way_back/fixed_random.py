"""Fixed random weights: feedback alignment.

B random, drawn once as W was, and never changed

Source: Lillicrap, Cownden, Tweed & Akerman (2016), "Random synaptic feedback weights support error
backpropagation for deep learning", Nature Communications 7:13276.
"""

from copy import deepcopy

import torch
from torch import nn

from areas import Synapses
from areas.keys import slug
from brainmodel.scopes.way_back.way_back import WayBack, from_areas, passed
from brainmodel.wiring.wiring import Wiring


class FixedRandom(WayBack):
    """Back through random weights.

    Args:
        seed: of these weights.
    """

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed
        self.copies = nn.ModuleDict()

    def build(self, brain: Wiring) -> None:
        """See `WayBack.build`."""
        generator = torch.Generator().manual_seed(self.seed)
        self.copies = redrawn(brain, generator).requires_grad_(False)

    def through(self, brain: Wiring, area: str, key: str) -> Synapses:
        """See `WayBack.through`."""
        return self.copies.get_submodule(f"{area}.{slug(key)}")  # type: ignore[return-value]


def redrawn(brain: Wiring, generator: torch.Generator) -> nn.ModuleDict:
    """Copies of all synapses over which signals may return, with weights of their own, by area.

    Each is uniform in +- 1 / sqrt(sources), as synapses are at first.
    """
    copies = nn.ModuleDict()
    for name in sorted(brain.areas):
        made = {}
        for key, synapses in passed(brain.area(name), from_areas(brain, name)):
            copy = deepcopy(synapses)
            bound = copy.weight[0].numel() ** -0.5
            with torch.no_grad():
                copy.weight.uniform_(-bound, bound, generator=generator)
            made[slug(key)] = copy
        copies[name] = nn.ModuleDict(made)
    return copies
