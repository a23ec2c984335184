"""What computes the literal steps of a brain, which autograd goes back through: an engine."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor

from areas.record import StepRecord
from brainmodel.environments import Reply
from brainmodel.wiring.literal_step import literal_step
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Engine:
    """Computes literal steps (`literal_step`): as they are written, unless a kind says otherwise.

    Only scopes that step a brain literally where it learns ask for them; all else that a brain does
    is swept.
    """

    def require_serves(self, brain: Wiring, *, literal: bool) -> None:
        """Refuse a brain that it is of no use to; none is refused by default.

        Args:
            brain: the brain.
            literal: whether its scope steps it literally where it learns.

        Raises:
            ValueError: in one sentence, with what would be right.
        """

    def step(
        self,
        brain: Wiring,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        cut: Callable[[str], bool],
    ) -> tuple[dict[str, StepRecord], dict[str, Reply], BrainState]:
        """One step; arguments and result as of `literal_step`."""
        return literal_step(brain, inputs, reset, state, cut=cut)

    def back(self) -> AbstractContextManager[object]:
        """What autograd is to go back through steps in; it may go several times."""
        return nullcontext()

    def __str__(self) -> str:
        """What takes literal steps, for logs and reports."""
        return "tensor calls under autograd"


class Plain(Engine):
    """The engine unless another is given: literal steps as they are written, in tensor calls."""
