"""The course of one area through a window: its states after all steps, and the record of them."""

from collections.abc import Callable
from functools import cached_property

from torch import Tensor

from areas import Area
from areas.comparison import begun
from areas.loops.gain import NOTHING, Outside
from areas.record import Record, fade, flat, stretches
from brainmodel.pathways.pathway import COMPARED


class Course:
    """One area and its buffers for a window, filled step by step or many steps at once.

    Args:
        area: the area.
        known: signals that are known for the whole window, by source, [time, batch, ...].
        shapes: shapes of the sources whose signals become known step by step.
        state: the cell's state before the window.
        keep: 0 where a stream was reset, [time, batch], or None.
        steps: number of steps.
        outside: what comes to the units from outside of the brain, [time, batch, ...] each.
    """

    def __init__(
        self,
        area: Area,
        known: dict[str, Tensor],
        shapes: dict[str, tuple[int, ...]],
        state: tuple[Tensor, ...],
        keep: Tensor | None,
        steps: int,
        outside: Outside = NOTHING,
    ):
        self.area, self.keep = area, keep
        self._comparison = area.comparison
        batch = state[0].shape[0]
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
        self.currents = self._hoist(steps, batch)
        if outside.current is not None:
            self.currents[:, :, : len(area.bias)] += outside.current
        if outside.gain is not None:  # the last of the constants
            self.currents[:, :, -outside.gain.shape[2] :] = outside.gain
        self._adders = [
            (n, synapses.adder(), self.currents[:, :, area.reached(n)].unbind(0))
            for n, synapses in area.synapses.items()
            if n not in known and n != "recurrent"
        ]
        self._forward = area.dynamics.forward(self.currents, self.fields)
        self._breaks = [False] * steps if keep is None else (keep == 0).any(dim=1).tolist()

    def _hoist(self, steps: int, batch: int) -> Tensor:
        """Biases, constants and the currents of all sources that are known for the whole window."""
        area = self.area
        rest = area.at_rest.view(-1, *[1] * (len(area.units) - 1))
        shape = (steps, batch, len(area.cell.currents) * area.units[0], *area.units[1:])
        currents = rest.expand(shape).contiguous()  # `at_rest` is made anew each time
        for name, synapses in area.synapses.items():
            if name in self.known:
                synapses.adder()(flat(self.known[name]), flat(currents)[:, area.reached(name)])
        return currents

    def before(self, field: str, t: int) -> Tensor:
        """A state field as step t finds it, [batch, *units]."""
        value = self.fields[field][t]
        if self.keep is not None and self._breaks[t]:
            return value * self.keep[t].view(-1, *[1] * (value.dim() - 1))
        return value

    def compare(self, t: int) -> None:
        """Make the prediction of step t and, from the drive, its error."""
        predictor = self.area.predictor
        if predictor is not None:
            signals = {n: self.sources[n][t] for n in self.area.hints}
            signals["rate"] = self.before("rate", t)
            self.potential[t] = predictor.potential(signals)
            if predictor.activation is not None:
                self.prediction[t] = predictor.activate(self.potential[t])
        self._comparison.into(self.sources["drive"][t], self.prediction[t], self.error[t])
        if self._breaks[t] and self.keep is not None:
            self.error[t] = begun(self._comparison, self.error[t], self.keep[t])

    @cached_property
    def _recur(self) -> Callable[[Tensor, Tensor], None]:
        return self.area.synapses["recurrent"].adder()

    @cached_property
    def _recurrent(self) -> tuple[Tensor, ...]:
        return self.currents[:, :, self.area.reached("recurrent")].unbind(0)

    @cached_property
    def _emitted(self) -> tuple[Tensor, ...]:
        return self.fields[self.area.cell.emitted].unbind(0)

    def move(self, t: int) -> None:
        """Add the currents of step t that are not known yet, then take the cell's step."""
        for name, add, reached in self._adders:
            add(self.sources[name][t], reached[t])
        if self._breaks[t]:
            self._recur(self.before(self.area.cell.emitted, t), self._recurrent[t])
            self._normalise(t)
            self._forward.step(t, [self.before(n, t) for n in self.area.cell.carried])
        else:
            self._recur(self._emitted[t], self._recurrent[t])
            self._normalise(t)
            self._forward.step(t)

    def _normalise(self, t: int) -> None:
        """Complete the constants of step t, where they are made of the currents of all units."""
        if self.area.cell.normalised:
            self.currents[t] = self.area.cell.normalise(self.currents[t])

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
        signals = {n: flat(self.sources[n]) for n in self.area.hints}
        signals["rate"] = flat(fade(self.fields["rate"][:-1], self.keep))
        self.potential.copy_(predictor.potential(signals).view_as(self.potential))
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
        return Record(
            sources, self.potential, self.prediction, self.currents, self.fields, self.keep
        )

    def state(self) -> tuple[Tensor, ...]:
        """The cell's state after the window."""
        return self.area.cell.state(**{n: field[-1].clone() for n, field in self.fields.items()})


def _items(state: tuple[Tensor, ...]) -> list[tuple[str, Tensor]]:
    return list(state._asdict().items())  # type: ignore[attr-defined]
