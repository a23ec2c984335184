"""Surprise: an area learns from what it did not expect, relative to how wrong it usually is.

    s(t) = mean_i e_i(t)^2
    M(t) = min( s(t) / running mean of s before t,  most )

M is about 1 on average, so that learning rates can be compared with those of other modulators.
Each stream has a running mean of its own. After noradrenaline as the signal of unexpected
uncertainty: Yu & Dayan (2005), doi:10.1016/j.neuron.2005.04.026.
"""

from collections.abc import Mapping, Sequence

import torch

from areas import Area
from brainmodel.learning.learning_signal import Level
from brainmodel.learning.modulation.modulator import Modulator, ModulatorMemory, Moments
from brainmodel.learning.modulation.running_mean import follow_mean, require_rate


class Surprise(Modulator):
    """Squared prediction error over its running mean.

    Args:
        rate: weight of one step in the running mean, in (0, 1]: one over its memory in steps.
        most: bound of M, > 0.

    Raises:
        ValueError: if a number is out of range; in `build`, for an area that does not predict.
    """

    def __init__(self, rate: float = 0.01, most: float = 5.0):
        super().__init__()
        require_rate(rate)
        if not most > 0:
            raise ValueError(f"most: need a bound above 0, got {most}")
        self.rate, self.most = rate, most

    def build(self, area: Area, inputs: Mapping[str, Sequence[int]]) -> None:
        """See `Modulator.build`."""
        del inputs
        if area.predictor is None:
            raise ValueError("Surprise: needs an area with a predictor; use Constant or Reward")

    def level(self, moments: Moments, memory: ModulatorMemory) -> tuple[Level, ModulatorMemory]:
        """See `Modulator.level`; 1 where nothing has been seen, and where nothing is ever wrong."""
        surprise = moments.error.square().flatten(2).mean(2)
        usual, memory = follow_mean(surprise, moments.valid, self.rate, memory)
        known = usual > 0
        ratio = torch.where(known, surprise / usual.where(known, 1.0), 1.0)
        return ratio.clamp(max=self.most), memory
