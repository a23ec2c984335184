"""The forward sweep: all areas of a brain through a window of time, recorded for the rules.

It computes what stepping the brain literally does (`Brain.step`), but whatever does not depend on
the step before is taken out of the loop over steps: areas that share no cycle are swept one after
the other, synapses from signals that are known for the whole window are applied to all of it at
once, and what is left in the loop writes in place. Autograd records nothing of it.
"""

from typing import Any

import torch
from torch import Tensor

from areas.record import Record, fade, flat
from brainmodel.pathways.pathway import COMPARED, told
from brainmodel.roll_out.course import Course
from brainmodel.roll_out.environment_course import EnvironmentCourse
from brainmodel.wiring.environments import EnvironmentRecord, arrived_in, label_of
from brainmodel.wiring.order import Act
from brainmodel.wiring.outside import outside_of
from brainmodel.wiring.perturbed_inputs import arrived, is_changed
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Sweep:
    """One sweep of a brain through a window.

    Args:
        brain: the brain.
        inputs: by name, [time, batch, ...]; what comes from outside among them.
        reset: [time, batch] bool.
        state: the state before the window.
    """

    def __init__(self, brain: Wiring, inputs: dict[str, Tensor], reset: Tensor, state: BrainState):
        self.brain, self.inputs, self.start = brain, inputs, state
        self.steps, self.batch = reset.shape
        self.breaks = brain.breaks(reset)
        self.keep = (~reset).to(brain.dtype) if any(self.breaks) else None
        self.courses: dict[str, Course] = {}
        self.worlds: dict[str, EnvironmentCourse] = {}
        self.reset = reset
        self._lost: dict[int, tuple[list[bool], Tensor | None]] = {}
        self.coming: dict[Act, dict[str, list[str]]] = {}
        self._looked_on: list[tuple[str, str, str]] = []  # area, source, pathway of the stage
        self._bare = set[str]()  # pathways whose route alone makes what arrives, step by step
        self._messages: dict[str, Tensor] = {}

    def run(self) -> None:
        """Sweep every stage through the window."""
        for stage in self.brain.stages:
            self._enter(stage)
            course = self.courses.get(stage[0])
            if len(stage) == 1 and course is not None and not course.waits:
                course.run()
                course.complete()
            else:
                later = self._compared_later(stage)
                for name in set(stage).intersection(self.courses):
                    self.courses[name].compares = Act(name, "compare") not in later
                acts = [act for act in self.brain.acts if act.area in stage and act not in later]
                for t in range(self.steps):
                    for act in acts:
                        self._act(act, t)
                for name, source, way in self._looked_on:
                    self.courses[name].sources[source] = self._window(way)
                for act in later:
                    self.courses[act.area].complete()
            for name, (area, _) in self.brain.elsewhere.told.items():
                if area in stage:
                    self._tell(name, self.steps)

    def records(self) -> dict[str, Record]:
        """The record of the window, by area."""
        return {name: course.record() for name, course in self.courses.items()}

    def states(self) -> dict[str, Any]:
        """States of the cells after the window, by area."""
        return {name: course.state() for name, course in self.courses.items()}

    def environments(self) -> dict[str, Any]:
        """States of environments after the window, by name."""
        return {name: course.state() for name, course in self.worlds.items()}

    def labels(self) -> dict[str, Tensor]:
        """Labels that environments gave, [time, batch, ...] by name."""
        worlds = self.brain.environments
        return {
            label_of(worlds, name, label): value
            for name, course in self.worlds.items()
            for label, value in course.labels().items()
        }

    def met(self) -> dict[str, EnvironmentRecord]:
        """What environments met that have derivatives, by name."""
        return {n: c.record() for n, c in self.worlds.items() if c.environment.differentiable}

    def delayed(self) -> dict[str, Tensor]:
        """Messages still under way after the window, by pathway."""
        left = {}
        for name, pathway in self.brain.pathways.items():
            if pathway.steps > 0:
                series = self._adapted(name, max(0, self.steps - pathway.steps))
                older = self.start.delayed[name][len(series) :]
                left[name] = self._survive(torch.cat([older, series]))
        return left

    def _survive(self, series: Tensor) -> Tensor:
        """Messages under way, set to zero in streams that were reset after they were sent."""
        if self.keep is not None:
            for j in range(1, series.shape[0] + 1):
                since = self.keep[max(0, self.steps - j + 1) :]
                series[-j] = fade(series[-j][None], since.prod(dim=0)[None])[0]
        return series

    def _enter(self, stage: list[str]) -> None:
        for name in stage:
            if name in self.brain.environments:
                world, state = self.brain.environments[name], self.start.environments[name]
                self.worlds[name] = EnvironmentCourse(
                    world, state, self.inputs[name], self.reset, self.breaks
                )
            elif name in self.brain.areas:
                self._enter_area(name, stage)
        self._share(stage)

    def _enter_area(self, name: str, stage: list[str]) -> None:
        area = self.brain.area(name)
        for part in ("compare", "move"):
            self.coming[Act(name, part)] = {}
        known, shapes = {}, {}
        for source, names in self.brain.arrivals(name).items():
            if any(not set(stage).isdisjoint(self.brain.pathways[n].heard) for n in names):
                shapes[source] = area.arriving(source)
                early = source == "drive" or source in area.hints
                self.coming[Act(name, "compare" if early else "move")][source] = names
            else:
                known[source] = _join([self._window(n) for n in names], dim=2)
        state, more = self.start.areas[name], outside_of(name, self.inputs)
        self.courses[name] = Course(area, known, shapes, state, self.keep, self.breaks, more)

    def _compared_later(self, stage: list[str]) -> list[Act]:
        """Comparisons that no step of the stage waits for, which are made of all steps at once."""
        ways = [way for way in self.brain.pathways.values() if way.target in stage]
        waited_for = {way.source for way in ways if way.carries in COMPARED}
        told = self.brain.elsewhere.told.items()
        waited_for |= {area for n, (area, what) in told if n in stage and what in COMPARED}
        later = []
        for name in stage:
            if name in self.courses and name not in waited_for and not self.courses[name].feels:
                later.append(Act(name, "compare"))
                self.coming[Act(name, "move")] |= self.coming.pop(later[-1])
        return later

    def _share(self, stage: list[str]) -> None:
        """Let areas see what others of the stage send as it lies there, where it is as it was sent.

        What would be copied step by step is then one tensor which the sender fills, if it arrives
        in the very step; if it arrives later, it is copied for the record at once. What a route
        alone makes is written where it is to lie.
        """
        self._looked_on = []
        for act, coming in self.coming.items():
            for source, names in list(coming.items()) if act.area in stage else ():
                (name, *others), way = names, self.brain.pathways[names[0]]
                route, bare = self.brain.route(name), not others and way.gate is None
                if not bare or is_changed(name, self.inputs) or self._given(name):
                    continue
                if not route.plain:
                    if route.gain is None:
                        self._bare.add(name)
                elif way.steps == 0:
                    self.courses[act.area].sources[source] = self._signal(name)
                    del coming[source]
                else:
                    self.courses[act.area].look_on(source)
                    self._looked_on.append((act.area, source, name))

    def _act(self, act: Act, t: int) -> None:
        if act.part == "reply":
            came = [self._message(name, t) for name in self.brain.hearing[act.area]]
            self.worlds[act.area].reply(t, arrived_in(came))
            return
        if act.part == "hear":
            self.brain.elsewhere.hear(act.area, t + 1 - self.brain.elsewhere.heard[act.area])
            return
        if act.part == "tell":
            self._tell(act.area, t + 1)
            return
        course = self.courses[act.area]
        for source, names in self.coming[act].items():
            if names[0] not in self._bare or not self._write(names[0], t, course, source):
                course.take(source, t, _join([self._message(n, t) for n in names], dim=1))
        if act.part == "compare":
            course.compare(t)
        else:
            course.move(t)

    def _tell(self, name: str, stop: int) -> None:
        """Let other processes have what was made of a signal before a step."""
        area, signal = self.brain.elsewhere.told[name]
        self.brain.elsewhere.tell(name, self.courses[area].signal(signal), stop)

    def _write(self, name: str, t: int, course: Course, source: str) -> bool:
        """Write what a bare route makes at a step where it is to lie, if it was sent in the window
        and no reset came in between; whether it was."""
        delay = self.brain.pathways[name].steps
        there = t >= delay and not self._arriving(delay)[0][t]
        if there:
            self.brain.route(name).into(self._signal(name)[t - delay], course.place(source, t))
        return there

    def _given(self, name: str) -> bool:
        """Whether what a pathway carries is known before the window begins."""
        source = self.brain.pathways[name].source
        made = source in self.worlds or source in self.brain.elsewhere.heard
        return source in self.inputs and not made

    def _signal(self, name: str) -> Tensor:
        """The signal at the start of a pathway, [time, batch, ...]."""
        pathway = self.brain.pathways[name]
        if pathway.source in self.worlds:
            return self.worlds[pathway.source].signal(pathway.carries)
        if pathway.source in self.inputs:
            return self.inputs[pathway.source]
        return self.courses[pathway.source].signal(pathway.carries)

    def _adapted(self, name: str, first: int = 0) -> Tensor:
        """The signal of a pathway in the shape of its target, from a step on to the last."""
        if name in self._messages:
            return self._messages[name][first:]
        self.brain.elsewhere.hear(self.brain.pathways[name].source, self.steps)
        route, steps = self.brain.route(name), self.steps - first
        by = told(self.brain.pathways[name], self.inputs)
        made = route(flat(self._signal(name)[first:]), None if by is None else flat(by[first:]))
        made = made.view(steps, self.batch, *route.shape)
        if first == 0:
            self._messages[name] = made
        return made

    def _window(self, name: str) -> Tensor:
        """What arrives over a pathway whose source has been swept, [time, batch, ...]."""
        delay = self.brain.pathways[name].steps
        series = self._adapted(name)
        if delay > 0:
            series = torch.cat([self.start.delayed[name], series])[: self.steps]
            series = fade(series, self._alive(delay))
        series = arrived(name, series, self.inputs)
        gate = self.brain.gate(name)
        if gate is None:
            return series
        rates = fade(self.courses[gate.by].fields["rate"][:-1], self.keep)
        return gate(flat(series), flat(rates)).view_as(series)

    def _message(self, name: str, t: int) -> Tensor:
        """What arrives over a pathway at one step, [batch, ...]."""
        delay = self.brain.pathways[name].steps
        if t < delay:
            message = self.start.delayed[name][t]
        elif self._given(name):
            message = self._adapted(name)[t - delay]
        else:
            message = self.brain.route(name)(self._signal(name)[t - delay])
        lost, alive = self._arriving(delay)
        if lost[t] and alive is not None:
            message = fade(message[None], alive[t : t + 1])[0]
        message, gate = arrived(name, message, self.inputs, t), self.brain.gate(name)
        if gate is None:
            return message
        return gate(message, self.courses[gate.by].before("rate", t))

    def _arriving(self, delay: int) -> tuple[list[bool], Tensor | None]:
        """For each step whether any message of this delay is lost, and `_alive`; found once."""
        if delay not in self._lost:
            alive, reach = self._alive(delay), min(delay, self.steps) - 1
            lost = [any(self.breaks[max(0, t - reach) : t + 1]) for t in range(self.steps)]
            self._lost[delay] = lost, alive
        return self._lost[delay]

    def _alive(self, delay: int) -> Tensor | None:
        """1 where no reset happened while a message of this delay was under way; None if never."""
        if self.keep is None or delay == 0:
            return None
        alive = self.keep.clone()
        for lag in range(1, min(delay, self.steps)):
            alive[lag:] *= self.keep[:-lag]
        return alive


def _join(parts: list[Tensor], dim: int) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=dim)
