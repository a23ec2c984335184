"""The course of one area through a window: its states after all steps, and the record of them."""

from functools import cached_property

from torch import Tensor

from areas import Area
from areas.comparison import begun
from areas.loops.gain import NOTHING, Outside
from areas.record import Record, fade, flat, stretches
from brainmodel.pathways.pathway import COMPARED
from brainmodel.roll_out.fan import End, Fan


class Course:
    """One area and its buffers for a window, filled step by step or many steps at once.

    Args:
        area: the area.
        known: signals that are known for the whole window, by source, [time, batch, ...].
        shapes: shapes of the sources whose signals become known step by step.
        state: the cell's state before the window.
        keep: 0 where a stream was reset, [time, batch], or None.
        breaks: for each step whether any stream was reset before it.
        outside: what comes to the units from outside of the brain, [time, batch, ...] each.

    Attributes:
        compares: whether it compares in each step, before it moves; else predictions and errors of
            all steps are made at once, when the last step was taken.
    """

    def __init__(
        self,
        area: Area,
        known: dict[str, Tensor],
        shapes: dict[str, tuple[int, ...]],
        state: tuple[Tensor, ...],
        keep: Tensor | None,
        breaks: list[bool],
        outside: Outside = NOTHING,
    ):
        self.area, self.keep, self.compares = area, keep, False
        self._comparison = area.comparison
        steps, batch = len(breaks), state[0].shape[0]
        new = area.bias.new_empty
        self.known = known
        self.feels = "error" in area.afferents  # its own error
        self.waits = bool(shapes) or self.feels
        self.sources = {n: new(steps, batch, *shape) for n, shape in shapes.items()} | known
        shape = (steps, batch, *area.drive)
        self.error = self.sources["error"] = new(steps, batch, *area.errors)
        self.potential = self.prediction = new(shape)
        if area.predictor is None:
            self.potential = self.prediction = area.bias.new_zeros(()).expand(shape)
        elif area.predictor.activation is not None:
            self.prediction = new(shape)
        self.fields = {n: new(steps + 1, *value.shape) for n, value in _items(state)}
        for name, value in _items(state):
            self.fields[name][0] = value
        self.currents = self._at_rest(steps, batch)
        self._hoist()
        if outside.current is not None:
            self.currents[:, :, : len(area.bias)] += outside.current
        if outside.gain is not None:  # the last of the constants
            self.currents[:, :, -outside.gain.shape[2] :] = outside.gain
        self._forward = area.dynamics.forward(self.currents, self.fields)
        self._breaks = breaks
        self._rows: dict[str, list[Tensor]] = {}  # of sources, found when first asked for

    def _at_rest(self, steps: int, batch: int) -> Tensor:
        """Currents of biases and constants, [time, batch, current * unit, ...]."""
        area = self.area
        rest = area.at_rest.view(-1, *[1] * (len(area.units) - 1))
        shape = (steps, batch, len(area.cell.currents) * area.units[0], *area.units[1:])
        return rest.expand(shape).contiguous()  # `at_rest` is made anew each time

    def _hoist(self) -> None:
        """Add what all sources bring that are known for the whole window."""
        if self.area.predictor is not None:
            bias = self.area.predictor.bias
            self.potential.copy_(bias.view(-1, *[1] * (len(self.area.drive) - 1)))
        for name, signal in self.known.items():
            Fan(self._onto_units(name) + self._onto_prediction(name)).whole(signal)

    def before(self, field: str, t: int) -> Tensor:
        """A state field as step t finds it, [batch, *units]."""
        value = self._fields[field][t]
        if self.keep is not None and self._breaks[t]:
            return value * self.keep[t].view(-1, *[1] * (value.dim() - 1))
        return value

    def look_on(self, source: str) -> None:
        """Let what a source brings be looked at where it lies: it stays there as it is.

        After the last step it is to be put among `sources`.
        """
        del self.sources[source]
        self._rows[source] = []

    def place(self, source: str, t: int) -> Tensor:
        """Where what a source brings at step t is to lie, [batch, ...]."""
        return self._source(source, t)

    def take(self, source: str, t: int, signal: Tensor) -> None:
        """Take what a source brings at step t."""
        if source in self.sources:
            self._source(source, t).copy_(signal)
        else:
            self._rows[source].append(signal)

    def compare(self, t: int) -> None:
        """Make the prediction of step t and, from the drive, its error."""
        for source, brought in self._early:
            brought.step(t, self._signal_at(source, t))
        predictor = self.area.predictor
        if predictor is not None and predictor.activation is not None:
            self._prediction[t].copy_(predictor.activate(self.potential[t]))
        error = self._source("error", t)
        self._comparison.into(self._source("drive", t), self._prediction[t], error)
        if self._breaks[t] and self.keep is not None:
            error.copy_(begun(self._comparison, error, self.keep[t]))

    def move(self, t: int) -> None:
        """Add the currents of step t that are not known yet, then take the cell's step."""
        for source, brought in self._late:
            brought.step(t, self._signal_at(source, t))
        if self.area.cell.normalised:  # some constants are made of the currents of all units
            self.currents[t] = self.area.cell.normalise(self.currents[t])
        carried = self.area.cell.carried if self._breaks[t] else ()
        self._forward.step(t, [self.before(n, t) for n in carried] or None)

    @cached_property
    def _prediction(self) -> tuple[Tensor, ...]:
        return self.prediction.unbind(0)

    @cached_property
    def _fields(self) -> dict[str, tuple[Tensor, ...]]:
        return {name: field.unbind(0) for name, field in self.fields.items()}

    def _source(self, name: str, t: int) -> Tensor:
        """A source at step t, [batch, ...]."""
        if name not in self._rows:
            self._rows[name] = list(self.sources[name].unbind(0))
        return self._rows[name][t]

    def _signal_at(self, source: str, t: int) -> Tensor:
        """What synapses from a source carry at step t."""
        if source == "recurrent":
            return self.before(self.area.cell.emitted, t)
        return self.before("rate", t) if source == "rate" else self._source(source, t)

    @cached_property
    def _early(self) -> list[tuple[str, Fan]]:
        """What arrives when the area compares: what its prediction is made of.

        What its units have of the same sources arrives with it, by one product if there can be one.
        """
        names = [name for name in self._foretelling if name not in self.known]
        return [
            (name, Fan(self._onto_units(self._felt_as(name)) + self._onto_prediction(name)))
            for name in names
        ]

    @cached_property
    def _late(self) -> list[tuple[str, Fan]]:
        """What arrives when its units move."""
        there = {*self.known, *map(self._felt_as, self._foretelling)}
        names = [name for name in self.area.synapses if name not in there]
        return [(name, Fan(self._onto_units(name))) for name in names]

    @property
    def _foretelling(self) -> list[str]:
        """The sources of a prediction that is made in each step."""
        predictor = self.area.predictor
        return [] if predictor is None or not self.compares else list(predictor.synapses)

    def _felt_as(self, source: str) -> str:
        """By what name the units have what a source brings."""
        same = source == "rate" == self.area.cell.emitted
        return "recurrent" if same else source

    def _onto_units(self, source: str) -> list[End]:
        """Synapses from a source onto the units, and where their currents go, if there are any."""
        if source not in self.area.synapses:
            return []
        return [(self.area.synapses[source], self.currents[:, :, self.area.reached(source)])]

    def _onto_prediction(self, source: str) -> list[End]:
        """Likewise onto the prediction."""
        predictor = self.area.predictor
        if predictor is None or source not in predictor.synapses:
            return []
        return [(predictor.synapses[source], self.potential)]

    def run(self) -> None:
        """Take all steps of the window, where every source is known for the whole of it."""
        for first, stop in stretches(self._breaks):
            if self._breaks[first]:
                self.move(first)
                first += 1
            if self.area.cell.normalised:
                for t in range(first, stop):
                    self.move(t)
            else:
                self._forward.run(first, stop, self.area.recurrence)

    def complete(self) -> None:
        """Make all predictions and errors of the window at once, where no step depends on them."""
        predictor = self.area.predictor
        if predictor is None:
            self.error.copy_(self.sources["drive"])
            return
        for name in predictor.synapses:
            if name not in self.known:
                rate = name == "rate"
                signal = fade(self.fields[name][:-1], self.keep) if rate else self.sources[name]
                Fan(self._onto_prediction(name)).whole(signal)
        if predictor.activation is not None:
            self.prediction.copy_(predictor.activate(self.potential))
        drive, prediction = flat(self.sources["drive"]), flat(self.prediction)
        self._comparison.into(drive, prediction, flat(self.error))
        if self._comparison.lead_in:
            self.error.copy_(fade(self.error, self.keep))

    def signal(self, name: str) -> Tensor:
        """What a pathway may carry, over the window, [time, batch, ...]."""
        if name in COMPARED:
            return self.error if name == "error" else self.prediction
        return self.fields[name][1:]

    def record(self) -> Record:
        """The record of the window, for the rule."""
        names = ("drive", "error", *self.area.messages, *self.area.hints)
        sources = {name: self.sources[name] for name in names}
        sources["recurrent"] = fade(self.fields[self.area.cell.emitted][:-1], self.keep)
        made = self.potential, self.prediction, self.currents, self.fields
        return Record(sources, *made, self.keep, tuple(self._breaks))

    def state(self) -> tuple[Tensor, ...]:
        """The cell's state after the window."""
        return self.area.cell.state(**{n: field[-1].clone() for n, field in self.fields.items()})


def _items(state: tuple[Tensor, ...]) -> list[tuple[str, Tensor]]:
    return list(state._asdict().items())  # type: ignore[attr-defined]
