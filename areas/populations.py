"""Populations of different cells in one area, such as excitatory cells and three interneurons.

    state_i(t) = step of the cell of the population of unit i, of the unit's currents and state

Units stay blind to each other within a step: an area of populations is pointwise as any other. Who
reaches whom, and where, is said by the area's projections. A unit has as many places for currents
as the richest cell; where its own cell has fewer, no synapse ends on the others. A state field of
which a unit's own cell knows nothing is 0, but for the one that recurrent synapses carry.

Populations of neocortex, and Dale's law for networks that learn: Song, Yang & Wang (2016),
doi:10.1371/journal.pcbi.1004792.
"""

from collections import namedtuple
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from math import isfinite
from types import BuiltinFunctionType, FunctionType
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from areas.cell import Cell, State
from areas.projections.projection import SIGNS, Sign, named, require_sign
from areas.shapes import PerUnit

KIND = "kind"
"""The constant that says which of the cells is a unit's: its place among them."""
STATE = "State_of_"
TAKEN = ("drive", "error", "recurrent")


@dataclass
class Population:
    """Units of one kind.

    Args:
        cell: their dynamics.
        share: of the area's units (of maps: channels), in (0, 1].
        sign: by Dale's law, what all their synapses onto units of the area do; either unless given.
        baseline: of their first current before learning, above the bias of the cell: a tonic drive,
            without which those whom others inhibit may never fire.

    Raises:
        ValueError: if the cell itself has populations or normalises over all units, the sign is
            none, or the baseline is not finite.
    """

    cell: Cell
    share: float
    sign: Sign | None = None
    baseline: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a population of populations, an unknown sign, and a baseline that is no number."""
        require_sign(self.sign)
        if not isfinite(self.baseline):
            raise ValueError(f"baseline: need a finite number, got {self.baseline}")
        if isinstance(self.cell, Populations):
            raise ValueError("cell: populations cannot be made of populations; name each of them")
        if self.cell.normalised:
            raise ValueError(
                f"cell: {type(self.cell).__name__} normalises over all units of an area, so it is "
                "no population of one; give it an area of its own"
            )


class Populations(Cell):
    """Units of several kinds.

    Args:
        of: populations by name, in the order in which their units lie.

    Raises:
        ValueError: if the shares do not add up to 1, a name is no plain word or that of a source,
            or, in an area, a population gets no unit.
    """

    def __init__(self, of: dict[str, Population]):
        shares = [population.share for population in of.values()]
        if not (all(share > 0 for share in shares) and abs(sum(shares) - 1) <= 1e-6):
            told = ", ".join(f"{name} {population.share}" for name, population in of.items())
            raise ValueError(f"of: need shares > 0 that add up to 1, got {told or 'none'}")
        for name in of:
            if not name.isidentifier() or name in TAKEN:
                raise ValueError(
                    f"of: {name!r} is no name for a population; need letters, digits and "
                    f"underscores, and none of {', '.join(TAKEN)}"
                )
        self.of = dict(of)
        alike = {_told(population.cell): population.cell for population in of.values()}
        cells = self._cells = list(alike.values())  # populations of cells that are alike share one
        self._kind = {name: list(alike).index(_told(each.cell)) for name, each in of.items()}
        felt, fixed = max(map(_felt, cells)), max(len(cell.constants) for cell in cells)
        self.constants = (*(f"constant{k}" for k in range(fixed)), KIND)
        self.currents = (*(f"current{k}" for k in range(felt)), *self.constants)
        self.emitted = _emitted(cells)
        self._fields = [_names(cell, self.emitted) for cell in cells]
        known = dict.fromkeys(name for names in self._fields for name in names.values())
        carried = {n[f] for n, cell in zip(self._fields, cells, strict=True) for f in cell.carried}
        self.carried = tuple(name for name in known if name in carried)
        self.state = state_of(tuple(known))
        self.autapses = all(cell.autapses for cell in cells)
        self.surrogate = any(cell.surrogate for cell in cells)
        self.settling = max(cell.settling for cell in cells)

    def places(self, units: int) -> dict[str, slice]:
        """See `Cell.places`.

        Raises:
            ValueError: if a population gets no unit.
        """
        shares = accumulate(population.share for population in self.of.values())
        ends = [0, *(round(share * units) for share in shares)]
        found = {name: slice(*pair) for name, pair in zip(self.of, pairwise(ends), strict=True)}
        for name, at in found.items():
            if at.start == at.stop:
                share = self.of[name].share
                raise ValueError(
                    f"cell.of.{name}: a share of {share} of {units} units is none; give it more"
                )
        return found

    def _each(self, units: int) -> list[tuple[Cell, slice]]:
        """Cells and where their units lie."""
        cells = [population.cell for population in self.of.values()]
        return list(zip(cells, self.places(units).values(), strict=True))

    def receives(self, source: str, units: int, target: str = "") -> Bool[Tensor, "current unit"]:
        """See `Cell.receives`; the target is POPULATION or POPULATION.CURRENT."""
        population, _, current = target.partition(".")
        places = self.places(units)
        if population:
            with named("target: "):
                self.members(population, units)
            places = {population: places[population]}
        found = torch.zeros(_felt(self), units, dtype=torch.bool)
        for name, at in places.items():
            cell = self.of[name].cell
            found[: _felt(cell), at] = cell.receives(source, at.stop - at.start, current)
        return found

    def require_sources(self, sources: Collection[str]) -> None:
        """See `Cell.require_sources`."""
        for name, population in self.of.items():
            with named(f"of.{name}."):
                population.cell.require_sources(sources)

    def current_names(self, population: str = "") -> tuple[str, ...]:
        """See `Cell.current_names`."""
        return self.of[population].cell.current_names() if population else self._felt

    def fields(self, population: str | None = None) -> tuple[str, ...]:
        """See `Cell.fields`; what recurrent synapses carry is a field of each."""
        if population is None:
            return super().fields()
        if population not in self.of:
            raise ValueError(f"there is no {population!r}; there are {', '.join(self.of)}")
        own = self._fields[self._kind[population]].values()
        return tuple(dict.fromkeys((*own, self.emitted)))

    def may_reach_itself(self, units: int) -> Bool[Tensor, " unit"]:
        """See `Cell.may_reach_itself`."""
        parts = [cell.may_reach_itself(at.stop - at.start) for cell, at in self._each(units)]
        return torch.cat(parts)

    def signs(self, units: int) -> Float[Tensor, " unit"] | None:
        """See `Cell.signs`."""
        found = torch.zeros(units)
        for population, at in zip(self.of.values(), self.places(units).values(), strict=True):
            found[at] = SIGNS[population.sign]
        return found if found.any() else None

    def biases(self, units: int) -> Float[Tensor, "current unit"]:
        """See `Cell.biases`."""
        found = torch.zeros(_felt(self), units)
        for population, at in zip(self.of.values(), self.places(units).values(), strict=True):
            found[: _felt(population.cell), at] = population.cell.biases(at.stop - at.start)
            found[0, at] += population.baseline
        return found

    def constant_values(self, units: int) -> Float[Tensor, "constant unit"]:
        """See `Cell.constant_values`; those of each cell, and at last the place of the cell."""
        fixed = max(len(cell.constants) for cell in self._cells)
        found = torch.zeros(fixed + 1, units, dtype=torch.float64)
        for kind, (cell, at) in zip(self._kind.values(), self._each(units), strict=True):
            found[: len(cell.constants), at] = cell.constant_values(at.stop - at.start)
            found[-1, at] = kind
        return found

    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step; see `Cell.step`."""
        chosen: dict[str, Tensor] = {}
        for kind in range(len(self._cells)):
            new = self._moved(kind, self._own(kind, currents), state)
            mine = currents[-1] > kind - 0.5
            chosen = {n: torch.where(mine, new[n], chosen[n]) for n in chosen} or new
        return self.state(**chosen)

    def _own(self, kind: int, currents: Sequence[PerUnit]) -> Sequence[PerUnit]:
        """Currents of the units of one cell, 0 of others: what they are may be too much for it."""
        last = len(self._cells) - 1
        if last == 0:
            return currents
        below, above = currents[-1] < kind + 0.5, currents[-1] > kind - 0.5
        mine = below if kind == 0 else above if kind == last else torch.logical_and(below, above)
        return [torch.where(mine, current, 0.0) for current in currents]

    def _moved(self, kind: int, currents: Sequence[PerUnit], state: State) -> dict[str, Tensor]:
        """All state fields after a step of one of the cells."""
        cell, names = self._cells[kind], self._fields[kind]
        felt, first = _felt(cell), _felt(self)
        own = (*currents[:felt], *currents[first : first + len(cell.constants)])
        before = cell.state(**{field: getattr(state, name) for field, name in names.items()})
        after = cell.step(own, before)
        new = dict.fromkeys(self.state._fields, torch.zeros_like(after.rate))  # type: ignore[attr-defined]
        new |= {name: getattr(after, field) for field, name in names.items()}
        if cell.emitted == "rate":
            new[self.emitted] = after.rate
        return new


def _told(cell: Cell) -> object:
    """What a cell is, the same of cells that are alike; itself, where that is not plain to see."""
    values = tuple(vars(cell).values())
    return (type(cell), tuple(vars(cell)), values) if all(map(_plain, values)) else cell


def _plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return isinstance(value, bool | int | float | str | FunctionType | BuiltinFunctionType | None)


def _felt(cell: Cell) -> int:
    """How many currents of a cell are no constants."""
    return len(cell.currents) - len(cell.constants)


def _emitted(cells: Sequence[Cell]) -> str:
    """The state field that recurrent synapses carry: the rate, if all cells emit it."""
    names = {cell.emitted for cell in cells} - {"rate"}
    return "rate" if not names else names.pop() if len(names) == 1 else "emitted"


def _names(cell: Cell, emitted: str) -> dict[str, str]:
    """State fields of a cell, and what they are called in a state of all populations."""
    fields = cell.state._fields  # type: ignore[attr-defined]
    spiking = cell.emitted != "rate"
    return {field: emitted if spiking and field == cell.emitted else field for field in fields}


@cache
def state_of(fields: tuple[str, ...]) -> Any:
    """The type of states with these fields, of all populations together."""
    made = namedtuple(STATE + "__".join(fields), fields)
    made.__module__ = __name__
    return made


def __getattr__(name: str) -> Any:
    """A type of states by its name, as checkpoints give it."""
    if name.startswith(STATE):
        return state_of(tuple(name.removeprefix(STATE).split("__")))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
