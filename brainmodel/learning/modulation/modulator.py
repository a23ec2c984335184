"""The contract of a neuromodulator: what happened -> a factor M(t) of the learning signal.

    L(t)  becomes  M(t) dloss/dh(t) + M(t+1) P^T dloss/du_hat(t+1)

so M(t) multiplies all derivatives of the loss of step t: those by the rates, and those that reach
the rates before by way of the prediction. The predictor's own synapses, which belong to no type of
unit, are modulated by the mean of M(t) over units. See `brainmodel.learning.learning_signal`.

A modulator is a pure function with explicit memory, which each stream carries for itself: so
streams do not meet, two processes are as one, and checkpoints hold it with the rest of the state.
It sees what happened, and no loss.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from jaxtyping import Bool
from torch import Tensor, nn

from areas import Area
from areas.shapes import PerDriveSteps, SignalSteps
from brainmodel.learning.learning_signal import Level
from brainmodel.schedules import Schedule
from brainmodel.schedules.clock import Clock

ModulatorMemory = (
    Any  # what a modulator carries between windows: a pytree of tensors [batch], or None
)


class Moments(NamedTuple):
    """A window, as far as a modulator may see it."""

    error: PerDriveSteps  # the area's drive minus its prediction
    inputs: dict[str, SignalSteps]  # the brain's inputs by name
    valid: Bool[Tensor, "time batch"]  # False where the stream was reset at this step
    clock: Clock  # how old the brain is, and what schedules say

    @property
    def age(self) -> int:
        """Steps that the optimizer took; who asks for it keeps windows from being recorded."""
        return self.clock.age


class Modulator(nn.Module, ABC):
    """A neuromodulator of one area.

    Attributes:
        by_unit: whether levels may differ between units.
        keeps_apart: as of `Rule`.
        schedule: that its levels follow; None for none.
    """

    by_unit: ClassVar[bool] = False
    keeps_apart: ClassVar[bool] = False
    schedule: Schedule | None = None

    def build(self, area: Area, inputs: Mapping[str, Sequence[int]]) -> None:
        """Prepare for an area of a brain with these inputs (shapes by name), once.

        Raises:
            ValueError: if it does not fit.
        """
        del area, inputs

    @abstractmethod
    def level(self, moments: Moments, memory: ModulatorMemory) -> tuple[Level, ModulatorMemory]:
        """M(t) of a window, and what to remember of it.

        Args:
            moments: the window.
            memory: from the window before; None at the very first.

        Returns:
            M, by unit if `by_unit`; the memory.
        """
