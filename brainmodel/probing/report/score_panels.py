"""What the figures of scores share: a panel for each brain area, colours, the shaded ceiling."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.probing.drawing import ACROSS, CEILING, COLOURS, GREYS, WIDE, panels
from brainmodel.probing.scores import ScoreTable


def colours_of(table: ScoreTable) -> dict[str, str]:
    """A colour for every area of the trained model, by its label."""
    labels = table.of(model="trained").labels
    return {label: COLOURS[k % len(COLOURS)] for k, label in enumerate(labels)}


def baseline_marks(table: ScoreTable) -> dict[str, tuple[str, str]]:
    """Colour and marker of each baseline, by name."""
    names = table.of(model="baseline").labels
    return {name: (GREYS[k % len(GREYS)], "sDv^P"[k % 5]) for k, name in enumerate(names)}


def baseline_lines(table: ScoreTable) -> dict[str, tuple[str, Any]]:
    """Colour and style of the line of each baseline, by name."""
    styles = ("--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)))
    names = table.of(model="baseline").labels
    return {name: (GREYS[k % len(GREYS)], styles[k % 4]) for k, name in enumerate(names)}


def draw_by_area(
    table: ScoreTable, height: float, draw: Callable[[Axes, ScoreTable, str], None], width: float
) -> Figure:
    """A figure with one panel for each brain area.

    Args:
        table: of one metric.
        height, width: of a panel in inches; few panels are wider.
        draw: draws into a panel the scores of the brain area of that name.
    """
    areas = table.brain_areas
    across = min(ACROSS, len(areas))
    figure, axes = panels(len(areas), across, max(width, WIDE / across), height)
    for panel, area in zip(axes, areas, strict=True):
        draw(panel, table.of(brain_area=area), area)
    return figure


def ceiling_band(axes: Axes, table: ScoreTable, *, vertical: bool) -> None:
    """Shade the noise ceiling, from its lower to its upper end."""
    ends = [score.ceiling for score in table if score.ceiling is not None]
    if ends:
        low, high = np.mean(ends, axis=0)
        span = axes.axvspan if vertical else axes.axhspan
        span(low, high, color=CEILING, lw=0, zorder=0)
