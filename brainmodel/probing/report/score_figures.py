"""Figures of scores: against ceilings and baselines, and as a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.drawing import GREY, canvas
from brainmodel.probing.report.canvas import ceiling_band, colours_of, panels
from brainmodel.probing.report.rows import (
    at_best_lag,
    distinct,
    last_stage,
    place_of,
    plain,
    select,
    sign_of,
)
from brainmodel.probing.scores import Row


def draw_scores(rows: Sequence[Row]) -> Figure:
    """Scores of one metric with their intervals, before and after training, beside baselines.

    Each stands at the lag where it is best; untrained seeds are rings; the ceiling is shaded.
    """
    sign, colours = sign_of(rows), colours_of(rows)
    last = last_stage(rows)
    lines = len(colours) + len(distinct(select(rows, model="baseline"), "model_area"))

    def draw(axes: Axes, mine: list[Row], area: str) -> None:
        ceiling_band(axes, mine, vertical=True)
        _dots(axes, [row for row in mine if row["model"] != "trained" or row["stage"] == last])
        axes.set_title(f"{area}   {_how_many(mine[0])}", fontsize=10, color=INK, loc="left")
        axes.set_xlabel(rows[0]["metric"], fontsize=9, color=INK)

    def _dots(axes: Axes, mine: list[Row]) -> None:
        ticks = []
        trained = {place_of(g[0]): g for g in at_best_lag(select(mine, model="trained"), sign)}
        before = {place_of(g[0]): g for g in at_best_lag(select(mine, model="untrained"), sign)}
        for place, colour in colours.items():
            y = len(ticks)
            ticks.append(place)
            rings = [row["score"] for row in before.get(place, [])]
            axes.plot(rings, [y + 0.22] * len(rings), "o", mec=colour, mfc="white", ms=5, zorder=3)
            for row in trained[place]:
                _interval(axes, row, y - 0.08, colour, "o")
        for group in at_best_lag(select(mine, model="baseline"), sign):
            _interval(axes, group[0], len(ticks), GREY, "s")
            ticks.append(place_of(group[0]))
        axes.set_yticks(range(len(ticks)), ticks, fontsize=9)
        axes.set_ylim(len(ticks) - 0.4, -0.6)
        axes.axhline(len(colours) - 0.5, color="#dddddd", lw=0.8, zorder=1)

    return panels(rows, 0.36 * lines + 0.9, draw, 3.6)


def _how_many(row: Row) -> str:
    """Neurons, or subjects where only dissimilarities are known."""
    count, what = (row["neurons"], "neuron") if row["neurons"] else (row["parts"], "subject")
    return f"{count} {what}{'' if count == 1 else 's'}"


def _interval(axes: Axes, row: Row, y: float, colour: str, marker: str) -> None:
    if row["low"] is not None:
        axes.plot([row["low"], row["high"]], [y, y], color=colour, lw=2, alpha=0.55, zorder=3)
    axes.plot([row["score"]], [y], marker, color=colour, ms=7, zorder=4)


def draw_map(rows: Sequence[Row]) -> Figure:
    """Scores of one metric: model areas and baselines down, brain areas and lags across.

    Means over seeds. The upper row is the ceiling, in the same colours.
    """
    kept = [row for row in rows if row["model"] != "trained" or row["stage"] == last_stage(rows)]
    lines = list(dict.fromkeys((row["model"], place_of(row)) for row in kept))
    areas, lags = distinct(rows, "brain_area"), distinct(rows, "lag")
    columns = {(area, lag): k for k, (area, lag) in enumerate((a, b) for a in areas for b in lags)}
    grid = np.full((len(lines) + 1, len(columns)), np.nan)
    for row in kept:
        column = columns[row["brain_area"], row["lag"]]
        grid[lines.index((row["model"], place_of(row))) + 1, column] = row["seeds_mean"]
        grid[0, column] = np.nan if row["ceiling_high"] is None else row["ceiling_high"]
    wide = max(0.34, min(0.62, 10 / len(columns)))
    figure, axes = canvas(1, 1, wide * len(columns) + 2.2, 0.32 * len(grid) + 0.7)
    _paint(figure, axes[0, 0], grid, wide > 0.4, rows[0]["metric"])
    names = ["ceiling", *(_line_name(*line) for line in lines)]
    axes[0, 0].set_yticks(range(len(names)), names, fontsize=9)
    axes[0, 0].set_xticks(range(len(columns)), [f"{1000 * lag:g}" for _, lag in columns])
    axes[0, 0].set_xlabel("lag of the brain behind the model, ms", fontsize=9, color=INK)
    for k, area in enumerate(areas):
        middle = (k + 0.5) * len(lags) - 0.5
        axes[0, 0].text(middle, -0.75, area, ha="center", va="bottom", fontsize=10, weight="bold")
        axes[0, 0].axvline((k + 1) * len(lags) - 0.5, color="white", lw=4)
    axes[0, 0].axhline(0.5, color="white", lw=4)
    return figure


def _paint(figure: Figure, axes: Axes, grid: Any, numbers: bool, metric: str) -> None:
    image = axes.imshow(grid, cmap="cividis", aspect="auto")
    for (y, x), value in np.ndenumerate(grid if numbers else grid[:0]):
        if np.isfinite(value):
            red, green, blue = np.ravel(image.cmap(image.norm(value)))[:3]
            dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
            colour = "white" if dark else INK
            axes.text(x, y, plain(value), ha="center", va="center", fontsize=8, color=colour)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02)
    bar.set_label(metric, fontsize=9, color=INK)
    bar.outline.set_visible(False)  # pyright: ignore


def _line_name(model: str, place: str) -> str:
    return place if model == "baseline" else f"{place} {model}"
