"""One step of a brain as it is defined: act after act, in plain differentiable calls.

The sweep over a window (`brainmodel.roll_out`) computes the same.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from areas.record import StepComparison, StepRecord
from brainmodel.environments import Reply
from brainmodel.pathways.pathway import Pathway, told
from brainmodel.wiring.environments import arrived_in, reply, sent_by
from brainmodel.wiring.order import Act
from brainmodel.wiring.outside import outside_of
from brainmodel.wiring.perturbed_inputs import arrived
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


def literal_step(
    brain: Wiring,
    inputs: Mapping[str, Tensor],
    reset: Tensor,
    state: BrainState,
    crossing: Callable[[Tensor], Tensor] = lambda signal: signal,
    cut: Callable[[str], bool] = lambda area: False,
) -> tuple[dict[str, StepRecord], dict[str, Reply], BrainState]:
    """One step of all areas and environments.

    Args:
        brain: the areas and pathways.
        inputs: by name, [batch, *shape]; what comes from outside among them.
        reset: [batch] bool.
        state: before the step.
        crossing: what happens to a signal where it enters a pathway; `torch.detach` keeps
            autograd within the areas.
        cut: by area, whether to hide its recurrent synapses from autograd (see `Area.take`).

    Returns:
        what happened in each area, and what each environment replied, by name, and the state after
        the step; not detached.
    """
    step = _Step(brain, inputs, reset, state, crossing)
    for act in brain.acts:
        if act.part == "reply":
            step.reply(act.area)
        else:
            step.take(act, cut(act.area))
    took = {name: step.took[name] for name in brain.areas}
    states = {name: taken.state for name, taken in took.items()}
    worlds = {name: found.state for name, found in step.replies.items()}
    after = state._replace(areas=states, delayed=step.under_way(), environments=worlds)
    return took, step.replies, after


class _Step:
    """A step that is being taken, act after act; arguments as of `literal_step`."""

    def __init__(
        self,
        brain: Wiring,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        crossing: Callable[[Tensor], Tensor],
    ):
        self.brain, self.inputs, self.crossing = brain, inputs, crossing
        self.keep = (~reset).to(brain.dtype)
        late = state.delayed.items()
        self.delayed = {name: series * _wide(self.keep, series, 1) for name, series in late}
        self.before = {name: _kept(own, self.keep) for name, own in state.areas.items()}
        self.compared: dict[str, StepComparison] = {}
        self.took: dict[str, StepRecord] = {}
        self.reset, self.worlds = reset, state.environments
        self.replies: dict[str, Reply] = {}

    def reply(self, name: str) -> None:
        heard = arrived_in([self._message(way) for way in self.brain.hearing[name]])
        world, state = self.brain.environments[name], self.worlds[name]
        self.replies[name] = reply(world, state, heard, self.inputs[name], self.reset)[1]

    def take(self, act: Act, cut: bool) -> None:
        name, area = act.area, self.brain.area(act.area)
        before = self.before[name]
        if act.part == "compare":
            hints = self._arrived(name, ("drive", *area.hints))
            drive = hints.pop("drive")
            found = area.compare(drive, hints, before, cut=cut, keep=self.keep)
            self.compared[name] = found
        else:
            messages = self._arrived(name, area.messages.keys() - area.hints.keys())
            more = outside_of(name, self.inputs)
            self.took[name] = area.move(
                self.compared[name], messages, before, cut=cut, outside=more
            )

    def under_way(self) -> dict[str, Tensor]:
        """Messages that have not arrived when the step is over, by pathway."""
        late = self.delayed.items()
        return {n: torch.cat([series[1:], self._adapted(n)[None]]) for n, series in late}

    def _arrived(self, area: str, sources: Collection[str]) -> dict[str, Tensor]:
        came = {n: names for n, names in self.brain.arrivals(area).items() if n in sources}
        return {
            n: torch.cat([self._message(name) for name in names], 1) for n, names in came.items()
        }

    def _message(self, pathway: str) -> Tensor:
        came = self.delayed[pathway][0] if pathway in self.delayed else self._adapted(pathway)
        gate = self.brain.gate(pathway)
        if gate is not None:
            came = gate(came, self.crossing(self.before[gate.by].rate))
        return arrived(pathway, came, self.inputs)

    def _adapted(self, pathway: str) -> Tensor:
        way = self.brain.pathways[pathway]
        return self.brain.route(pathway)(self._sent(way), told(way, self.inputs))

    def _sent(self, pathway: Pathway) -> Tensor:
        if pathway.source in self.brain.environments:
            return self.crossing(sent_by(self.replies[pathway.source], pathway.carries))
        if pathway.source in self.inputs:
            return self.inputs[pathway.source]
        if pathway.moved:
            return self.crossing(getattr(self.took[pathway.source].state, pathway.carries))
        return self.crossing(getattr(self.compared[pathway.source], pathway.carries))


def _kept(state: Any, keep: Tensor) -> Any:
    """The state of an area, zero in the streams that are reset."""
    return type(state)(*(field * _wide(keep, field, 0) for field in state))


def _wide(keep: Tensor, like: Tensor, before: int) -> Tensor:
    """keep [batch] shaped to multiply a tensor whose batch is dimension `before`."""
    return keep.view(*[1] * before, -1, *[1] * (like.dim() - before - 1))
