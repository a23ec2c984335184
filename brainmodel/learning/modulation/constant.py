"""A constant: how much an area learns from any moment.

M(t) = amount
"""

from brainmodel.learning.learning_signal import Level
from brainmodel.learning.modulation.modulator import Modulator, ModulatorMemory, Moments


class Constant(Modulator):
    """The same at all times.

    Args:
        amount: M, >= 0; 1 changes nothing.

    Raises:
        ValueError: if it is negative.
    """

    keeps_apart = True

    def __init__(self, amount: float = 1.0):
        super().__init__()
        if not amount >= 0:
            raise ValueError(f"amount: need 0 or more, got {amount}")
        self.amount = amount

    def level(self, moments: Moments, memory: ModulatorMemory) -> tuple[Level, ModulatorMemory]:
        """See `Modulator.level`."""
        return moments.error.new_full(moments.valid.shape, self.amount), None
