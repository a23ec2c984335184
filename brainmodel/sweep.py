"""The forward sweep: all areas of a brain through a window of time, recorded for the rules.

Equal to stepping the brain literally (`Brain.step`), but what does not wait for the step before is
taken out of the loop: areas that share no cycle are swept one after the other, synapses from
signals that are known for the whole window are applied to the whole window at once, and what is
left in the loop writes in place. Nothing here is seen by autograd.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from areas import Area
from brainmodel.learning.pieces import stretches
from brainmodel.learning.record import Record, fade, flat
from brainmodel.state import BrainState

if TYPE_CHECKING:
    from brainmodel.wiring import Wiring


class Course:
    """One area on its way through a window: its buffers and how to fill them.

    Args:
        area: the area.
        known: signals known for the whole window, by source, [time, batch, ...].
        shapes: shapes of the sources that come step by step.
        state: the cell's state before the window.
        keep: 0 where a stream was reset, [time, batch], or None.
        steps: number of steps.
    """

    def __init__(
        self,
        area: Area,
        known: dict[str, Tensor],
        shapes: dict[str, tuple[int, ...]],
        state: tuple[Tensor, ...],
        keep: Tensor | None,
        steps: int,
    ):
        self.area, self.keep = area, keep
        batch = state[0].shape[0]
        new = area.bias.new_empty
        self.known = known
        self.waits = bool(shapes) or "error" in area.afferents
        self.sources = {n: new(steps, batch, *shape) for n, shape in shapes.items()} | known
        shape = (steps, batch, *area.drive)
        self.error = self.sources["error"] = new(shape)
        self.potential = self.prediction = new(shape)
        if area.predictor is None:
            self.potential = self.prediction = area.bias.new_zeros(()).expand(shape)
        elif area.predictor.activation is not None:
            self.prediction = new(shape)
        self.fields = {n: new(steps + 1, *value.shape) for n, value in _items(state)}
        for name, value in _items(state):
            self.fields[name][0] = value
        self.currents = self._hoist(steps, batch)
        self._adders = [
            (n, synapses.adder(), self.currents[:, :, area.reached(n)].unbind(0))
            for n, synapses in area.synapses.items()
            if n not in known and n != "recurrent"
        ]
        self._forward = area.dynamics.forward(self.currents, self.fields)
        self._breaks = [False] * steps if keep is None else (keep == 0).any(dim=1).tolist()

    def _hoist(self, steps: int, batch: int) -> Tensor:
        """Bias and the currents of all sources that are known for the whole window."""
        area = self.area
        bias = area.bias.view(-1, *[1] * (len(area.units) - 1))
        shape = (steps, batch, len(area.cell.currents) * area.units[0], *area.units[1:])
        currents = bias.expand(shape).clone(memory_format=torch.contiguous_format)
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

    def predict(self, t: int) -> None:
        """Make the prediction of step t and, against the drive, its error."""
        predictor = self.area.predictor
        if predictor is not None:
            signals = {n: self.sources[n][t] for n in self.area.messages}
            signals["rate"] = self.before("rate", t)
            self.potential[t] = predictor.potential(signals)
            if predictor.activation is not None:
                self.prediction[t] = predictor.activate(self.potential[t])
        torch.sub(self.sources["drive"][t], self.prediction[t], out=self.error[t])

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
        """Synapses that were not hoisted, then the cell's step."""
        for name, add, reached in self._adders:
            add(self.sources[name][t], reached[t])
        if self._breaks[t]:
            self._recur(self.before(self.area.cell.emitted, t), self._recurrent[t])
            self._forward.step(t, [self.before(n, t) for n in self.area.cell.carried])
        else:
            self._recur(self._emitted[t], self._recurrent[t])
            self._forward.step(t)

    def run(self) -> None:
        """Move through the whole window, where no source comes step by step."""
        for first, stop in stretches(self._breaks):
            if self._breaks[first]:
                self.move(first)
                first += 1
            self._forward.run(first, stop, self.area.recurrence)

    def complete(self) -> None:
        """Predictions and errors of the whole window at once, where no step waited for them."""
        predictor = self.area.predictor
        if predictor is not None:
            signals = {n: flat(self.sources[n]) for n in self.area.messages}
            signals["rate"] = flat(fade(self.fields["rate"][:-1], self.keep))
            self.potential.copy_(predictor.potential(signals).view_as(self.potential))
            if predictor.activation is not None:
                self.prediction.copy_(predictor.activate(self.potential))
        torch.sub(self.sources["drive"], self.prediction, out=self.error)

    def signal(self, name: str) -> Tensor:
        """rate, prediction or error of the window, [time, batch, ...]."""
        if name == "rate":
            return self.fields["rate"][1:]
        return self.error if name == "error" else self.prediction

    def record(self) -> Record:
        """What happened, for the rule."""
        sources = {name: self.sources[name] for name in ("drive", "error", *self.area.messages)}
        sources["recurrent"] = fade(self.fields[self.area.cell.emitted][:-1], self.keep)
        return Record(
            sources, self.potential, self.prediction, self.currents, self.fields, self.keep
        )

    def state(self) -> tuple[Tensor, ...]:
        """The cell's state after the window."""
        return self.area.cell.state(**{n: field[-1].clone() for n, field in self.fields.items()})


class Sweep:
    """A brain on its way through a window.

    Args:
        brain: the brain.
        inputs: by name, [time, batch, ...].
        reset: [time, batch] bool.
        state: the state before the window.
    """

    def __init__(
        self, brain: "Wiring", inputs: dict[str, Tensor], reset: Tensor, state: BrainState
    ):
        self.brain, self.inputs, self.start = brain, inputs, state
        self.steps, self.batch = reset.shape
        self.keep = (~reset).to(brain.dtype) if bool(reset.any()) else None
        self.courses: dict[str, Course] = {}
        self._messages: dict[str, Tensor] = {}

    def run(self) -> None:
        """Sweep every stage through the window."""
        for stage in self.brain.stages:
            self._enter(stage)
            course = self.courses[stage[0]]
            if len(stage) == 1 and not course.waits:
                course.run()
                course.complete()
            else:
                for t in range(self.steps):
                    for name in stage:
                        self._step(name, t)

    def records(self) -> dict[str, Record]:
        """What happened, by area."""
        return {name: course.record() for name, course in self.courses.items()}

    def delayed(self) -> dict[str, Tensor]:
        """Messages still under way after the window, by pathway."""
        left = {}
        for name, pathway in self.brain.pathways.items():
            if pathway.steps > 0:
                series = torch.cat([self.start.delayed[name], self._adapted(name)])
                left[name] = self._survive(series[-pathway.steps :].clone())
        return left

    def _survive(self, series: Tensor) -> Tensor:
        """Messages under way, without those of streams that were reset after they were sent."""
        if self.keep is not None:
            for j in range(1, series.shape[0] + 1):
                since = self.keep[max(0, self.steps - j + 1) :]
                series[-j] = fade(series[-j][None], since.prod(dim=0)[None])[0]
        return series

    def _enter(self, stage: list[str]) -> None:
        for name in stage:
            area = self.brain.area(name)
            known, shapes = {}, {}
            for source, names in self.brain.arrivals(name).items():
                if any(self.brain.pathways[n].source in stage for n in names):
                    shapes[source] = area.drive if source == "drive" else area.messages[source]
                else:
                    known[source] = _join([self._window(n) for n in names], dim=2)
            state = self.start.areas[name]
            self.courses[name] = Course(area, known, shapes, state, self.keep, self.steps)

    def _step(self, name: str, t: int) -> None:
        course = self.courses[name]
        for source, names in self.brain.arrivals(name).items():
            if source not in course.known:
                course.sources[source][t] = _join([self._message(n, t) for n in names], dim=1)
        course.predict(t)
        course.move(t)

    def _signal(self, name: str) -> Tensor:
        """The signal at the start of a pathway, [time, batch, ...]."""
        pathway = self.brain.pathways[name]
        if pathway.source in self.inputs:
            return self.inputs[pathway.source]
        return self.courses[pathway.source].signal(pathway.signal)

    def _adapted(self, name: str) -> Tensor:
        """The signal of a pathway in the shape of its target, for the whole window."""
        if name not in self._messages:
            route = self.brain.route(name)
            made = route(flat(self._signal(name)))
            self._messages[name] = made.view(self.steps, self.batch, *route.shape)
        return self._messages[name]

    def _window(self, name: str) -> Tensor:
        """What arrives over a pathway whose source has been swept, [time, batch, ...]."""
        delay = self.brain.pathways[name].steps
        if delay == 0:
            return self._adapted(name)
        series = torch.cat([self.start.delayed[name], self._adapted(name)])[: self.steps]
        return fade(series, self._alive(delay))

    def _message(self, name: str, t: int) -> Tensor:
        """What arrives over a pathway at one step, [batch, ...]."""
        delay = self.brain.pathways[name].steps
        if t < delay:
            message = self.start.delayed[name][t]
        else:
            message = self.brain.route(name)(self._signal(name)[t - delay])
        alive = self._alive(delay)
        return message if alive is None else fade(message[None], alive[t : t + 1])[0]

    def _alive(self, delay: int) -> Tensor | None:
        """1 where no reset happened while a message of this delay was under way."""
        if self.keep is None or delay == 0:
            return None
        alive = self.keep.clone()
        for lag in range(1, min(delay, self.steps)):
            alive[lag:] *= self.keep[:-lag]
        return alive


def _items(state: tuple[Tensor, ...]) -> list[tuple[str, Tensor]]:
    return list(state._asdict().items())  # type: ignore[attr-defined]


def _join(parts: list[Tensor], dim: int) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=dim)
