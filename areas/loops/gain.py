"""Gains of units: what a unit sends is multiplied by a number that comes from outside.

    s(t) = step of the unit's own cell, of its currents and s(t-1)
    h(t) = g(t) h'(t),    z(t) = g(t) z'(t)

h' and z' are the rate and what recurrent synapses carry, as the cell alone makes them; g(t) is 1
unless somebody says otherwise, and 0 silences the unit: nobody hears it, itself included. What else
it remembers (a membrane potential, a memory cell) goes on by itself; where the rate is what a unit
remembers (`areas.Leaky`), that is multiplied, too.

A gain stands among the unit's currents as one more constant (`Cell.constants`), the last of them.
So compiled loops, maps and learning rules treat it as they treat any constant, and know its value
at each step from the record: credit is that of the units as they were.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from areas.cell import Cell, State
from areas.shapes import PerCurrent, PerUnit

GAIN = "gain"
"""The name of the constant."""


class Outside(NamedTuple):
    """What comes to an area's units from outside of the brain at a step."""

    gain: PerUnit | None = None  # of units that have gains; 1 where there is none
    current: PerCurrent | None = None
    """[batch, current * unit, ...], added to the currents that are no constants."""

    def join(self, total: PerCurrent) -> PerCurrent:
        """Currents with what comes from outside."""
        if self.current is not None:
            felt = self.current.shape[1]
            total = torch.cat([total[:, :felt] + self.current, total[:, felt:]], dim=1)
        if self.gain is None:
            return total
        return torch.cat([total[:, : -self.gain.shape[1]], self.gain], dim=1)


NOTHING = Outside()
"""Neither gains nor currents."""
Kept = TypeVar("Kept", bound=Cell)


class Gained:
    """What a gain adds to a cell of any kind, and no cell by itself; see `gained`."""

    currents: tuple[str, ...]
    constants: tuple[str, ...]
    emitted: str

    def constant_values(self, units: int) -> Float[Tensor, "constant unit"]:
        """See `Cell.constant_values`; those of the cell, and at last a gain of 1."""
        own = super().constant_values(units)  # type: ignore[misc]
        return torch.cat([own, torch.ones(1, units, dtype=own.dtype)])

    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step; see `Cell.step`."""
        new = super().step(currents[:-1], state)  # type: ignore[misc]
        sent = dict.fromkeys(("rate", self.emitted))
        return new._replace(**{name: getattr(new, name) * currents[-1] for name in sent})

    def __reduce__(self) -> tuple[Any, ...]:
        """As the cell alone: the kind of a cell with gains has no name to be found by."""
        alone = object.__new__(type(self).__bases__[1])
        vars(alone).update(vars(self))
        alone.currents, alone.constants = self.currents[:-1], self.constants[:-1]
        return gained, (alone,)


def gained(cell: Kept) -> Kept:
    """The cell with gains: of its own kind, its numbers the same while all gains are 1."""
    if isinstance(cell, Gained):
        return cell
    made = object.__new__(_kind(type(cell)))
    vars(made).update(vars(cell))
    made.currents, made.constants = (*cell.currents, GAIN), (*cell.constants, GAIN)
    return made


@cache
def _kind(kind: type[Kept]) -> type[Kept]:
    """The kind of cells of a kind that have gains, under the name of the latter."""
    return cast("type[Kept]", type(kind.__name__, (Gained, kind), {}))
