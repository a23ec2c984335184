"""Pathways of several seeds: how what they bring lies, and adapters that keep seeds apart."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import accumulate
from math import prod

from torch import nn

from areas.seeds import SeedLayout, beside
from areas.seeds.layout import layout_of_units
from brainmodel.brain import Brain
from brainmodel.errors import named
from brainmodel.pathways.adapters import Adapter, Flatten, MaxPool, Members, Pool, Upsample
from brainmodel.pathways.route import Route
from brainmodel.wiring.routes import Shape

Adapted = tuple[Adapter, SeedLayout]


def _same(adapter: Adapter, layout: SeedLayout, shape: Shape) -> Adapted:
    return adapter, layout


def _flattened(adapter: Adapter, layout: SeedLayout, shape: Shape) -> Adapted:
    return adapter, layout._replace(parts=tuple(part * prod(shape[1:]) for part in layout.parts))


def _chosen(adapter: Adapter, layout: SeedLayout, shape: Shape) -> Adapted:
    """A population of all seeds, which lies part by part."""
    assert isinstance(adapter, Members)
    ends = [0, *accumulate(layout.parts)]
    if adapter.first not in ends or adapter.stop not in ends:
        raise ValueError("Members that are no population are not known to keep seeds apart")
    parts = layout.parts[ends.index(adapter.first) : ends.index(adapter.stop)]
    made = Members(layout.seeds * adapter.first, layout.seeds * adapter.stop)
    return made, layout._replace(parts=parts)


ADAPTERS: dict[type, Callable[[Adapter, SeedLayout, Shape], Adapted]] = {
    Pool: _same,
    MaxPool: _same,
    Upsample: _same,
    Flatten: _flattened,
    Members: _chosen,
}
"""Adapters that take channels one by one, each for what it makes of several seeds."""


class Layouts:
    """How signals lie in a brain of several seeds; each is found once.

    Args:
        brain: of one seed.
        seeds: how many there are.

    Raises:
        ValueError: for a cell or an adapter that does not keep seeds apart.
    """

    def __init__(self, brain: Brain, seeds: int):
        self._brain, self._seeds = brain, seeds
        self._units: dict[str, SeedLayout] = {}
        for name in brain.areas:
            with named(f"areas.{name}"):
                area = brain.area(name)
                self._units[name] = layout_of_units(area.cell, area.units[0], seeds)
        self.messages: dict[str, SeedLayout] = {}
        self.routes: dict[str, Route] = {}
        for name in brain.pathways:
            self.message(name)

    def drive(self, area: str) -> SeedLayout:
        """Of the drive of an area: what its feedforward pathways bring, side by side."""
        return beside([self.message(name) for name in self._brain.arrivals(area)["drive"]])

    def message(self, pathway: str) -> SeedLayout:
        """Of what a pathway brings; makes its route of several seeds."""
        if pathway not in self.messages:
            with named(f"pathways.{pathway}.adapters"):
                self._follow(pathway)
        return self.messages[pathway]

    def _follow(self, pathway: str) -> None:
        route, layout = self._brain.route(pathway), self._signal(pathway)
        adapters, shape = [], self._sent(pathway)
        for adapter in route.adapters:
            kind = type(adapter)
            if kind not in ADAPTERS:
                raise ValueError(
                    f"{kind.__name__} is not known to keep seeds apart; leave it out, or train "
                    "the seeds one by one"
                )
            made, layout = ADAPTERS[kind](adapter, layout, shape)  # pyright: ignore
            adapters.append(made)
            shape = adapter.shape(shape)  # pyright: ignore
        whole = deepcopy(route)
        whole.adapters = nn.ModuleList(adapters)
        whole.shape = (layout.whole, *route.shape[1:])
        self.messages[pathway], self.routes[pathway] = layout, whole

    def _signal(self, pathway: str) -> SeedLayout:
        """Of what is sent."""
        way = self._brain.pathways[pathway]
        if way.source in self._brain.inputs:
            return SeedLayout(self._seeds, (self._brain.inputs[way.source][0],))
        if way.moved:
            return self._units[way.source]
        errors = self._brain.area(way.source).comparison.errors if way.carries == "error" else 1
        return self.drive(way.source).times(errors)

    def _sent(self, pathway: str) -> Shape:
        """Shape of what is sent in a brain of one seed."""
        way = self._brain.pathways[pathway]
        if way.source in self._brain.inputs:
            return tuple(self._brain.inputs[way.source])
        area = self._brain.area(way.source)
        if way.moved:
            return area.units
        return area.errors if way.carries == "error" else area.drive


def wider(shapes: Mapping[str, Shape], seeds: int) -> dict[str, Shape]:
    """Shapes of the inputs of several seeds."""
    return {name: (seeds * shape[0], *shape[1:]) for name, shape in shapes.items()}
