"""What the figures of a probe share: panels, colours, captions."""

from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from brainmodel.figures import INK

COLOURS = ("#2166ac", "#d6604d", "#1b7837", "#7b3294", "#b8860b", "#008080", "#c51b7d", "#5c4033")
CEILING = "#efe7d3"
GREY = "#8c8c8c"
GREYS = ("#8c8c8c", "#4d4d4d", "#b5a58a", "#9fb0bd")  # of baselines
ACROSS = 4  # panels in a row
WIDE = 6.5  # inches that a row of few panels fills


class Illustration(NamedTuple):
    """A figure and its caption, in HTML."""

    figure: Figure
    caption: str


def canvas(rows: int, columns: int, width: float, height: float) -> tuple[Figure, Any]:
    """A figure with panels of the given size in inches, and its axes [row, column]."""
    figure = Figure(figsize=(columns * width + 0.4, rows * height + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(colors=INK, labelsize=8)
    return figure, axes


def panels(count: int, across: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, row by row; places that are left over stay empty."""
    figure, axes = canvas(-(-count // across), across, width, height)
    for panel in axes.flat[count:]:
        panel.set_visible(False)
    return figure, list(axes.flat[:count])
