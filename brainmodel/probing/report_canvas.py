"""What the figures of a report share: panels, colours, the shade of the ceiling."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.report_rows import distinct, place_of, select
from brainmodel.probing.score_row import Row

COLOURS = ("#2166ac", "#d6604d", "#1b7837", "#7b3294", "#b8860b", "#008080", "#c51b7d", "#5c4033")
CEILING = "#efe7d3"
GREY = "#8c8c8c"
ACROSS = 4  # panels in a row
WIDE = 6.5  # inches that a row of few panels fills


def canvas(rows: int, columns: int, width: float, height: float) -> tuple[Figure, Any]:
    """A figure with panels of the given size in inches, and its axes [row, column]."""
    figure = Figure(figsize=(columns * width + 0.4, rows * height + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(colors=INK, labelsize=8)
    return figure, axes


def colours_of(rows: Sequence[Row]) -> dict[str, str]:
    """A colour for every area of the trained model."""
    places = dict.fromkeys(place_of(row) for row in rows if row["model"] == "trained")
    return {place: COLOURS[k % len(COLOURS)] for k, place in enumerate(places)}


def panels(
    rows: Sequence[Row], height: float, draw: Callable[[Axes, list[Row], str], None], width: float
) -> Figure:
    """One panel for each brain area."""
    areas = distinct(rows, "brain_area")
    across = min(ACROSS, len(areas))
    down = -(-len(areas) // across)
    figure, axes = canvas(down, across, max(width, WIDE / across), height)
    for panel, area in zip(axes.flat, areas, strict=False):
        draw(panel, select(rows, brain_area=area), area)
    for panel in axes.flat[len(areas) :]:
        panel.set_visible(False)
    return figure


def ceiling_band(axes: Axes, mine: Sequence[Row], *, vertical: bool) -> None:
    """Shade from what halves of the repeats say of each other to what a perfect model would."""
    ends = [(r["ceiling_low"], r["ceiling_high"]) for r in mine if r["ceiling_low"] is not None]
    if ends:
        low, high = np.mean(ends, axis=0)
        span = axes.axvspan if vertical else axes.axhspan
        span(low, high, color=CEILING, lw=0, zorder=0)
