"""The brain: named areas joined by pathways; one step of time, or a window of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

from areas import Area, Cell, Connectivity, Predictor
from areas.area import Afferent, Report, check_shape
from brainmodel import graph
from brainmodel.learning.rule import Rule
from brainmodel.learning.scope import Local, Scope
from brainmodel.pathway import Pathway, Route
from brainmodel.state import BrainState
from objectives import Activity, GroupObjective, Objective


@dataclass
class AreaPlan:
    """What an area is to be.

    Args:
        cell: the dynamics of its units.
        units: [unit], or [channel, height, width] for maps.
        objectives: what it learns for, by name.
        rule: how a learning signal becomes weight changes.
        predictor: what predicts its drive; null for an area that does not predict.
        afferents: which of drive and prediction error reach its units.
        kernel: odd width of receptive fields on maps, in pixels (see `Area`).
        connectivity: which recurrent synapses exist (see `Area`).
        learning_rate: of this area; the model's unless given.
    """

    cell: Cell
    units: list[int]
    rule: Rule
    objectives: dict[str, Objective] = field(default_factory=dict)
    predictor: Predictor | None = field(default_factory=Predictor)
    afferents: list[Afferent] = field(default_factory=lambda: ["error"])
    kernel: int = 3
    connectivity: Connectivity | None = None
    learning_rate: float | None = None


class Brain(nn.Module):
    """Areas, the pathways between them, and what each learns for.

    Args:
        areas: plans by name.
        pathways: by name.
        inputs: shapes of the inputs by name, without time and batch.
        scope: how far learning signals travel; `Local` unless given.
        groups: objectives that several areas share, by name.

    Raises:
        ValueError: if areas and pathways do not fit; the message names the area or pathway.
    """

    def __init__(
        self,
        areas: Mapping[str, AreaPlan],
        pathways: Mapping[str, Pathway],
        inputs: Mapping[str, Sequence[int]],
        scope: Scope | None = None,
        groups: Mapping[str, GroupObjective] | None = None,
    ):
        super().__init__()
        graph.check(areas, inputs, pathways)
        self.pathways = dict(sorted(pathways.items()))
        self.inputs = {name: tuple(shape) for name, shape in inputs.items()}
        self.scope = scope or Local()
        self.acting = graph.order(areas, self.pathways)
        self.stages = graph.stages(self.acting, self.pathways)
        self._arrivals = {name: self._sort(name) for name in areas}
        for name, plan in areas.items():
            with named(f"areas.{name}"):
                check_shape(plan.units)
        units = {name: tuple(plan.units) for name, plan in areas.items()}
        routes, drives = route(self.pathways, units, self.inputs)
        self.routes = nn.ModuleDict(routes)
        self.areas, self.rules, self.objectives = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for name in self.acting:
            with named(f"areas.{name}"):
                self._add(name, areas[name], drives[name])
        self.groups = nn.ModuleDict(groups or {})
        for name, group in (groups or {}).items():
            with named(f"groups.{name}"):
                self._join(group)

    def _sort(self, area: str) -> dict[str, list[str]]:
        ends = {name: pathway for name, pathway in self.pathways.items() if pathway.target == area}
        drive = [name for name, pathway in ends.items() if pathway.kind == "feedforward"]
        return {"drive": drive} | {name: [name] for name in ends if name not in drive}

    def _add(self, name: str, plan: AreaPlan, drive: tuple[int, ...]) -> None:
        messages = {n: self.route(n).shape for n in self.arrivals(name) if n != "drive"}
        area = Area(
            plan.cell,
            plan.units,
            drive,
            messages,
            plan.predictor,
            plan.afferents,
            plan.kernel,
            plan.connectivity,
        )
        plan.rule.build(area)
        for key, parameter in area.named_parameters():
            parameter.requires_grad_(plan.rule.plastic(key))
        for objective in plan.objectives.values():
            objective.build(drive, tuple(plan.units))
        self.areas[name], self.rules[name] = area, plan.rule
        self.objectives[name] = nn.ModuleDict(plan.objectives)

    def _join(self, group: GroupObjective) -> None:
        for area in group.areas:
            if area not in self.areas:
                raise ValueError(f"areas: there is no {area!r}; there are {', '.join(self.areas)}")
        drives = {name: self.area(name).drive for name in group.areas}
        group.build(drives, {name: self.area(name).units for name in group.areas})

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights, and so of everything the brain computes."""
        return next(self.areas.parameters()).dtype

    def area(self, name: str) -> Area:
        """The area of that name."""
        return cast(Area, self.areas[name])

    def rule(self, name: str) -> Rule:
        """The learning rule of the area of that name."""
        return cast(Rule, self.rules[name])

    def route(self, name: str) -> Route:
        """The shape changes along the pathway of that name."""
        return cast(Route, self.routes[name])

    def arrivals(self, area: str) -> dict[str, list[str]]:
        """Pathways that end in an area, by source of its synapses: "drive", or their own name."""
        return self._arrivals[area]

    def masks(self) -> dict[str, Tensor]:
        """By name, of weights of which not all exist, 1 where a synapse does (see `Synapses`)."""
        return {
            self.parameter_name(name, f"synapses.{source}.weight"): synapses.mask
            for name in self.areas
            for source, synapses in self.area(name).synapses.items()
            if synapses.mask is not None
        }

    def complete(self, found: dict[str, Tensor]) -> None:
        """Add to gradients by name, in place, what no rule knows of: decay and absent synapses."""
        for name in self.areas:
            predictor = self.area(name).predictor
            for key, lost in ({} if predictor is None else predictor.decays()).items():
                full = self.parameter_name(name, f"predictor.{key}")
                found[full] = found.get(full, 0.0) + lost
        found |= {name: found[name] * mask for name, mask in self.masks().items() if name in found}

    def parameter_name(self, area: str, key: str) -> str:
        """Full name of a parameter that an area's rule calls by `key`."""
        if key.startswith("rule."):
            return f"rules.{area}.{key.removeprefix('rule.')}"
        return f"areas.{area}.{key}"

    def initial_state(self, batch: int) -> BrainState:
        """State of `batch` streams that begin."""
        like = next(self.areas.parameters())
        delayed = {
            name: like.new_zeros(pathway.steps, batch, *self.route(name).shape)
            for name, pathway in self.pathways.items()
            if pathway.steps > 0
        }
        states = {name: self.area(name).initial_state(batch) for name in self.areas}
        return BrainState(states, delayed, dict.fromkeys(self.areas))

    def forward(
        self, inputs: Mapping[str, Tensor], reset: Tensor, state: BrainState | None = None
    ) -> tuple[dict[str, Activity], BrainState]:
        """A window of time.

        Args:
            inputs: by name, [time, batch, *shape].
            reset: [time, batch] bool, true where a stream begins anew at that step.
            state: from the window before; None where all streams begin.

        Returns:
            what each area did, by name, and the state after the window, detached. `backward` of
            anything computed from it hands each area's learning signal to the area's rule.
        """
        from brainmodel.roll_out import roll_out

        if state is None:
            state = self.initial_state(reset.shape[1])
        return roll_out(self, dict(inputs), reset, state)

    def step(
        self,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        crossing: Callable[[Tensor], Tensor] = lambda signal: signal,
        cut: Callable[[str], bool] = lambda area: False,
    ) -> tuple[dict[str, Report], BrainState]:
        """One step, literally and in plain differentiable calls.

        Args:
            inputs: by name, [batch, *shape].
            reset: [batch] bool.
            state: before the step.
            crossing: what happens to a signal where it enters a pathway; `torch.detach` keeps
                autograd within the areas.
            cut: by area, whether to hide its recurrent synapses from autograd (see `Area.step`).

        Returns:
            the report of each area and the state after the step, not detached.
        """
        keep = (~reset).to(self.dtype)
        delayed = {name: series * _wide(keep, series, 1) for name, series in state.delayed.items()}
        reports: dict[str, Report] = {}
        states = {}

        def adapted(name: str) -> Tensor:
            pathway = self.pathways[name]
            if pathway.source in self.inputs:
                return self.route(name)(inputs[pathway.source])
            return self.route(name)(crossing(getattr(reports[pathway.source], pathway.signal)))

        for name in self.acting:
            arrived = {
                source: torch.cat([delayed[n][0] if n in delayed else adapted(n) for n in names], 1)
                for source, names in self.arrivals(name).items()
            }
            before = state.areas[name]
            before = type(before)(*(field * _wide(keep, field, 0) for field in before))
            drive = arrived.pop("drive")
            reports[name], states[name] = self.area(name).step(
                drive, arrived, before, cut=cut(name)
            )
        for name, series in delayed.items():
            delayed[name] = torch.cat([series[1:], adapted(name)[None]])
        return reports, BrainState(states, delayed, state.memories)

    def losses(self, activities: Mapping[str, Activity]) -> dict[str, dict[str, Tensor]]:
        """By area, by objective: the loss, summed over valid steps, over all steps and streams.

        Objectives that areas share stand under "groups".
        """
        found: dict[str, dict[str, Tensor]] = {}
        for name, activity in activities.items():
            own = cast(nn.ModuleDict, self.objectives[name])
            found[name] = {k: (activity.valid * own[k](activity)).mean() for k in own}
        if len(self.groups):
            valid = next(iter(activities.values())).valid
            shared = {k: self.groups[k](dict(activities)) for k in self.groups}
            found["groups"] = {k: (valid * loss).mean() for k, loss in shared.items()}
        return found


def _wide(keep: Tensor, like: Tensor, before: int) -> Tensor:
    """keep [batch] shaped to multiply a tensor whose batch is dimension `before`."""
    return keep.view(*[1] * before, -1, *[1] * (like.dim() - before - 1))


@contextmanager
def named(place: str) -> Iterator[None]:
    """Errors raised inside begin with the place in the configuration they belong to."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def route(
    pathways: Mapping[str, Pathway],
    units: Mapping[str, tuple[int, ...]],
    inputs: Mapping[str, tuple[int, ...]],
) -> tuple[dict[str, Route], dict[str, tuple[int, ...]]]:
    """Shapes: how each pathway's signal is adapted, and the drive of each area.

    Args:
        pathways: by name.
        units: shapes of the areas' units.
        inputs: shapes of the inputs.

    Raises:
        ValueError: if a pathway's shapes cannot be joined, or drives are errors of each other.
    """
    routes: dict[str, Route] = {}
    drives: dict[str, tuple[int, ...]] = {}

    def drive(area: str, below: tuple[str, ...]) -> tuple[int, ...]:
        if area in below:
            cycle = " -> ".join([area, *reversed(below[below.index(area) :])])
            raise ValueError(f"pathways: the drives of {cycle} are errors of each other")
        if area not in drives:
            names = [n for n, p in pathways.items() if p.target == area and p.kind == "feedforward"]
            shapes = [join(name, (*below, area)).shape for name in names]
            drives[area] = (sum(shape[0] for shape in shapes), *shapes[0][1:])
        return drives[area]

    def join(name: str, below: tuple[str, ...] = ()) -> Route:
        if name not in routes:
            pathway = pathways[name]
            if pathway.source in inputs:
                source = inputs[pathway.source]
            elif pathway.signal == "rate":
                source = units[pathway.source]
            else:
                source = drive(pathway.source, below)
            with named(f"pathways.{name}"):
                routes[name] = Route(pathway.adapters, source, units[pathway.target])
        return routes[name]

    for area in units:
        drive(area, ())
    for name in pathways:
        join(name)
    return dict(sorted(routes.items())), drives
