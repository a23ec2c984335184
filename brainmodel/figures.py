"""Figures: a brain's areas and pathways; frames that were seen, predicted and missed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.pathways.pathway import Pathway
from objectives import Activity

COLOURS = {"feedforward": "#2166ac", "feedback": "#d6604d", "lateral": "#1b7837"}
INK, PAPER, FAINT = "#222222", "#ffffff", "#777777"
WIDTH, HEIGHT = 2.6, 1.0  # of an area's box
ACROSS, UP = 4.6, 2.4  # between the middles of neighbours


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, or whatever the ending of the path says."""
    figure.savefig(path, dpi=160, facecolor=PAPER, bbox_inches="tight")


# ------------------------------------------------------------------------------------- the brain


def draw_brain(brain: Brain) -> Figure:
    """Areas as boxes, lowest at the bottom; pathways as arrows with signal and delay."""
    places = layout(brain)
    columns, rows = zip(*places.values(), strict=True)
    left, right = min(columns) - WIDTH * 0.8, max(columns) + WIDTH * 0.8
    bottom, top = min(rows) - HEIGHT, max(rows) + HEIGHT
    figure = Figure(figsize=((right - left) * 0.85, (top - bottom) * 0.85 + 0.5))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set(xlim=(left, right), ylim=(bottom - 0.3, top - 0.2), aspect="equal")
    axes.axis("off")
    for pathway in brain.pathways.values():
        _arrow(axes, pathway, places)
    for name, place in places.items():
        _box(axes, place, *_words(brain, name), filled=name in brain.areas)
    _legend(axes, {p.kind for p in brain.pathways.values()}, left, bottom - 0.05)
    return figure


def layout(brain: Brain) -> dict[str, tuple[float, float]]:
    """Where inputs and areas stand: as high as the longest feedforward way that leads there."""
    feedforward = [p for p in brain.pathways.values() if p.kind == "feedforward"]
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


def _words(brain: Brain, name: str) -> tuple[str, str, str]:
    if name not in brain.areas:
        return name, "x".join(map(str, brain.inputs[name])), ""
    area = brain.area(name)
    shape = "x".join(map(str, area.units))
    return name, f"{type(area.cell).__name__}  {shape}", type(brain.rule(name)).__name__


def _box(
    axes: Axes, place: tuple[float, float], name: str, what: str, rule: str, *, filled: bool
) -> None:
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


def _arrow(axes: Axes, pathway: Pathway, places: Mapping[str, tuple[float, float]]) -> None:
    """An arrow that keeps to its right, so that the two directions do not meet."""
    colour = COLOURS[pathway.kind]
    (x0, y0), (x1, y1) = places[pathway.source], places[pathway.target]
    words = pathway.signal + (f", t-{pathway.steps}" if pathway.steps else "")
    if pathway.source == pathway.target:
        start, end, bend = (x0 + WIDTH / 2, y0 - 0.25), (x0 + WIDTH / 2, y0 + 0.25), 1.4
    else:
        towards = np.sign(y1 - y0)
        side = (0.45 if pathway.kind == "feedforward" else -0.45) * (1 if towards >= 0 else -1)
        side = -abs(side) if pathway.kind == "feedforward" else abs(side)
        if towards == 0:
            right = np.sign(x1 - x0)
            lift = 0.22 * right
            start, end = (x0 + right * WIDTH / 2, y0 + lift), (x1 - right * WIDTH / 2, y1 + lift)
        else:
            start = (x0 + side, y0 + towards * HEIGHT / 2)
            end = (x1 + side, y1 - towards * HEIGHT / 2)
        bend = 0.0 if abs(y1 - y0) <= UP else 0.55 * (1 if side * towards < 0 else -1)
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            color=colour,
            mutation_scale=14,
            lw=1.8,
            shrinkA=2,
            shrinkB=2,
            zorder=2,
        )
    )
    middle = _middle(start, end, bend)
    axes.text(
        *middle,
        words,
        fontsize=8,
        color=colour,
        ha="center",
        va="center",
        zorder=5,
        bbox={"fc": PAPER, "ec": "none", "pad": 1.2},
    )


def _middle(
    start: tuple[float, float], end: tuple[float, float], bend: float
) -> tuple[float, float]:
    """The middle of matplotlib's arc3 from start to end."""
    (x0, y0), (x1, y1) = start, end
    return (x0 + x1) / 2 + bend * (y1 - y0) / 2, (y0 + y1) / 2 - bend * (x1 - x0) / 2


def _legend(axes: Axes, kinds: set[str], x: float, y: float) -> None:
    for kind in [kind for kind in COLOURS if kind in kinds]:
        axes.text(x + 0.2, y, f"— {kind}", fontsize=9, color=COLOURS[kind], va="center")
        x += 1.9


# ------------------------------------------------------------------------------------ the frames


def views(
    brain: Brain, activities: Mapping[str, Activity]
) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """What areas that look at pictures saw, predicted and missed.

    Returns:
        by area, (seen, predicted, error), each [time, batch, channel, height, width] with 1 or 3
        channels; areas whose drive is no picture are left out.
    """
    found = {}
    for name, activity in activities.items():
        first = 0
        for pathway_name in brain.arrivals(name)["drive"]:
            pathway, shape = brain.pathways[pathway_name], brain.route(pathway_name).shape
            channels = slice(first, first + shape[0])
            first += shape[0]
            if pathway.source in brain.inputs and len(shape) == 3 and shape[0] in (1, 3):
                signals = (activity.drive, activity.prediction, activity.error)
                found[name] = tuple(s[:, :, channels].detach().cpu().float() for s in signals)
                break
    return found


def draw_frames(seen: Tensor, predicted: Tensor, error: Tensor, most: int = 8) -> Figure:
    """A strip for each scene: seen, predicted and error frames, time to the right.

    Args:
        seen: [time, batch, channel, height, width] in [0, 1]; the last `most` steps are shown.
        predicted: likewise.
        error: seen minus predicted; blue where too little was expected, red where too much.
        most: frames at most.
    """
    seen, predicted, error = (signal[-most:] for signal in (seen, predicted, error))
    steps, scenes = seen.shape[:2]
    ratio = seen.shape[3] / seen.shape[4]
    figure = Figure(figsize=(steps * 1.05 + 0.9, scenes * (3 * 1.05 * ratio + 0.2)))
    FigureCanvasAgg(figure)
    heights = [1.0, 1.0, 1.0, 0.18] * scenes
    grid = figure.add_gridspec(
        len(heights),
        steps,
        height_ratios=heights,
        wspace=0.03,
        hspace=0.03,
        left=0.09,
        right=0.995,
        top=0.995,
        bottom=0.005,
    )
    for scene in range(scenes):
        rows = zip(("seen", "predicted", "error"), (seen, predicted, error), strict=True)
        for row, (name, signal) in enumerate(rows):
            for t in range(steps):
                axes = figure.add_subplot(grid[4 * scene + row, t])
                axes.imshow(
                    paint(signal[t, scene], signed=name == "error"), interpolation="nearest"
                )
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if t == 0:
                    axes.set_ylabel(name, fontsize=10, color=INK)
    return figure


def film(seen: Tensor, predicted: Tensor, error: Tensor, scale: int = 4) -> list[NDArray[np.uint8]]:
    """Frames [height, width, 3] of a film: a row for each scene, seen, predicted, error across.

    Args:
        seen: [time, batch, channel, height, width] in [0, 1].
        predicted: likewise.
        error: seen minus predicted.
        scale: each pixel becomes a square of so many.
    """
    frames = []
    for t in range(seen.shape[0]):
        rows = []
        for scene in range(seen.shape[1]):
            parts = [(seen, False), (predicted, False), (error, True)]
            tiles = [paint(signal[t, scene], signed=signed) for signal, signed in parts]
            rows.append(_framed(tiles, scale))
        frames.append(np.concatenate(rows, axis=0))
    return frames


def _framed(tiles: Sequence[NDArray[np.uint8]], scale: int) -> NDArray[np.uint8]:
    """Tiles enlarged, side by side, with a white line around each."""
    large = [tile.repeat(scale, axis=0).repeat(scale, axis=1) for tile in tiles]
    return np.concatenate(
        [np.pad(t, ((2, 2), (2, 2), (0, 0)), constant_values=255) for t in large], 1
    )


def paint(signal: Tensor, *, signed: bool) -> NDArray[np.uint8]:
    """A picture [height, width, 3] of a signal [channel, height, width].

    Args:
        signal: frames in [0, 1], or errors in [-1, 1].
        signed: whether it is an error: then blue above zero, red below, white at zero; colours
            are full at a quarter of the brightness scale.
    """
    if not signed:
        picture = signal.clamp(0, 1).expand(3, -1, -1)
    else:
        value = signal.mean(dim=0).div(0.25).clamp(-1, 1)
        blue, red = torch.tensor([0.13, 0.40, 0.67]), torch.tensor([0.70, 0.09, 0.17])
        full = torch.where((value > 0)[..., None], blue, red)
        picture = (1 - value.abs()[..., None] * (1 - full)).permute(2, 0, 1)
    return (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
