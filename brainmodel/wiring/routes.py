"""Shapes along the pathways: what each carries to its target, and the drive of each area."""

from collections.abc import Mapping, Sequence

from areas import Cell
from brainmodel.environments.environment import REWARD
from brainmodel.errors import named
from brainmodel.pathways.adapters import Adapter, Members
from brainmodel.pathways.pathway import Pathway
from brainmodel.pathways.presynaptic_inhibition import PresynapticInhibition
from brainmodel.pathways.route import Route, infer
from brainmodel.wiring.plan import BrainPlan

Shape = tuple[int, ...]


def find_routes(
    plan: BrainPlan,
    pathways: Mapping[str, Pathway],
    inputs: Mapping[str, Shape],
    errors: Mapping[str, int],
    units: Mapping[str, Shape],
) -> tuple[dict[str, Route], dict[str, Shape]]:
    """How each pathway's signal is adapted, by name, and the shape of each area's drive.

    Args:
        plan: of the brain.
        pathways: by name, written out.
        inputs: shapes of the inputs.
        errors: how many errors each value of an area's drive makes, by area that predicts.
        units: shapes of the areas' units.

    Raises:
        ValueError: if a pathway's shapes cannot be joined, or drives are errors of each other.
    """
    search = _Search(plan, pathways, inputs, errors, units)
    drives = {area: search.drive(area) for area in units}
    for name in pathways:
        search.route(name)
    return dict(sorted(search.routes.items())), drives


def find_gates(
    pathways: Mapping[str, Pathway],
    routes: Mapping[str, Route],
    units: Mapping[str, Shape],
    cells: Mapping[str, Cell],
) -> dict[str, PresynapticInhibition]:
    """Gates of pathways, by name of these, made to the shapes of what they gate.

    Args:
        pathways: by name.
        routes: of the pathways, by name.
        units: shapes of the areas' units.
        cells: of the areas, which may have populations.

    Raises:
        ValueError: if the shape of a gating area cannot be brought to that of a message.
    """
    found = {}
    for name, route in routes.items():
        gate = pathways[name].gate
        if gate is None:
            continue
        with named(f"pathways.{name}.gate"):
            way = Pathway(gate.by, pathways[name].target, population=gate.population)
            brings = Route(
                _adapters(way, cells, units[gate.by], route.shape), units[gate.by], route.shape
            )
            gate.build(brings, brings.shape, route.shape)
        found[name] = gate
    return found


def _adapters(
    pathway: Pathway, cells: Mapping[str, Cell], source: Shape, target: Shape
) -> Sequence[Adapter]:
    """A pathway's adapters, behind what picks the population that it comes from."""
    if pathway.population is None:
        return pathway.adapters
    with named("population"):
        units = cells[pathway.source].members(pathway.population, source[0]).nonzero()
    members = Members(int(units[0]), int(units[-1]) + 1)
    return [members, *(pathway.adapters or infer(members.shape(source), target))]


class _Search:
    """A search for shapes from the inputs on; each is found once.

    The shape of an error or a prediction is that of its area's drive, which is made of the signals
    of other areas: `below` says for which drives the present one is being looked for.
    """

    def __init__(
        self,
        plan: BrainPlan,
        pathways: Mapping[str, Pathway],
        inputs: Mapping[str, Shape],
        errors: Mapping[str, int],
        units: Mapping[str, Shape],
    ):
        self.plan, self.pathways, self.inputs, self.errors = plan, pathways, inputs, errors
        self.cells = {name: area.cell for name, area in plan.areas.items()}
        worlds = plan.environments
        self.units = dict(units) | {name: (one.hears,) for name, one in worlds.items()}
        self.observations = {name: tuple(one.shape) for name, one in worlds.items()}
        self.routes: dict[str, Route] = {}
        self.drives: dict[str, Shape] = {}

    def drive(self, area: str, below: tuple[str, ...] = ()) -> Shape:
        if area in below:
            cycle = " -> ".join([area, *reversed(below[below.index(area) :])])
            raise ValueError(f"pathways: the drives of {cycle} are errors of each other")
        if area not in self.drives:
            ends = {n: p for n, p in self.pathways.items() if p.target == area}
            names = [name for name, pathway in ends.items() if pathway.kind == "feedforward"]
            shapes = [self.route(name, (*below, area)).shape for name in names]
            self.drives[area] = (sum(shape[0] for shape in shapes), *shapes[0][1:])
        return self.drives[area]

    def route(self, name: str, below: tuple[str, ...] = ()) -> Route:
        if name not in self.routes:
            pathway = self.pathways[name]
            if pathway.source in self.observations:
                source = (1,) if pathway.carries == REWARD else self.observations[pathway.source]
            elif pathway.source in self.inputs:
                source = self.inputs[pathway.source]
            elif pathway.read_out is not None:
                objectives = self.plan.areas[pathway.source].objectives
                source = (objectives[pathway.read_out].reads_out,)
            elif pathway.moved:
                source = self.units[pathway.source]
            else:
                source = self.drive(pathway.source, below)
                if pathway.carries == "error":
                    source = (self.errors[pathway.source] * source[0], *source[1:])
            with named(f"pathways.{name}"):
                target = self.units[pathway.target]
                adapters = _adapters(pathway, self.cells, source, target)
                self.routes[name] = Route(adapters, source, target, pathway.gain)
        return self.routes[name]
