"""What the figures of a report share: panels, colours, the shade of the ceiling."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.probing.drawing import ACROSS, CEILING, COLOURS, WIDE, canvas
from brainmodel.probing.report.rows import distinct, place_of, select
from brainmodel.probing.scores import Row


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
