"""The contract of a cell: what synaptic currents and a unit's own past make of its rate.

A cell is POINTWISE: each unit sees its own currents and its own state, nothing else. All mixing
between units is done by synapses, before. That one restriction is what lets the same equation
serve dense units and convolutional maps, lets every learning rule split "through the synapses"
from "through the unit's own state", and lets the equation be fused into one loop
(`areas.loops.fuse`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from areas.shapes import PerUnit

State = (
    Any  # a NamedTuple of tensors [batch, *units], declared by each cell; its first field is `rate`
)
Activation = Callable[[Tensor], Any]
"""A pointwise function of a tensor, giving a tensor; said so loosely that configs may name torch's
built-in ones (`torch.tanh`), which tell nobody what they return."""


class Cell(ABC):
    """Dynamics of the units of an area.

    A cell file declares a state (NamedTuple, first field `rate`), a pure step function, and this
    thin class. Time constants and activations are its arguments; weights belong to the area.

    Attributes:
        currents: names of the synaptic currents a unit receives, in order.
        afferent: the currents that drive, errors and messages reach, consecutive ones of
            `currents`; all of them unless declared. A current that no source reaches is its bias:
            a constant that may differ from unit to unit.
        recurrent: likewise, the currents that the area's own units reach.
        carried: the state fields that `step` reads back one step later.
        emitted: the state field that the area's recurrent synapses carry: the rate, or one of
            `carried`, such as spikes. All else, the predictor and other areas, sees the rate.
        autapses: whether a unit has synapses onto itself, unless the area is told otherwise.
        surrogate: whether its derivative is a pseudo-derivative, which finite differences of the
            step do not show.
        initial_bias: bias of a current at the start of training; 0 where not named.
        state: the NamedTuple type of the state.
    """

    currents: ClassVar[tuple[str, ...]]
    afferent: ClassVar[tuple[str, ...]] = ()
    recurrent: ClassVar[tuple[str, ...]] = ()
    carried: ClassVar[tuple[str, ...]]
    emitted: ClassVar[str] = "rate"
    autapses: ClassVar[bool] = True
    surrogate: ClassVar[bool] = False
    initial_bias: ClassVar[dict[str, float]] = {}
    state: ClassVar[type]

    @abstractmethod
    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step of every unit.

        Args:
            currents: one tensor [batch, *units] per name in `currents` (dimensionless).
            state: the state before the step; fields [batch, *units]. Left as it was.

        Returns:
            The state after the step, a new NamedTuple; its `rate` is what other areas may see.
        """

    def initial_state(self, like: PerUnit) -> State:
        """State of streams that begin: zeros of the shape, device and dtype of `like`."""
        return self.state(*(torch.zeros_like(like) for _ in self.state._fields))

    def biases(self, units: int) -> Float[Tensor, "current unit"]:
        """Biases at the start of training, [current, unit]; of maps, [current, channel]."""
        values = [self.initial_bias.get(name, 0.0) for name in self.currents]
        return torch.tensor(values)[:, None].repeat(1, units)

    def reach(self, source: str) -> slice:
        """Which currents a source ("recurrent", or any other) has synapses onto."""
        names = (self.recurrent if source == "recurrent" else self.afferent) or self.currents
        first = self.currents.index(names[0])
        return slice(first, first + len(names))
