"""Area parallel: each process has some areas of one brain, and tells others what they need.

With scope `Local` nothing goes back across a pathway, so processes exchange signals alone; a
process waits for signals, never for a learning signal. Where they lead one way they go a window at
a time: while one process learns from a window, the one before it is at the next (Löwe et al.
(2019), arXiv:1905.11786, propose it). Areas of several parts that hear each other step together
(`lines` says when what is sent). Replicas of a part learn from streams of their own and average
their gradients (`ProcessMesh`).

Each process computes what one process with the whole brain does for its areas, to the last bit.
Rules that draw random numbers, such as UORO, would draw others, and are refused.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from brainmodel.brain import AreaPlan, Brain
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Scope
from brainmodel.training.parts.exchange import Exchange
from brainmodel.training.parts.lines import lines_between, own_acts, own_stages
from brainmodel.training.parts.placement import require_local, require_placed, require_told
from brainmodel.training.parts.process_mesh import ProcessMesh, of_all_parts
from brainmodel.wiring.losses import Losses
from brainmodel.wiring.state import BrainState

log = logging.getLogger(__name__)


class BrainPart:
    """The areas of this process, with an optimizer of their own.

    The whole brain is built once, so that the weights are those that one process would have.

    Args:
        areas: plans of all areas of the brain, by name.
        pathways: by name.
        inputs: shapes by name; each process is given all of them.
        placement: the part that each area belongs to, from 0 on. With one replica a part is a rank.
        optimizer: made of the parameters of a brain; one that takes each parameter by itself.
        scope: `Local` unless given; no other serves.
        ahead: windows, 1 or more, whose signals may be on their way before this process waits for
            one that hears it and is not heard.
        replicas: processes that have each part, with streams of their own; rank = replica * parts +
            part.

    Attributes:
        brain: of the areas of this process; what it hears of others is among its inputs.
        lines: the signals that parts tell each other, the same on every process.

    Raises:
        ValueError: if an area has no part, or a process nothing to do; if a pathway carries what
            cannot be told; for another scope, noise, a rule that draws random numbers, or a gate
            across the cut.
    """

    def __init__(
        self,
        areas: Mapping[str, AreaPlan],
        pathways: Mapping[str, Pathway],
        inputs: Mapping[str, Sequence[int]],
        placement: Mapping[str, int],
        optimizer: Callable[..., torch.optim.Optimizer],
        scope: Scope | None = None,
        ahead: int = 2,
        replicas: int = 1,
    ):
        if ahead < 1:
            raise ValueError(f"ahead: need 1 window or more, got {ahead}")
        require_placed(areas, placement)
        require_local(areas, scope)
        self.mesh = ProcessMesh(len(set(placement.values())), replicas)
        plans = {name: deepcopy(plan) for name, plan in areas.items() if self._has(name, placement)}
        whole = Brain(deepcopy(dict(areas)), deepcopy(dict(pathways)), inputs)
        require_told(whole.pathways, placement)
        self.lines = lines_between(whole, placement)
        self.exchange = Exchange(self.mesh, placement, self.lines, ahead)
        self._parts = dict(placement)
        own = {n: self._ending(n, way, whole) for n, way in pathways.items() if way.target in plans}
        names = {line.name for line in self.lines}
        if taken := names & {*inputs, *areas}:
            raise ValueError(f"name {min(taken)!r}: is that of a signal between processes; rename")
        heard = {name: line.shape for name, line in self.exchange.arriving.items()}
        self.brain = Brain(plans, own, {**inputs, **heard})
        cut = whole, placement, self.lines, self.mesh.part
        self.brain.stages, self.brain.acts = own_stages(*cut), own_acts(*cut)
        self.brain.elsewhere = self.exchange
        _copy(whole, self.brain)
        self.optimizer = optimizer(self.brain.parameters())
        self.state: BrainState | None = None
        for line in self.exchange.leaving:
            log.info("part %d tells %s", self.mesh.part, line)

    @property
    def bytes_sent(self) -> int:
        """Bytes of signals that this process sent in the last window."""
        return sum(self.exchange.bytes_sent.values())

    def on_the_wire(self) -> dict[str, float]:
        """Bytes of signals that this process sent at a step, by signal and part, for a log.

        Those of the last window over its steps, of all streams.
        """
        sent, steps = self.exchange.bytes_sent, self.exchange.steps
        return {f"{x.name}, to part {x.to}": n / max(1, steps) for x, n in sent.items()}

    def learn(
        self,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        labels: Mapping[str, Tensor] | None = None,
    ) -> Losses:
        """Take the areas of this process through one window, and a step of their optimizer.

        Args:
            inputs: of the whole brain by name, [time, batch, *shape].
            reset: [time, batch] bool.
            labels: [time, batch, ...] by name.

        Returns:
            the weighed losses of the areas of this process.
        """
        labels = dict(labels or {})
        given = {**inputs, **self.exchange.begin(reset, self.brain.dtype)}
        activities, self.state = self.brain(given, reset, self.state, labels=labels)
        shown = {n: a._replace(labels=labels | a.labels) for n, a in activities.items()}
        losses = self.brain.losses(shown)
        if each := [loss for own in losses.values() for loss in own.values()]:
            self.optimizer.zero_grad()
            torch.stack(each).sum().backward()
            self.mesh.average_gradients(self.brain.parameters())
            self.optimizer.step()
        self.brain.after_step()
        return losses

    def end(self) -> None:
        """Wait until all that was sent has arrived; before the process ends."""
        self.exchange.end()

    def weights(self) -> dict[str, Tensor]:
        """The `state_dict` of the whole brain, on each process; all have to ask."""
        return of_all_parts(self.mesh, self.brain.state_dict())

    def checkpoint(self) -> dict[str, Any]:
        """All that this process goes on from: weights, the optimizer's memory, streams' states."""
        self.end()
        optimizer = self.optimizer.state_dict()
        return {"brain": self.brain.state_dict(), "optimizer": optimizer, "state": self.state}

    def go_on(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from a `checkpoint` of the process of the same rank, to the last bit."""
        self.brain.load_state_dict(checkpoint["brain"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        self.state = checkpoint["state"]

    def _has(self, area: str, placement: Mapping[str, int]) -> bool:
        return placement[area] == self.mesh.part

    def _ending(self, name: str, way: Pathway, whole: Brain) -> Pathway:
        """A pathway that ends here; one that comes from elsewhere comes from an input."""
        if self._parts.get(way.source, self.mesh.part) == self.mesh.part:
            return deepcopy(way)
        (line,) = [
            line
            for line in self.exchange.arriving.values()
            if (line.source, line.signal) == (way.source, whole.pathways[name].carries)
        ]
        return replace(deepcopy(way), source=line.name, signal=None)


def _copy(whole: Brain, part: Brain) -> None:
    """Give a part the weights and all else that was drawn for the whole."""
    drawn = dict(whole.named_parameters()) | dict(whole.named_buffers())
    with torch.no_grad():
        for name, value in (*part.named_parameters(), *part.named_buffers()):
            value.copy_(drawn[name])
