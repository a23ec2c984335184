"""A figure of dots with whiskers: one line for each area, one panel for each question."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.analyses.area_responses import Origin
from brainmodel.probing.drawing import COLOURS, GREY, canvas


class Dot(NamedTuple):
    """A mean and its standard error."""

    origin: Origin
    value: float
    error: float


def draw_dots(panels: Mapping[str, Sequence[Dot]], *, zero: bool) -> Figure:
    """Trained models are filled, untrained ones rings, the brain diamonds, baselines squares.

    Args:
        panels: by what is on their axis.
        zero: whether to mark it.
    """
    lines = list(dict.fromkeys(line_of(dot.origin) for dots in panels.values() for dot in dots))
    figure, axes = canvas(1, len(panels), max(3.4, 6.4 / len(panels)), 0.3 * len(lines) + 0.6)
    for panel, (what, dots) in zip(axes.flat, panels.items(), strict=True):
        if zero:
            panel.axvline(0, color="#dddddd", lw=1, zorder=0)
        for dot in dots:
            _draw(panel, dot, lines.index(line_of(dot.origin)))
        panel.set_yticks(range(len(lines)), lines, fontsize=9)
        panel.set_ylim(len(lines) - 0.4, -0.6)
        panel.set_xlabel(what, fontsize=9, color=INK)
    return figure


def line_of(origin: Origin) -> str:
    """Name of the line of an area: brains of all stages and seeds share theirs."""
    if origin.model == "brain":
        return f"brain {origin.area}"
    plain = origin.signal in ("rate", "frames")
    return origin.area if plain else f"{origin.area} {origin.signal}"


def _draw(panel: Axes, dot: Dot, line: int) -> None:
    colours = {"brain": INK, "trained": COLOURS[0], "untrained": COLOURS[0]}
    colour = colours.get(dot.origin.model, GREY)
    marker = {"brain": "D", "baseline": "s"}.get(dot.origin.model, "o")
    untrained = dot.origin.model == "untrained"
    y = line + (0.2 if untrained else 0)
    ends = [dot.value - dot.error, dot.value + dot.error]
    panel.plot(ends, [y, y], color=colour, lw=2, alpha=0.5)
    face = "white" if untrained else colour
    panel.plot([dot.value], [y], marker, mec=colour, mfc=face, ms=6)
