"""All scores of one metric as a map."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.drawing import canvas
from brainmodel.probing.report.rounding import two_digits
from brainmodel.probing.scores import ScoreTable


def draw_map(table: ScoreTable) -> Figure:
    """Scores of one metric: model areas and baselines down, brain areas and lags across.

    Means over seeds. The upper row is the ceiling, in the same colours.
    """
    latest, areas, lags = table.latest, table.brain_areas, table.lags
    lines = latest.distinct(lambda score: (score.model, score.label))
    columns = {(area, lag): k for k, (area, lag) in enumerate((a, b) for a in areas for b in lags)}
    grid = np.full((len(lines) + 1, len(columns)), np.nan)
    for score in latest:
        column = columns[score.brain_area, score.lag]
        grid[lines.index((score.model, score.label)) + 1, column] = score.seeds_mean
        grid[0, column] = np.nan if score.ceiling_high is None else score.ceiling_high
    wide = max(0.34, min(0.62, 10 / len(columns)))
    figure, axes = canvas(1, 1, wide * len(columns) + 2.2, 0.32 * len(grid) + 0.7)
    _paint(figure, axes[0, 0], grid, wide > 0.4, table.metrics[0])
    names = ["ceiling", *(_line_name(*line) for line in lines)]
    axes[0, 0].set_yticks(range(len(names)), names, fontsize=9)
    _name_columns(axes[0, 0], areas, lags)
    return figure


def _paint(figure: Figure, axes: Axes, grid: Any, numbers: bool, metric: str) -> None:
    """The squares in their colours, and the bar of colours."""
    image = axes.imshow(grid, cmap="cividis", aspect="auto")
    for (y, x), value in np.ndenumerate(grid if numbers else grid[:0]):
        if np.isfinite(value):
            red, green, blue = np.ravel(image.cmap(image.norm(value)))[:3]
            dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
            colour = "white" if dark else INK
            axes.text(x, y, two_digits(value), ha="center", va="center", fontsize=8, color=colour)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02)
    bar.set_label(metric, fontsize=9, color=INK)
    bar.outline.set_visible(False)  # pyright: ignore


def _line_name(model: str, label: str) -> str:
    return label if model == "baseline" else f"{label} {model}"


def _name_columns(axes: Axes, areas: list[str], lags: list[float]) -> None:
    """Lags below, brain areas above, white lines between."""
    axes.set_xticks(range(len(areas) * len(lags)), [f"{1000 * lag:g}" for lag in lags * len(areas)])
    axes.set_xlabel("lag of the brain behind the model, ms", fontsize=9, color=INK)
    for k, area in enumerate(areas):
        middle = (k + 0.5) * len(lags) - 0.5
        axes.text(middle, -0.75, area, ha="center", va="bottom", fontsize=10, weight="bold")
        axes.axvline((k + 1) * len(lags) - 0.5, color="white", lw=4)
    axes.axhline(0.5, color="white", lw=4)
