"""A brain drawn: areas and inputs as boxes, pathways as arrows."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from brainmodel.brain import Brain
from brainmodel.figures.style import FAINT, INK, PAPER
from brainmodel.pathways.pathway import Pathway

COLOURS = {"feedforward": "#2166ac", "feedback": "#d6604d", "lateral": "#1b7837"}
WIDTH, HEIGHT = 2.6, 1.0  # of an area's box
USUAL, THINNEST, WIDEST = 1.8, 0.6, 7.0  # points, of arrows
ACROSS, UP = 4.6, 2.4  # between the middles of neighbours
SIDE = 0.45  # from the middle of a box to where its arrows begin

Point = tuple[float, float]
Arrow = tuple[str, str, str]  # source, target and kind: one arrow


class Ends(NamedTuple):
    """How an arrow runs."""

    start: Point
    end: Point
    bend: float  # of matplotlib's arc3; 0 is straight


def draw_brain(brain: Brain, sizes: Mapping[str, float] | None = None) -> Figure:
    """Areas as boxes, lowest at the bottom; pathways as arrows with signal and delay.

    Args:
        brain: the brain.
        sizes: of the signals of pathways, by name: arrows are as wide, and tell them; thin arrows
            have none. All are alike unless given.
    """
    places = box_places(brain)
    columns, rows = zip(*places.values(), strict=True)
    left, right = min(columns) - WIDTH * 0.8, max(columns) + WIDTH * 0.8
    bottom, top = min(rows) - HEIGHT, max(rows) + HEIGHT
    figure = Figure(figsize=((right - left) * 0.85, (top - bottom) * 0.85 + 0.5))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set(xlim=(left, right), ylim=(bottom - 0.3, top - 0.2), aspect="equal")
    axes.axis("off")
    bundles: dict[Arrow, dict[str, Pathway]] = {}
    for name, pathway in brain.pathways.items():
        key = (pathway.source, pathway.target, pathway.kind)
        bundles.setdefault(key, {})[name] = pathway
    for key, side in arrow_sides(bundles).items():
        _arrow(axes, bundles[key], places, side, sizes)
    for name, place in places.items():
        _box(axes, place, *_words(brain, name), filled=name in brain.areas)
    _legend(axes, {p.kind for p in brain.pathways.values()}, left, bottom - 0.05)
    return figure


def box_places(brain: Brain) -> dict[str, Point]:
    """Places of inputs, environments and areas: as high as the longest chain of feedforward
    pathways to them."""
    ways = brain.pathways.values()
    feedforward = [p for p in ways if p.kind == "feedforward" and p.target in brain.areas]
    depth = dict.fromkeys((*brain.inputs, *brain.areas), 0)
    for _ in brain.areas:
        for pathway in feedforward:
            depth[pathway.target] = max(depth[pathway.target], depth[pathway.source] + 1)
            depth[pathway.target] = min(depth[pathway.target], len(brain.areas))
    used = {p.source for p in brain.pathways.values()} | set(brain.areas)
    levels: dict[int, list[str]] = {}
    for name in [name for name in depth if name in used]:
        levels.setdefault(depth[name], []).append(name)
    places = {}
    for row, level in enumerate(sorted(levels)):
        names = levels[level]
        for column, name in enumerate(names):
            places[name] = ((column - (len(names) - 1) / 2) * ACROSS, row * UP)
    return places


def arrow_sides(bundles: Iterable[Arrow]) -> dict[Arrow, float]:
    """Where the arrows of each two boxes run, so that none hides another: those that are
    feedforward on the left of the middle, others on its right, or where room is left."""
    sides: dict[Arrow, float] = {}
    taken: dict[frozenset[str], set[float]] = {}
    for bundle in sorted(bundles, key=lambda b: list(COLOURS).index(b[2])):
        usual = -SIDE if bundle[2] == "feedforward" else SIDE
        here = taken.setdefault(frozenset(bundle[:2]), set())
        sides[bundle] = next((s for s in (usual, -usual) if s not in here), 0.0)
        here.add(sides[bundle])
    return sides


def _words(brain: Brain, name: str) -> tuple[str, str, str]:
    if name in brain.environments:
        return name, type(brain.environments[name]).__name__, ""
    if name not in brain.areas:
        return name, "x".join(map(str, brain.inputs[name])), ""
    area = brain.area(name)
    shape = "x".join(map(str, area.units))
    kind = ", ".join(area.cell.places(area.units[0])) or type(area.cell).__name__
    return name, f"{kind}  {shape}", type(brain.rule(name)).__name__


def _box(axes: Axes, place: Point, name: str, what: str, rule: str, *, filled: bool) -> None:
    x, y = place
    corner = (x - WIDTH / 2, y - HEIGHT / 2)
    style = "round,pad=0,rounding_size=0.18"
    colour = "#f2efe6" if filled else PAPER
    axes.add_patch(
        FancyBboxPatch(
            corner,
            WIDTH,
            HEIGHT,
            boxstyle=style,
            fc=colour,
            ec=INK,
            lw=1.3,
            zorder=3,
            linestyle="-" if filled else "--",
        )
    )
    options: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    high = y + (0.24 if rule else 0.14)
    axes.text(x, high, name, fontsize=14, weight="bold", color=INK, **options)
    axes.text(x, y - (0.08 if rule else 0.2), what, fontsize=8.5, color=INK, **options)
    axes.text(x, y - 0.32, rule, fontsize=7.5, style="italic", color=FAINT, **options)


def _arrow(
    axes: Axes,
    pathways: Mapping[str, Pathway],
    places: Mapping[str, Point],
    side: float,
    sizes: Mapping[str, float] | None,
) -> None:
    """An arrow for all pathways of one kind from one area to another."""
    pathway = next(iter(pathways.values()))
    width = USUAL if sizes is None else _width(pathways, sizes)
    colour = COLOURS[pathway.kind]
    ends = _ends(pathway, places[pathway.source], places[pathway.target], side)
    arrow = FancyArrowPatch(
        ends.start,
        ends.end,
        connectionstyle=f"arc3,rad={ends.bend}",
        arrowstyle="-|>",
        color=colour,
        mutation_scale=8 + 3.4 * width,
        lw=width,
        shrinkA=2,
        shrinkB=2,
        zorder=2,
    )
    axes.add_patch(arrow)
    words = "\n".join(_signal(way) + _size(name, sizes) for name, way in pathways.items())
    box = {"fc": PAPER, "ec": "none", "pad": 1.2}
    options: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 5, "bbox": box}
    axes.text(*_middle(ends), words, fontsize=8, color=colour, **options)


def _width(pathways: Mapping[str, Pathway], sizes: Mapping[str, float]) -> float:
    """Points, in proportion to the largest of their signals; the widest arrow of all has WIDEST."""
    largest = max(sizes.values(), default=0.0)
    own = max((sizes.get(name, 0.0) for name in pathways), default=0.0)
    return max(THINNEST, WIDEST * own / largest if largest else 0.0)


def _size(name: str, sizes: Mapping[str, float] | None) -> str:
    return f"\n{sizes[name]:.2g}" if sizes is not None and name in sizes else ""


def _signal(pathway: Pathway) -> str:
    """What it carries, since when, what multiplies it, and where it ends if not everywhere."""
    late = f", t-{pathway.steps}" if pathway.steps else ""
    times = f"\n\u00d7 {pathway.gain.by}" if pathway.gain else ""
    if pathway.gate:
        whose = filter(None, (pathway.gate.by, pathway.gate.population))
        times += f"\ngated by {'.'.join(whose)}"
    onto = pathway.onto or ()
    return pathway.carries + late + times + (f"\nonto {onto[0]}" if len(onto) == 1 else "")


def _ends(pathway: Pathway, source: Point, target: Point, side: float) -> Ends:
    """From where to where the arrow of a pathway goes, so far beside the middle; its bend."""
    (x0, y0), (x1, y1) = source, target
    if pathway.source == pathway.target:
        return Ends((x0 + WIDTH / 2, y0 - 0.25), (x0 + WIDTH / 2, y0 + 0.25), 1.4)
    towards = np.sign(y1 - y0)
    if towards == 0:
        right = np.sign(x1 - x0)
        lift = 0.22 * right
        start, end = (x0 + right * WIDTH / 2, y0 + lift), (x1 - right * WIDTH / 2, y1 + lift)
        return Ends(start, end, 0.0)
    start, end = (x0 + side, y0 + towards * HEIGHT / 2), (x1 + side, y1 - towards * HEIGHT / 2)
    if abs(y1 - y0) < 1.5 * UP:  # neighbours
        return Ends(start, end, 0.0)
    most = 0.45 * abs(end[1] - start[1]) / max(abs(x1 - x0), 1e-9)  # more would end behind the box
    return Ends(start, end, min(0.55, most) * (1 if side * towards < 0 else -1))


def _middle(ends: Ends) -> Point:
    """The middle of matplotlib's arc3 from start to end."""
    (x0, y0), (x1, y1), bend = ends
    return (x0 + x1) / 2 + bend * (y1 - y0) / 2, (y0 + y1) / 2 - bend * (x1 - x0) / 2


def _legend(axes: Axes, kinds: set[str], x: float, y: float) -> None:
    for kind in [kind for kind in COLOURS if kind in kinds]:
        axes.text(x + 0.2, y, f"— {kind}", fontsize=9, color=COLOURS[kind], va="center")
        x += 1.9
