"""What is wired up: named areas joined by pathways, and what each of them learns for."""

from collections.abc import Sequence
from math import prod
from typing import cast

import torch
from torch import Tensor, nn

from areas import Area, Synapses
from areas.checks import check_shape
from areas.keys import of_units
from areas.message import Message
from brainmodel.errors import named
from brainmodel.learning.modulation import Modulator
from brainmodel.learning.rule import Rule, of_rule
from brainmodel.pathways.presynaptic_inhibition import PresynapticInhibition
from brainmodel.pathways.route import Route
from brainmodel.schedules import Schedule, Weight
from brainmodel.schedules.clock import LevelNow
from brainmodel.wiring.aged import Aged
from brainmodel.wiring.elsewhere import Elsewhere
from brainmodel.wiring.environments import require_environments, require_heard, rewards_of
from brainmodel.wiring.made_weights import MadeWeights, made_in
from brainmodel.wiring.objective_weights import require_means, weights
from brainmodel.wiring.order import acting_order, acts, stages
from brainmodel.wiring.parameter_names import full_name
from brainmodel.wiring.pathway_plans import check_pathways, written_out
from brainmodel.wiring.plan import AreaPlan, BrainPlan, require_kind
from brainmodel.wiring.plastic import choose
from brainmodel.wiring.routes import find_gates, find_routes
from brainmodel.wiring.sizes import require_room
from brainmodel.wiring.state import BrainState
from objectives import GroupObjective, Objective


class Wiring(Aged):
    """Areas, the pathways between them, and what each learns for: a brain but for its learning.

    Args:
        plan: what is to be wired up.

    Attributes:
        acting: names of the areas, lower ones first.
        acts: what they do within a step, in order (see `order.acts`).
        stages: areas grouped by the cycles that they share (see `order.stages`).
        environments: what areas act on, by name; `hearing`: the pathways that end in each.
        elsewhere: what other processes have of it.
        inputs: shapes of what comes from outside, what environments draw by chance included.
        made: synapses whose weights are made; the brain computes with those that `make` gives.

    Raises:
        ValueError: if areas and pathways do not fit; the message names the area or pathway.
    """

    def __init__(self, plan: BrainPlan):
        super().__init__()
        self.elsewhere = Elsewhere()
        self._open(plan)
        predictors = {name: area.predictor for name, area in plan.areas.items()}
        errors = {name: p.comparison.errors for name, p in predictors.items() if p is not None}
        cells = {name: area.cell for name, area in plan.areas.items()}
        self.pathways = written_out(plan.pathways, self.inputs, errors, cells, self.environments)
        self.acting = acting_order(plan.areas, self.pathways)
        self.acts = acts(self.acting, self.pathways, self.environments)
        self.stages = stages([*self.environments, *self.acting], self.pathways)
        self._arrivals = {name: self._sources(name) for name in plan.areas}
        self.hearing = {name: self._sources(name)["drive"] for name in self.environments}
        for name, area in plan.areas.items():
            with named(f"areas.{name}"):
                check_shape(area.units)
        units = {name: tuple(area.units) for name, area in plan.areas.items()}
        routes, drives = find_routes(plan, self.pathways, self.inputs, errors, units)
        require_heard(self.environments, self.pathways, {n: way.shape for n, way in routes.items()})
        self.routes = nn.ModuleDict(routes)
        self.gates = nn.ModuleDict(find_gates(self.pathways, routes, units, cells))
        self.areas, self.rules, self.objectives = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        self.modulators = nn.ModuleDict()
        self.plasticities = {name: area.plasticity for name, area in plan.areas.items()}
        self.noise = {name: area.noise for name, area in plan.areas.items() if area.noise}
        self.plastic: dict[str, Schedule] = {}  # by name of a parameter
        self.frozen: dict[str, set[str]] = {}  # by area, groups of synapses that never change
        self.made: list[MadeWeights] = []
        self.weights: dict[str, dict[str, Weight]] = {}
        for name in sorted(plan.areas, key=lambda name: -prod(units[name])):
            with named(f"areas.{name}"):
                require_room(plan.areas[name], drives[name], self._messages(name))
        for name in self.acting:
            with named(f"areas.{name}"):
                self._add_area(name, plan.areas[name], drives[name])
        self._read_out(plan)
        self._require_parts_of_their_own()
        self.groups = nn.ModuleDict(dict(plan.groups))
        for name, group in plan.groups.items():
            with named(f"groups.{name}"):
                self._build_group(group)
        self.weights["groups"] = weights(plan.group_weights, self.groups, "group_weights")

    def _open(self, plan: BrainPlan) -> None:
        """What comes from outside, environments included, held against the plan."""
        for name, shape in plan.inputs.items():
            require_kind(f"inputs.{name}", shape, Sequence)
        self.environments = dict(plan.environments)
        require_environments(self.environments, plan.areas, plan.inputs, plan.pathways)
        drawn: dict[str, tuple[int, ...]] = {n: (e.draws,) for n, e in self.environments.items()}
        self.inputs = {name: tuple(shape) for name, shape in plan.inputs.items()} | drawn
        check_pathways(plan.areas, self.inputs, plan.pathways, self.environments)

    def _read_out(self, plan: BrainPlan) -> None:
        """Let pathways to environments carry what objectives read out."""
        for name, pathway in self.pathways.items():
            if pathway.read_out is not None:
                objective = plan.areas[pathway.source].objectives[pathway.read_out]
                self.route(name).read_out = objective.read_out

    def _sources(self, area: str) -> dict[str, list[str]]:
        """Names of the pathways that end in an area, by source of its synapses."""
        ends = {name: pathway for name, pathway in self.pathways.items() if pathway.target == area}
        drive = [name for name, pathway in ends.items() if pathway.kind == "feedforward"]
        return {"drive": drive} | {name: [name] for name in ends if name not in drive}

    def _messages(self, area: str) -> dict[str, Message]:
        """The messages that an area receives, by pathway."""
        names = [name for name in self.arrivals(area) if name != "drive"]
        ways = {name: self.pathways[name] for name in names}
        return {
            name: Message(self.route(name).shape, way.onto or (), way.kernel or 1)
            for name, way in ways.items()
        }

    def _add_area(self, name: str, plan: AreaPlan, drive: tuple[int, ...]) -> None:
        told = plan.predictor, plan.afferents, plan.kernel, plan.connectivity, plan.projections
        area = Area(plan.cell, plan.units, drive, self._messages(name), *told)
        plan.rule.build(area)
        if plan.noise:  # which currents of which units have noise
            area.register_buffer("noisy", area.cell.receives("drive", area.units[0]), False)
        for pathway in plan.rule.error_pathways:
            carried = self.pathways[pathway].signal
            if carried != "error":
                raise ValueError(
                    f"rule: {type(plan.rule).__name__} takes what comes by {pathway} for errors, "
                    f"but it carries a {carried}; set pathways.{pathway}.signal: error"
                )
        self.frozen[name] = {group for group, level in plan.plastic.items() if level is False}
        self.plastic |= {
            full_name(name, key): level
            for key, level in choose(area, plan.rule, plan.plastic).items()
        }
        for source, synapses in made_in(area):
            learn = plan.rule.plastic(of_units(source)) and source not in self.frozen[name]
            self.made.append(MadeWeights(full_name(name, of_units(source)), synapses, learn))
        for key, objective in plan.objectives.items():
            with named(f"objectives.{key}"):
                require_means(objective, plan.predictor)
                objective.build(drive, tuple(plan.units))
        self.weights[name] = weights(plan.weights, plan.objectives)
        if plan.modulator is not None:
            with named("modulator"):
                plan.modulator.build(area, self.inputs | rewards_of(self.environments))
            self.modulators[name] = plan.modulator
        self.areas[name], self.rules[name] = area, plan.rule
        self.objectives[name] = nn.ModuleDict(plan.objectives)

    def _require_parts_of_their_own(self) -> None:
        """Refuse one object as a part of two areas, if it holds numbers: they are those of one."""
        first: dict[nn.Module, str] = {}
        for name, part in self.named_modules(remove_duplicate=False):
            held = next(part.parameters(), next(part.buffers(), None))
            if held is not None and (other := first.setdefault(part, name)) != name:
                raise ValueError(
                    f"{name}: the same {type(part).__name__} is {other}, and holds parameters or "
                    "buffers; make one for each area"
                )

    def _build_group(self, group: GroupObjective) -> None:
        for area in group.areas:
            if area not in self.areas:
                raise ValueError(f"areas: there is no {area!r}; there are {', '.join(self.areas)}")
        drives = {name: self.area(name).drive for name in group.areas}
        group.build(drives, {name: self.area(name).units for name in group.areas})

    @property
    def dtype(self) -> torch.dtype:
        """The type of numbers of the weights, and so of everything the brain computes."""
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

    def plasticity(self, area: str) -> LevelNow:
        """How plastic the area of that name is now, in [0, 1]; 0 where it does not learn."""
        schedule = self.plasticities[area]
        return 1.0 if schedule is None else self.clock.level(schedule)

    @property
    def schedules(self) -> list[Schedule]:
        """Those that decide within a window how much is learnt; not those of objectives."""
        told = [part.schedule for part in self.modulators.modules() if isinstance(part, Modulator)]
        every = [*self.plasticities.values(), *self.plastic.values(), *told]
        return [schedule for schedule in every if schedule is not None]

    def route(self, name: str) -> Route:
        """The shape changes along the pathway of that name."""
        return cast(Route, self.routes[name])

    def gate(self, name: str) -> PresynapticInhibition | None:
        """What gates the pathway of that name before its synapses, if anything does."""
        return cast(PresynapticInhibition, self.gates[name]) if name in self.gates else None

    @property
    def learning(self) -> list[str]:
        """Names of the pathways whose adapters learn."""
        return [n for n in self.routes if any(p.requires_grad for p in self.route(n).parameters())]

    def arrivals(self, area: str) -> dict[str, list[str]]:
        """Pathways that end in an area, by source of its synapses: "drive", or their own name."""
        return self._arrivals[area]

    def masks(self) -> dict[str, Tensor]:
        """Masks of weights of which not all exist, by name: 1 where a synapse does (`Synapses`)."""
        return {
            self.parameter_name(name, key): synapses.mask
            for name in self.areas
            for key, synapses in self.area(name).all_synapses().items()
            if synapses.mask is not None
        }

    def complete(self, found: dict[str, Tensor]) -> None:
        """Complete gradients by name, in place: add decay, set those of absent synapses to 0.

        At last those of synapses that are less plastic now are made smaller.
        """
        for name in self.areas:
            predictor = self.area(name).predictor
            for key, lost in ({} if predictor is None else predictor.decays()).items():
                full = self.parameter_name(name, key)
                found[full] = found.get(full, 0.0) + lost
        found |= {name: found[name] * mask for name, mask in self.masks().items() if name in found}
        levels = {name: self.clock.level(schedule) for name, schedule in self.plastic.items()}
        found |= {name: found[name] * level for name, level in levels.items() if name in found}

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
        worlds = {n: e.begin(like.new_zeros(batch, e.draws)) for n, e in self.environments.items()}
        return BrainState(states, delayed, memories, modulators, environments=worlds)

    def make(self) -> dict[str, Tensor]:
        """Weights that are made, as they are made now, by name; differentiable."""
        return {one.name: one.now() for one in self.made}

    def still(self) -> list[nn.Parameter]:
        """Parameters that do not learn now, though they do at other times."""
        age = self.steps_taken
        names = [name for name, schedule in self.plastic.items() if schedule.level(age) == 0]
        makers = [one.synapses.making for one in self.made if one.name in names]
        own = [parameter for making in makers if making for parameter in making.parameters()]
        return [self.get_parameter(name) for name in names] + own

    def after_step(self) -> None:
        """What follows each step of the optimizer: count it, keep the signs of synapses, make the
        weights that are made, and let objectives do their part."""
        self.grow()
        for part in (*self.areas.modules(), *self.gates.modules()):
            if isinstance(part, Synapses):
                part.project()
        for one in self.made:
            one.synapses.remake()
        for held in (*self.objectives.children(), self.groups):
            for objective in held.children():
                cast(Objective | GroupObjective, objective).after_step()
