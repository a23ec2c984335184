"""Gating after development: a young area learns from everything, a grown one when modulated.

M(t) = d + (1 - d) M'(t),      d the level of a schedule: 1 in the young, falling to 0

M' is another modulator. Adult cortex is plastic where attention, reward or novelty release
neuromodulators: Bao, Chan & Merzenich (2001), doi:10.1038/35083586.
"""

from collections.abc import Mapping, Sequence

from areas import Area
from brainmodel.learning.learning_signal import Level
from brainmodel.learning.modulation.modulator import Modulator, ModulatorMemory, Moments
from brainmodel.schedules import Schedule


class AfterDevelopment(Modulator):
    """Another modulator, which comes into force as development ends.

    Args:
        modulator: what gates learning in the adult.
        development: how young the area is after so many steps of the optimizer, from 1 to 0, such
            as a `CriticalPeriod` or `Annealing`.

    Raises:
        ValueError: if the modulator tells types of units apart; put this one into the types then.
    """

    def __init__(self, modulator: Modulator, development: Schedule):
        super().__init__()
        if modulator.by_unit:
            raise ValueError(
                "modulator: tells types of units apart; give each of its types an AfterDevelopment"
            )
        self.modulator = modulator
        self.development = self.schedule = development

    def build(self, area: Area, inputs: Mapping[str, Sequence[int]]) -> None:
        """See `Modulator.build`."""
        self.modulator.build(area, inputs)

    def level(self, moments: Moments, memory: ModulatorMemory) -> tuple[Level, ModulatorMemory]:
        """See `Modulator.level`."""
        young = moments.clock.level(self.development)
        adult, memory = self.modulator.level(moments, memory)
        return young + (1 - young) * adult, memory
