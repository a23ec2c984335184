"""Gains of units: what a unit sends is multiplied by a number that comes from outside.

    s(t) = step of the unit's own cell, of its currents a_k(t) I_k(t) and s(t-1)
    h(t) = g(t) h'(t) + c(t),    z(t) = g(t) z'(t) + c(t)

h' and z' are the rate and what recurrent synapses carry, as the cell alone makes them; g(t) is 1
unless somebody says otherwise, and 0 silences the unit: nobody hears it, itself included. What else
it remembers (a membrane potential, a memory cell) goes on by itself; where the rate is what a unit
remembers (`areas.Leaky`), that is multiplied, too. Where they are asked for, a unit has a clamp
c(t), 0 unless told, and gains a_k(t) of each of its currents, 1 unless told.

They stand among the unit's currents as more constants (`Cell.constants`), the last of them. So
compiled loops, maps and learning rules treat them as they treat any constant, and know their values
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

GAIN, CLAMP = "gain", "clamp"
"""Names of the constants g and c."""


def gain_of_current(k: int) -> str:
    """The name of the constant a_k."""
    return f"gain{k}"


class Outside(NamedTuple):
    """What comes to an area's units from outside of the brain at a step."""

    gain: Float[Tensor, "batch constants ..."] | None = None
    """[batch, constant * unit, ...] of units that have gains: all of `Gained.opened`, in order."""
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
    """What a gain adds to a cell of any kind, and no cell by itself; see `gained`.

    Attributes:
        opened: names of the constants that it has besides those of the cell, in order.
    """

    currents: tuple[str, ...]
    constants: tuple[str, ...]
    emitted: str
    opened: tuple[str, ...]

    def constant_values(self, units: int) -> Float[Tensor, "constant unit"]:
        """See `Cell.constant_values`; those of the cell, and at last gains of 1, a clamp of 0."""
        own = super().constant_values(units)  # type: ignore[misc]
        more = [[float(name != CLAMP)] * units for name in self.opened]
        return torch.cat([own, torch.tensor(more, dtype=own.dtype)])

    def normalise(self, currents: PerCurrent, given: bool = False) -> PerCurrent:
        """See `Cell.normalise`; of currents times their gains, which are those that units feel."""
        parts = currents.chunk(len(self.currents), dim=1)
        own, more = self._felt_of(parts), parts[len(self.currents) - len(self.opened) :]
        made = super().normalise(torch.cat([*own, *more], dim=1), given)  # type: ignore[misc]
        felt = len(self.currents) - len(self.constants)
        return torch.cat([*parts[:felt], *made.chunk(len(parts), dim=1)[felt:]], dim=1)

    def _felt_of(self, currents: Sequence[PerUnit]) -> list[PerUnit]:
        """The cell's own currents, times their gains."""
        count = len(currents) - len(self.opened)
        told = dict(zip(self.opened, currents[count:], strict=True))
        return [
            current * told[gain_of_current(k)] if gain_of_current(k) in told else current
            for k, current in enumerate(currents[:count])
        ]

    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step; see `Cell.step`."""
        own = self._felt_of(currents)
        told = dict(zip(self.opened, currents[len(own) :], strict=True))
        new = super().step(own, state)  # type: ignore[misc]
        sent = {}
        for name in dict.fromkeys(("rate", self.emitted)):
            sent[name] = getattr(new, name) * told[GAIN]
            if CLAMP in told:
                sent[name] = sent[name] + told[CLAMP]
        return new._replace(**sent)

    def __reduce__(self) -> tuple[Any, ...]:
        """As the cell alone: the kind of a cell with gains has no name to be found by."""
        return gained, (alone(cast(Cell, self)), self.opened[:-1])


def gained(cell: Kept, more: Sequence[str] = ()) -> Kept:
    """The cell with gains: of its own kind, its numbers the same while nothing is told.

    Args:
        cell: the cell, perhaps with gains already.
        more: names of constants besides the gain: `CLAMP`, those of `gain_of_current`.
    """
    had = cell.opened if isinstance(cell, Gained) else ()
    opened = (*sorted({*had, *more} - {GAIN, CLAMP}), *[CLAMP] * (CLAMP in {*had, *more}), GAIN)
    if opened == had:
        return cell
    own = alone(cell)
    made = object.__new__(_kind(type(own)))
    vars(made).update(vars(own))
    made.currents, made.constants = (*own.currents, *opened), (*own.constants, *opened)
    made.opened = opened  # type: ignore[attr-defined]
    return made  # pyright: ignore[reportReturnType]


def alone(cell: Kept) -> Kept:
    """The cell without gains."""
    if not isinstance(cell, Gained):
        return cell
    made, count = object.__new__(type(cell).__bases__[1]), len(cell.opened)
    vars(made).update({name: value for name, value in vars(cell).items() if name != "opened"})
    made.currents, made.constants = cell.currents[:-count], cell.constants[:-count]
    return made  # type: ignore[return-value]


@cache
def _kind(kind: type[Kept]) -> type[Kept]:
    """The kind of cells of a kind that have gains, under the name of the latter."""
    return cast("type[Kept]", type(kind.__name__, (Gained, kind), {}))
