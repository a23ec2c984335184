"""Area parallel: each process has some areas of one brain, and tells others what they need.

With scope `Local` nothing goes back across a pathway, so processes exchange signals alone. Here
they go one way, from lower to higher parts, a window at a time: while one process learns from a
window, the one before it is at the next (Löwe et al. (2019), arXiv:1905.11786, propose it). A
process waits for signals, never for a learning signal. Replicas of a part learn from streams of
their own and average their gradients (`ProcessMesh`).

Each process computes what one process with the whole brain does for its areas, to the last bit.
Rules that draw random numbers, such as UORO, would draw others, and are refused.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import torch
import torch.distributed
from torch import Tensor

from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning.credit.stream_noise import NoisyRule
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Local, Scope
from brainmodel.training.process_mesh import ProcessMesh, of_all_parts
from brainmodel.wiring.losses import Losses
from objectives import Activity

SHOWN = ("rate", "prediction", "error")


class Cut(NamedTuple):
    """A signal that one process tells another; however many pathways carry it, it goes once."""

    source: str  # area
    signal: str
    to: int  # part

    @property
    def name(self) -> str:
        """Of the input that the signal is, in the brain of the process that hears it."""
        return f"{self.source}_{self.signal}"


class BrainPart:
    """The areas of this process, with an optimizer of their own.

    The whole brain is built once, so that the weights are those that one process would have.

    Args:
        areas: plans of all areas of the brain, by name.
        pathways: by name.
        inputs: shapes by name; each process is given all of them.
        placement: the part that each area belongs to, from 0 on; a pathway leads to the same or a
            higher one. With one replica a part is a rank.
        optimizer: made of the parameters of a brain; one that takes each parameter by itself.
        scope: `Local` unless given; no other serves.
        ahead: windows, 1 or more, whose signals may be on their way before this process waits.
        replicas: processes that have each part, with streams of their own; rank = replica * parts +
            part.

    Attributes:
        brain: of the areas of this process; what it hears of others is among its inputs.
        bytes_sent: of signals, in the last window.

    Raises:
        ValueError: if an area has no part, or a process nothing to do; if a pathway leads to a
            lower part, or carries what cannot be told; for another scope, noise, a rule that draws
            random numbers, or a gate across the cut.
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
        cuts = require_forward(whole.pathways, placement)
        self.heard = {cut: _shape(whole, cut) for cut in cuts if cut.to == self.mesh.part}
        self.told = [cut for cut in cuts if placement[cut.source] == self.mesh.part]
        self._parts = dict(placement)
        own = {n: self._ending(n, way, whole) for n, way in pathways.items() if way.target in plans}
        more = {cut.name: shape for cut, shape in self.heard.items()}
        if taken := set(more) & {*inputs, *areas}:
            raise ValueError(f"name {min(taken)!r}: is that of a signal between processes; rename")
        self.brain = Brain(plans, own, {**inputs, **more})
        _copy(whole, self.brain)
        self.optimizer = optimizer(self.brain.parameters())
        self.state, self.bytes_sent, self.ahead = None, 0, ahead
        self._under_way: deque[list[tuple[torch.distributed.Work, Tensor]]] = deque()

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
        given = {**inputs, **self._hear(reset)}
        activities, self.state = self.brain(given, reset, self.state, labels=labels)
        self._tell(activities)
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
        while self._under_way:
            self._arrive()

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
        cut = Cut(way.source, whole.pathways[name].carries, self.mesh.part)
        return replace(deepcopy(way), source=cut.name, signal=None)

    def _hear(self, reset: Tensor) -> dict[str, Tensor]:
        """The signals of this window that come from other processes, [time, batch, ...]."""
        heard = {}
        for cut, shape in self.heard.items():
            dtype, device = self.brain.dtype, reset.device
            heard[cut.name] = torch.empty(*reset.shape, *shape, dtype=dtype, device=device)
            torch.distributed.recv(heard[cut.name], self.mesh.rank_of(self._parts[cut.source]))
        return heard

    def _tell(self, activities: Mapping[str, Activity]) -> None:
        """Send signals of this window, without waiting for them to arrive."""
        while len(self._under_way) >= self.ahead:
            self._arrive()
        sent, self.bytes_sent = [], 0
        for cut in self.told:
            signal = getattr(activities[cut.source], cut.signal).detach().contiguous()
            work = torch.distributed.isend(signal, self.mesh.rank_of(cut.to))
            assert work is not None
            sent.append((work, signal))
            self.bytes_sent += signal.numel() * signal.element_size()
        self._under_way.append(sent)

    def _arrive(self) -> None:
        for work, _ in self._under_way.popleft():
            work.wait()


def require_placed(areas: Mapping[str, AreaPlan], placement: Mapping[str, int]) -> None:
    """Refuse a placement that leaves out an area or a part: ValueError."""
    if set(placement) != set(areas):
        odd = min(set(placement) ^ set(areas))
        raise ValueError(f"placement.{odd}: need the part of each area, {', '.join(areas)}")
    parts = sorted(set(placement.values()))
    if parts != list(range(len(parts))):
        raise ValueError(f"placement: need parts 0, 1, ... with areas in each, got {parts}")


def require_local(areas: Mapping[str, AreaPlan], scope: Scope | None) -> None:
    """Refuse what would need more than signals of other processes: ValueError."""
    if scope is not None and type(scope) is not Local:
        raise ValueError(
            f"scope: {type(scope).__name__} sends learning signals from area to area, which would "
            "cross from process to process; areas on several processes need scope Local"
        )
    for name, plan in areas.items():
        if plan.noise is not None:
            raise ValueError(f"areas.{name}.noise: is not for areas on several processes; set null")
        if isinstance(plan.rule, NoisyRule):
            raise ValueError(
                f"areas.{name}.rule: {type(plan.rule).__name__} draws random numbers, which would "
                "be others than those of one process; use a rule that draws none"
            )


def require_forward(pathways: Mapping[str, Pathway], placement: Mapping[str, int]) -> list[Cut]:
    """The signals between processes, in the order in which they are sent.

    Raises:
        ValueError: naming a pathway that leads back, or carries what is not told.
    """
    cuts: dict[Cut, None] = {}
    for name, way in pathways.items():
        to = placement[way.target]
        last = max(placement.get(heard, to) for heard in way.heard)
        if last > to:
            raise ValueError(
                f"pathways.{name}: leads back, from part {last} to {to}; signals go to "
                "the same or a higher part, so place areas that share a cycle together"
            )
        if way.gate is not None and placement[way.gate.by] != to:
            raise ValueError(
                f"pathways.{name}.gate: {way.gate.by} is in another part; place it there"
            )
        if placement.get(way.source, to) == to:
            continue
        if way.carries not in SHOWN or way.population is not None:
            what = way.population or way.carries
            raise ValueError(
                f"pathways.{name}: carries {what} to another part; rate, prediction or error of "
                "all units can be told"
            )
        cuts[Cut(way.source, way.carries, to)] = None
    return sorted(cuts)


def _shape(whole: Brain, cut: Cut) -> tuple[int, ...]:
    """[...] of a signal at one step of one stream."""
    area = whole.area(cut.source)
    shapes = {"rate": area.units, "prediction": area.drive, "error": area.errors}
    return tuple(shapes[cut.signal])


def _copy(whole: Brain, part: Brain) -> None:
    """Give a part the weights and all else that was drawn for the whole."""
    drawn = dict(whole.named_parameters()) | dict(whole.named_buffers())
    with torch.no_grad():
        for name, value in (*part.named_parameters(), *part.named_buffers()):
            value.copy_(drawn[name])
