"""The state of a brain between windows."""

from typing import Any, NamedTuple

from torch import Tensor

from brainmodel.learning.credit.stream_noise import Noise


class BrainState(NamedTuple):
    """All that the streams of a batch carry from one window to the next; a pytree of tensors."""

    areas: dict[str, Any]  # by area, the cell's state; fields [batch, *units]
    delayed: dict[str, Tensor]  # by pathway with a delay, its messages under way, oldest first
    memories: dict[str, Any]  # by area, what its learning rule remembers
    modulators: dict[str, Any]  # by area that has one, what its modulator remembers
    waiting: Any = None  # what the scope keeps: steps that areas have not learnt from yet
    noise: Noise | None = None  # where the noise of units stands, if any has noise
    environments: dict[str, Any] = {}  # by environment, its own state
    perturbed: Any = None  # what perturbations carry, while there are some
