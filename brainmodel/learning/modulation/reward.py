"""Reward: an area learns from what turned out better than usual, and unlearns what was worse.

    M(t) = tonic + gain ( r(t) - running mean of r before t )

r(t) is an input of the brain, its mean over units if it has several. Each stream has a running
mean of its own. Dopamine as the error of a prediction of reward: Schultz, Dayan & Montague (1997),
doi:10.1126/science.275.5306.1593; the baseline as in Williams (1992), doi:10.1007/BF00992696.
"""

from collections.abc import Mapping, Sequence

from areas import Area
from brainmodel.learning.learning_signal import Level
from brainmodel.learning.modulation.modulator import Modulator, ModulatorMemory, Moments
from brainmodel.learning.modulation.running_mean import follow_mean, require_rate


class Reward(Modulator):
    """Reward beyond its running mean.

    Args:
        input: name of the brain's input that is the reward.
        gain: M for one unit of reward more than usual.
        tonic: M where reward is as usual; 0 for learning from surprises of reward only.
        rate: weight of one step in the running mean, in (0, 1]: one over its memory in steps.

    Raises:
        ValueError: if `rate` is out of range; in `build`, if the brain has no such input.
    """

    def __init__(
        self, input: str = "reward", gain: float = 1.0, tonic: float = 0.0, rate: float = 0.01
    ):
        super().__init__()
        require_rate(rate)
        self.input, self.gain, self.tonic, self.rate = input, gain, tonic, rate

    def build(self, area: Area, inputs: Mapping[str, Sequence[int]]) -> None:
        """See `Modulator.build`."""
        if self.input not in inputs:
            raise ValueError(
                f"input: the data has no {self.input!r}; there are {', '.join(inputs)}"
            )

    def level(self, moments: Moments, memory: ModulatorMemory) -> tuple[Level, ModulatorMemory]:
        """See `Modulator.level`."""
        reward = moments.inputs[self.input].flatten(2).mean(2)
        usual, memory = follow_mean(reward, moments.valid, self.rate, memory)
        return self.tonic + self.gain * (reward - usual), memory
