"""What is wired up: named areas joined by pathways, what each learns for, and one step of time."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from areas import Area
from areas.area import check_shape
from areas.record import Report
from brainmodel.errors import named
from brainmodel.learning.modulation import Modulator
from brainmodel.learning.rule import Rule, of_rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.pathways.route import Route
from brainmodel.schedules import Weight
from brainmodel.wiring import order as graph
from brainmodel.wiring.objective_weights import require_means, weights
from brainmodel.wiring.parameter_names import full_name
from brainmodel.wiring.plan import AreaPlan
from brainmodel.wiring.routes import route
from brainmodel.wiring.state import BrainState
from objectives import Activity, GroupObjective, Objective

Losses = dict[str, dict[str, Tensor]]
"""By area ("groups" for shared ones), by objective: a number."""


class Wiring(nn.Module):
    """Areas, the pathways between them, and what each learns for: a brain but for its learning.

    Args:
        areas: plans by name.
        pathways: by name.
        inputs: shapes of the inputs by name, without time and batch.
        groups: objectives that several areas share, by name.
        group_weights: of these, by name; as `AreaPlan.weights`.

    Attributes:
        age: steps that the optimizer took, which schedules follow; kept in checkpoints.

    Raises:
        ValueError: if areas and pathways do not fit; the message names the area or pathway.
    """

    def __init__(
        self,
        areas: Mapping[str, AreaPlan],
        pathways: Mapping[str, Pathway],
        inputs: Mapping[str, Sequence[int]],
        groups: Mapping[str, GroupObjective] | None = None,
        group_weights: Mapping[str, float | Weight] | None = None,
    ):
        super().__init__()
        self.age: Tensor
        self.register_buffer("age", torch.zeros((), dtype=torch.int64))
        graph.check(areas, inputs, pathways)
        self.pathways = dict(sorted(pathways.items()))
        self.inputs = {name: tuple(shape) for name, shape in inputs.items()}
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
        self.modulators = nn.ModuleDict()
        self.plasticities = {name: plan.plasticity for name, plan in areas.items()}
        self.weights: dict[str, dict[str, Weight]] = {}
        for name in self.acting:
            with named(f"areas.{name}"):
                self._add(name, areas[name], drives[name])
        self.groups = nn.ModuleDict(groups or {})
        for name, group in (groups or {}).items():
            with named(f"groups.{name}"):
                self._join(group)
        self.weights["groups"] = weights(group_weights or {}, self.groups, "group_weights")

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
        for key, parameter in area.weights().items():
            parameter.requires_grad_(plan.rule.plastic(key))
        for key, objective in plan.objectives.items():
            with named(f"objectives.{key}"):
                require_means(objective, plan.predictor)
                objective.build(drive, tuple(plan.units))
        self.weights[name] = weights(plan.weights, plan.objectives)
        if plan.modulator is not None:
            with named("modulator"):
                plan.modulator.build(area, self.inputs)
            self.modulators[name] = plan.modulator
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

    def modulator(self, name: str) -> Modulator:
        """The neuromodulator of the area of that name, if it has one."""
        return cast(Modulator, self.modulators[name])

    def group(self, name: str) -> GroupObjective:
        """The objective of that name that areas share."""
        return cast(GroupObjective, self.groups[name])

    def plasticity(self, area: str) -> float:
        """How plastic the area of that name is now, in [0, 1]; 0 if its period is over."""
        schedule = self.plasticities[area]
        return 1.0 if schedule is None else schedule.level(int(self.age))

    def route(self, name: str) -> Route:
        """The shape changes along the pathway of that name."""
        return cast(Route, self.routes[name])

    def arrivals(self, area: str) -> dict[str, list[str]]:
        """Pathways that end in an area, by source of its synapses: "drive", or their own name."""
        return self._arrivals[area]

    def masks(self) -> dict[str, Tensor]:
        """By name, of weights of which not all exist, 1 where a synapse does (see `Synapses`)."""
        return {
            self.parameter_name(name, key): synapses.mask
            for name in self.areas
            for key, synapses in self.area(name).all_synapses().items()
            if synapses.mask is not None
        }

    def complete(self, found: dict[str, Tensor]) -> None:
        """Add to gradients by name, in place, what no rule knows of: decay and absent synapses."""
        for name in self.areas:
            predictor = self.area(name).predictor
            for key, lost in ({} if predictor is None else predictor.decays()).items():
                full = self.parameter_name(name, key)
                found[full] = found.get(full, 0.0) + lost
        found |= {name: found[name] * mask for name, mask in self.masks().items() if name in found}

    def parameter_name(self, area: str, key: str) -> str:
        """Full name of a parameter that an area's rule calls by `key`."""
        return full_name(area, key)

    def parameter_names(self, area: str) -> list[str]:
        """Full names of the parameters of an area and of its rule."""
        own = [of_rule(name) for name, _ in self.rule(area).named_parameters()]
        return [full_name(area, key) for key in (*self.area(area).weights(), *own)]

    def initial_state(self, batch: int) -> BrainState:
        """State of `batch` streams that begin."""
        like = next(self.areas.parameters())
        delayed = {
            name: like.new_zeros(pathway.steps, batch, *self.route(name).shape)
            for name, pathway in self.pathways.items()
            if pathway.steps > 0
        }
        states = {name: self.area(name).initial_state(batch) for name in self.areas}
        memories, modulators = dict.fromkeys(self.areas), dict.fromkeys(self.modulators)
        return BrainState(states, delayed, memories, modulators)

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
        return reports, state._replace(areas=states, delayed=delayed)

    def judge(self, activities: Mapping[str, Activity]) -> Losses:
        """By area, by objective: the loss, summed over valid steps, over all steps and streams.

        Not yet weighed. Objectives that areas share stand under "groups".
        """
        found: Losses = {}
        for name, activity in activities.items():
            own = cast(nn.ModuleDict, self.objectives[name])
            found[name] = {k: (activity.valid * own[k](activity)).mean() for k in own}
        if len(self.groups):
            valid = next(iter(activities.values())).valid
            shared = {k: self.groups[k](dict(activities)) for k in self.groups}
            found["groups"] = {k: (valid * loss).mean() for k, loss in shared.items()}
        return found

    def weigh(self, losses: Losses) -> Losses:
        """Losses that `judge` found, each times its weight at this age."""
        return {
            place: {name: self._weighed(place, name, loss) for name, loss in own.items()}
            for place, own in losses.items()
        }

    def _weighed(self, place: str, name: str, loss: Tensor) -> Tensor:
        weight = self.weights[place][name]
        if weight.schedule is None:
            return loss if weight.value == 1 else weight.value * loss
        return weight.at(int(self.age)) * loss

    def losses(self, activities: Mapping[str, Activity]) -> Losses:
        """By area, by objective: `judge`, then `weigh`; their sum is what training makes small."""
        return self.weigh(self.judge(activities))

    def after_step(self) -> None:
        """What follows each step of the optimizer: it is counted, and objectives are told."""
        self.age += 1
        for held in (*self.objectives.children(), self.groups):
            for objective in held.children():
                cast(Objective | GroupObjective, objective).after_step()


def _wide(keep: Tensor, like: Tensor, before: int) -> Tensor:
    """keep [batch] shaped to multiply a tensor whose batch is dimension `before`."""
    return keep.view(*[1] * before, -1, *[1] * (like.dim() - before - 1))
