"""The contract of a cell: from synaptic currents and the state of a unit to its next state.

A cell is POINTWISE: each unit depends on its own currents and its own state, and on nothing else.
Units influence each other through synapses only, before the cell's step. Because of this
restriction one equation serves dense units and convolutional maps, every learning rule can treat
influence through synapses and influence through a unit's own state separately, and the equation
can be compiled into one loop (`areas.loops.fuse`).
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from areas.shapes import PerCurrent, PerUnit

State = (
    Any  # a NamedTuple of tensors [batch, *units], declared by each cell; its first field is `rate`
)


class Cell(ABC):
    """Dynamics of the units of an area.

    A cell file declares a state (NamedTuple, first field `rate`), a pure step function, and this
    thin class. Time constants and activations are its arguments; weights belong to the area.

    Attributes:
        currents: names of the synaptic currents a unit receives, in order.
        afferent: the currents onto which drive, errors and messages have synapses, consecutive
            ones of `currents`; all but `tonic` and `constants` unless declared.
        recurrent: likewise, the currents onto which the area's own units have synapses.
        tonic: those that have a bias and no synapses, the last before `constants`: a number of each
            unit that is learnt.
        constants: the last of `currents`, those without synapses and bias: numbers that may differ
            from unit to unit, and that nothing learns.
        carried: the state fields that `step` reads back one step later.
        emitted: the state field that the area's recurrent synapses carry: the rate, or one of
            `carried`, such as spikes. The predictor and other areas always receive the rate.
        autapses: whether a unit has synapses onto itself, unless the area's connectivity differs.
        surrogate: whether it has a pseudo-derivative, so that finite differences of the step are
            not its derivative.
        settling: steps for which it needs each frame held (`data.hold`); 1 unless declared.
        normalised: whether some of its constants are made at each step of the currents of all units
            (see `normalise`); all other cells are pointwise throughout.
        initial_bias: bias of a current at the start of training; 0 where not named.
        state: the NamedTuple type of the state.
    """

    currents: tuple[str, ...]
    afferent: tuple[str, ...] = ()
    recurrent: tuple[str, ...] = ()
    tonic: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    carried: tuple[str, ...]
    emitted: str = "rate"
    autapses: bool = True
    surrogate: bool = False
    settling: int = 1
    normalised: bool = False
    initial_bias: ClassVar[dict[str, float]] = {}
    state: type

    @abstractmethod
    def step(self, currents: Sequence[PerUnit], state: State) -> State:
        """One step of every unit.

        Args:
            currents: one tensor [batch, *units] per name in `currents` (dimensionless).
            state: the state before the step; fields [batch, *units]. Left as it was.

        Returns:
            The state after the step, a new NamedTuple; its `rate` is what other areas receive.
        """

    def normalise(self, currents: PerCurrent, given: bool = False) -> PerCurrent:
        """Currents with the constants that are made of the currents of all units; a new tensor.

        The currents themselves where there are no such constants (`normalised`).

        Args:
            currents: [batch, current * unit, ...].
            given: whether autograd takes these constants as given; else it goes through them.
        """
        del given
        return currents

    def back_through_constants(self, currents: PerCurrent, bar: PerCurrent) -> PerCurrent:
        """Derivatives by currents, those by way of constants made of them (`normalise`) included.

        Args:
            currents: of a step, [batch, current * unit, ...].
            bar: derivatives by the currents and constants of the step, each taken by itself.
        """
        if not self.normalised:
            return bar
        with torch.enable_grad():
            before = currents.detach().requires_grad_()
            return torch.autograd.grad(self.normalise(before), before, bar)[0]

    def initial_state(self, like: PerUnit) -> State:
        """State of streams that begin: zeros of the shape, device and dtype of `like`."""
        return self.state(*(torch.zeros_like(like) for _ in self.state._fields))

    def biases(self, units: int) -> Float[Tensor, "current unit"]:
        """Biases at the start of training, [current, unit]; of maps, [current, channel].

        Of all currents but the constants.
        """
        values = [self.initial_bias.get(name, 0.0) for name in self._felt]
        return torch.tensor(values)[:, None].repeat(1, units)

    def constant_values(self, units: int) -> Float[Tensor, "constant unit"]:
        """Constants of units (of maps: of channels), in float64; by default there are none."""
        return torch.zeros(0, units, dtype=torch.float64)

    @property
    def _felt(self) -> tuple[str, ...]:
        """The currents that are no constants."""
        return self.currents[: len(self.currents) - len(self.constants)]

    @property
    def _reached(self) -> tuple[str, ...]:
        """The currents that are neither tonic nor constants."""
        return self._felt[: len(self._felt) - len(self.tonic)]

    def reach(self, source: str) -> slice:
        """Which currents a source ("recurrent", or any other) has synapses onto."""
        names = (self.recurrent if source == "recurrent" else self.afferent) or self._reached
        first = self.currents.index(names[0])
        return slice(first, first + len(names))

    def receives(self, source: str, units: int, target: str = "") -> Bool[Tensor, "current unit"]:
        """Which currents of which units a source has synapses onto, of all but the constants.

        Args:
            source: as of `reach`.
            units: how many there are; of maps, channels.
            target: the current on which they end; unless given, all within `reach`.

        Raises:
            ValueError: if there is no such target.
        """
        found = torch.zeros(len(self._felt), units, dtype=torch.bool)
        found[self.current(target) if target else self.reach(source)] = True
        return found

    def current(self, name: str) -> int:
        """The place of the current of that name.

        Raises:
            ValueError: if there is none.
        """
        if name not in self._reached:
            raise ValueError(
                f"target: {type(self).__name__} has no current {name!r}; there are "
                f"{', '.join(self._reached)}"
            )
        return self._reached.index(name)

    def current_names(self, population: str = "") -> tuple[str, ...]:
        """Names of its currents but for the constants; in a cell of populations, of one of them."""
        del population
        return self._felt

    def places(self, units: int) -> dict[str, slice]:
        """Where its populations lie among the units (of maps: channels), by name; a cell alone
        has none."""
        del units
        return {}

    def members(self, population: str, units: int) -> Bool[Tensor, " unit"]:
        """Which units are of a population.

        Raises:
            ValueError: if there is no such population.
        """
        places = self.places(units)
        if population not in places:
            there = ", ".join(places) or "none; cell: areas.Populations has some"
            raise ValueError(f"there is no population {population!r}; there are {there}")
        found = torch.zeros(units, dtype=torch.bool)
        found[places[population]] = True
        return found

    def fields(self, population: str | None = None) -> tuple[str, ...]:
        """Names of its state fields; in a cell of populations, of those that one of them has.

        Raises:
            ValueError: if there is no such population.
        """
        if population is not None:
            self.members(population, 1)
        return self.state._fields  # type: ignore[attr-defined]

    def may_reach_itself(self, units: int) -> Bool[Tensor, " unit"]:
        """Which units have autapses, unless the area's connectivity differs."""
        return torch.full((units,), self.autapses)

    def signs(self, units: int) -> Float[Tensor, " unit"] | None:
        """By Dale's law, what the synapses from each unit do: 1, -1, or 0 for either.

        None unless declared.
        """
        del units
        return None

    def require_sources(self, sources: Collection[str]) -> None:
        """Refuse an option that names a source which the area has not; most cells have none.

        Args:
            sources: of the synapses onto the area's units.

        Raises:
            ValueError: naming the option and the sources that there are.
        """
        return
