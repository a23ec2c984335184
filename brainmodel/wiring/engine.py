"""What computes the literal steps of a brain, which autograd goes back through: an engine."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor

from areas.record import StepRecord
from brainmodel.environments import Reply
from brainmodel.wiring.literal_step import literal_step
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Engine(ABC):
    """Computes literal steps (`literal_step`).

    Only scopes that step a brain literally where it learns ask for them; all else that a brain does
    is swept.
    """

    @abstractmethod
    def require_serves(self, brain: Wiring, *, literal: bool) -> None:
        """Refuse a brain that it is of no use to.

        Args:
            brain: the brain.
            literal: whether its scope steps it literally where it learns.

        Raises:
            ValueError: in one sentence, with what would be right.
        """

    @abstractmethod
    def step(
        self,
        brain: Wiring,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        cut: Callable[[str], bool],
    ) -> tuple[dict[str, StepRecord], dict[str, Reply], BrainState]:
        """One step; arguments and result as of `literal_step`."""

    @abstractmethod
    def back(self) -> AbstractContextManager[object]:
        """What autograd is to go back through steps in; it may go several times."""

    @abstractmethod
    def __str__(self) -> str:
        """What takes literal steps, for logs and reports."""


class Plain(Engine):
    """The engine unless another is given: literal steps as they are written, in tensor calls."""

    def require_serves(self, brain: Wiring, *, literal: bool) -> None:
        """See `Engine.require_serves`; it serves any."""

    def step(
        self,
        brain: Wiring,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        cut: Callable[[str], bool],
    ) -> tuple[dict[str, StepRecord], dict[str, Reply], BrainState]:
        """See `Engine.step`."""
        return literal_step(brain, inputs, reset, state, cut=cut)

    def back(self) -> AbstractContextManager[object]:
        """See `Engine.back`."""
        return nullcontext()

    def __str__(self) -> str:
        return "tensor calls under autograd"
