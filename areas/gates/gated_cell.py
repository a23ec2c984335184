"""Cells with gates, each a function of one current, which may be recorded as fields of the state.

What is recorded takes no part in any step after. It can be read like any field: by a probe (signal
`state`, as "state.forget"), in TensorBoard (gate/AREA.forget), and by a pathway (`signal: forget`).
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from torch import Tensor

from areas.cell import Cell, State
from areas.populations import state_of
from areas.shapes import PerUnit


class GatedCell(Cell):
    """Units with gates.

    Args:
        recorded: whether the state has a field for each gate, under the name of its current.

    Attributes:
        gates: by the name of a current, the gate as a function of it.
    """

    gates: ClassVar[Mapping[str, Callable[[Tensor], Tensor]]]
    recorded: bool = False

    def __init__(self, recorded: bool = False):
        if recorded:  # else it is what it was: cells without arguments are alike
            self.recorded = recorded
            self.state = state_of((*self.state._fields, *self.gates))  # type: ignore[attr-defined]

    @abstractmethod
    def move(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step as `Cell.step`, of a state without what is recorded."""

    def felt(self, currents: Sequence[PerUnit]) -> Sequence[PerUnit]:
        """What gates are functions of, in the order of `currents`; the currents unless declared."""
        return currents

    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step; see `Cell.step`."""
        if not self.recorded:
            return self.move(currents, state)
        plain = type(self).state
        moved = self.move(currents, plain(*state[: len(plain._fields)]))  # type: ignore[attr-defined]
        felt = self.felt(currents)
        gates = [gate(felt[self.currents.index(n)]) for n, gate in self.gates.items()]
        return self.state(*moved, *gates)
