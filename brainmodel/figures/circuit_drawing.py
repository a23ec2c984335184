"""The circuit inside an area drawn: its populations, and which synapses end where on them."""

from math import atan2, cos, pi, sin
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from areas import Area
from brainmodel.brain import Brain
from brainmodel.figures.style import FAINT, INK, PAPER

COLOURS = {1: "#b2182b", -1: "#2166ac", 0: "#666666"}  # excite, inhibit, either
WORDS = {1: "excitatory", -1: "inhibitory", 0: "either"}
HEADS = {1: "-|>", -1: "|-|,widthA=0,widthB=0.35", 0: "-|>"}
UNITS = "units"
RADIUS = 0.42
RING = 1.75  # from the middle to the middle of a population

Spot = tuple[float, float]


class Way(NamedTuple):
    """Synapses from one source onto one population."""

    source: str  # a population, "drive", "error", a message
    target: str
    currents: tuple[str, ...]  # on which they end, if not on all; none if on all
    sign: int


def ways(area: Area) -> list[Way]:
    """Which synapses of an area exist, by population of both ends."""
    return [way for source in area.synapses for way in _of_source(area, source)]


def _of_source(area: Area, source: str) -> list[Way]:
    cell, units, synapses = area.cell, area.units[0], area.synapses[source]
    reach = cell.reach(source)
    shape = (reach.stop - reach.start, units, synapses.weight.shape[1], -1)
    exists = torch.ones_like(synapses.weight) if synapses.mask is None else synapses.mask
    exists = exists.reshape(shape).amax(3) > 0
    sign = torch.zeros_like(synapses.weight) if synapses.sign is None else synapses.sign
    sign = sign.reshape(shape).sum(3).sign()
    places = cell.places(units)
    froms = (places or {UNITS: slice(None)}) if source == "recurrent" else {source: slice(None)}
    found = []
    for target, rows in (places or {UNITS: slice(None)}).items():
        names = cell.current_names(target if places else "")
        for name, columns in froms.items():
            some = exists[:, rows, columns]
            if some.any():
                ends = [names[reach.start + k] for k in range(len(some)) if some[k].any()]
                told = () if len(ends) == len(names) else tuple(ends)
                signs = {int(s) for s in sign[:, rows, columns][some].unique()}
                found.append(Way(name, target, told, signs.pop() if len(signs) == 1 else 0))
    return found


def draw_circuits(brain: Brain) -> dict[str, Figure]:
    """The circuits of all areas that have populations, by area."""
    areas = {name: brain.area(name) for name in brain.areas}
    typed = {name: area for name, area in areas.items() if area.cell.places(area.units[0])}
    return {name: draw_circuit(area, name) for name, area in typed.items()}


def draw_circuit(area: Area, name: str) -> Figure:
    """Populations in a ring, what comes from outside below (drives) or above (messages).

    Args:
        area: the area.
        name: what it is called.
    """
    found = ways(area)
    places = area.cell.places(area.units[0]) or {UNITS: slice(0, area.units[0])}
    spots = _ring(list(places)) | _outside(area)
    figure = Figure(figsize=(6.4, 6.6))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set(xlim=(-3.4, 3.4), ylim=(-3.6, 3.5), aspect="equal")
    axes.axis("off")
    for way in found:
        _arrow(axes, way, spots)
    for population, at in places.items():
        cells = f"{at.stop - at.start} of {area.units[0]}" if len(places) > 1 else f"{at.stop}"
        cell = getattr(area.cell, "of", {}).get(population)
        kind = type(area.cell if cell is None else cell.cell).__name__
        _circle(axes, spots[population], population, f"{kind}\n{cells}")
    for source in _outside(area):
        axes.text(*spots[source], source, fontsize=11, color=INK, ha="center", va="center")
    axes.text(-3.3, 3.3, name, fontsize=15, weight="bold", color=INK, va="center")
    _legend(axes, {way.sign for way in found})
    return figure


def _ring(names: list[str]) -> dict[str, Spot]:
    if len(names) == 1:
        return {names[0]: (0.0, 0.0)}
    angles = [pi / 2 + pi / len(names) + 2 * pi * k / len(names) for k in range(len(names))]
    return {n: (RING * cos(a), RING * sin(a)) for n, a in zip(names, angles, strict=True)}


def _outside(area: Area) -> dict[str, Spot]:
    """Drive and error below, messages above."""
    below = [name for name in area.synapses if name in ("drive", "error")]
    above = [name for name in area.synapses if name not in (*below, "recurrent")]
    rows = ((below, -3.0), (above, 3.0))
    return {
        name: (2.2 * (k - (len(names) - 1) / 2), y)
        for names, y in rows
        for k, name in enumerate(names)
    }


def _circle(axes: Axes, spot: Spot, name: str, what: str) -> None:
    axes.add_patch(Circle(spot, RADIUS, fc="#f2efe6", ec=INK, lw=1.3, zorder=3))
    options: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    axes.text(spot[0], spot[1] + 0.14, name, fontsize=12, weight="bold", color=INK, **options)
    axes.text(spot[0], spot[1] - 0.16, what, fontsize=6.5, color=FAINT, **options)


def _arrow(axes: Axes, way: Way, spots: dict[str, Spot]) -> None:
    (x0, y0), (x1, y1) = spots[way.source], spots[way.target]
    own = way.source == way.target
    bend = 0.16
    if own:  # a loop on the outer side
        outwards = atan2(y0, x0) if x0 or y0 else pi / 2
        (x0, y0), (x1, y1) = (
            (x0 + RADIUS * cos(angle), y0 + RADIUS * sin(angle))
            for angle in (outwards - 0.45, outwards + 0.45)
        )
        bend = 1.3
    arrow = FancyArrowPatch(
        (x0, y0),
        (x1, y1),
        connectionstyle=f"arc3,rad={bend}",
        arrowstyle=HEADS[way.sign],
        color=COLOURS[way.sign],
        mutation_scale=13,
        lw=1.6,
        shrinkA=0 if own else 30,
        shrinkB=0 if own else 32,
        zorder=2,
    )
    axes.add_patch(arrow)
    if way.currents:
        x = (x0 + 2 * x1) / 3 + bend * (y1 - y0) / 2
        y = (y0 + 2 * y1) / 3 - bend * (x1 - x0) / 2
        box = {"fc": PAPER, "ec": "none", "pad": 0.6}
        options: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 5, "bbox": box}
        axes.text(x, y, ", ".join(way.currents), fontsize=7, color=COLOURS[way.sign], **options)


def _legend(axes: Axes, signs: set[int]) -> None:
    for k, sign in enumerate(sorted(signs, reverse=True)):
        words = f"\u2014 {WORDS[sign]}"
        axes.text(-3.3 + 1.6 * k, -3.45, words, fontsize=9, color=COLOURS[sign], va="center")
