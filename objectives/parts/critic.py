"""A critic: the score of a candidate drive, given the rates of an area that saw what came before.

score(x, h) = w . mean over positions of ELU( A x + B h + b ) + c
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from objectives.objective import mean_over_space
from objectives.parts.readout import Readout


class Critic(nn.Module):
    """Scores of drives, given an area's rates.

    Args:
        drive: shape of the drives, [unit] or [channel, height, width].
        memory: shape of the rates, likewise.
        features: units in between, at each position of a map.
        kernel: odd width of receptive fields on maps, in pixels.
    """

    def __init__(
        self, drive: Sequence[int], memory: Sequence[int], features: int = 16, kernel: int = 3
    ):
        super().__init__()
        hidden = (features, *drive[1:])
        self.candidate = Readout(drive, hidden, kernel)
        spread = hidden if len(memory) == 3 else (features, *[1] * (len(drive) - 1))
        self.memory = Readout(memory, spread, kernel)
        self.score = nn.Linear(features, 1)

    def forward(self, drive: Tensor, memory: Tensor) -> Tensor:
        """Scores [time, batch] of drives [time, batch, *drive] and rates [time, batch, *units]."""
        hidden = F.elu(self.candidate(drive) + self.memory(memory))
        return self.score(mean_over_space(hidden)).squeeze(2)

    def frozen(self, drive: Tensor, memory: Tensor) -> Tensor:
        """The same scores; no gradient reaches weights and rates."""
        weights = {name: weight.detach() for name, weight in self.named_parameters()}
        scores: Tensor = torch.func.functional_call(self, weights, (drive, memory.detach()))
        return scores
