"""Shapes along the pathways: what each carries to its target, and the drive of each area."""

from collections.abc import Mapping

from brainmodel.errors import named
from brainmodel.pathways.pathway import Pathway
from brainmodel.pathways.route import Route


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
