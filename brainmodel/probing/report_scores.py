"""Figures of scores: against ceilings and baselines, as a map, over lags, over training."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from brainmodel.figures import FAINT, INK
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


def distinct(rows: Sequence[Row], key: str) -> list[Any]:
    """Values of a column in order of appearance."""
    return list(dict.fromkeys(row[key] for row in rows))


def select(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    """The rows with these values."""
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def sign_of(rows: Sequence[Row]) -> int:
    """1 where higher scores are better, -1 for distances."""
    return 1 if rows[0]["higher_is_better"] else -1


def best(rows: Sequence[Row], sign: int = 1) -> Row:
    """The row with the best score."""
    return max(rows, key=lambda row: sign * row["score"])


def at_best_lag(rows: Sequence[Row], sign: int) -> list[list[Row]]:
    """By model area (and signal): the rows of all seeds at the lag where their mean is best."""
    found = []
    for place in dict.fromkeys(map(place_of, rows)):
        mine = [row for row in rows if place_of(row) == place]
        top = max(mine, key=lambda row: sign * row["seeds_mean"])
        found.append([row for row in mine if row["lag"] == top["lag"]])
    return found


def place_of(row: Row) -> str:
    """Name of a model area, with its signal unless that is the rate."""
    plain = row["signal"] in ("rate", "frames")
    return row["model_area"] if plain else f"{row['model_area']} {row['signal']}"


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


def draw_scores(rows: Sequence[Row]) -> Figure:
    """Scores of one metric with their intervals, before and after training, beside baselines.

    Each stands at the lag where it is best; untrained seeds are rings; the ceiling is shaded.
    """
    sign, colours = sign_of(rows), colours_of(rows)
    last = last_stage(rows)
    lines = len(colours) + len(distinct(select(rows, model="baseline"), "model_area"))

    def draw(axes: Axes, mine: list[Row], area: str) -> None:
        _ceiling_band(axes, mine, vertical=True)
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


def _ceiling_band(axes: Axes, mine: Sequence[Row], *, vertical: bool) -> None:
    """Shade from what halves of the repeats say of each other to what a perfect model would."""
    ends = [(r["ceiling_low"], r["ceiling_high"]) for r in mine if r["ceiling_low"] is not None]
    if ends:
        low, high = np.mean(ends, axis=0)
        span = axes.axvspan if vertical else axes.axhspan
        span(low, high, color=CEILING, lw=0, zorder=0)


def last_stage(rows: Sequence[Row]) -> int:
    """The most steps of training that a trained brain has behind it."""
    return max(row["stage"] for row in rows if row["model"] == "trained")


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


def plain(value: float) -> str:
    """A score with two digits and without its leading zero."""
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def draw_lags(rows: Sequence[Row]) -> Figure:
    """Scores of one metric over lags: trained in colour, untrained dotted, baselines grey."""
    colours, last = colours_of(rows), last_stage(rows)

    def draw(axes: Axes, mine: list[Row], area: str) -> None:
        _ceiling_band(axes, mine, vertical=False)
        for place in dict.fromkeys(map(place_of, mine)):
            of_place = [row for row in mine if place_of(row) == place]
            for model, style in (("baseline", "--"), ("untrained", ":"), ("trained", "-")):
                seeds = [
                    row
                    for row in select(of_place, model=model)
                    if model != "trained" or row["stage"] == last
                ]
                if seeds:
                    _curve(axes, seeds, colours.get(place, GREY), style)
        axes.set_title(area, fontsize=10, color=INK, loc="left")
        axes.set_xlabel("lag, ms", fontsize=9, color=INK)
        axes.set_ylabel(rows[0]["metric"], fontsize=9, color=INK)

    figure = panels(rows, 2.4, draw, 3.0)
    _legend(figure, colours)
    return figure


def _curve(axes: Axes, seeds: Sequence[Row], colour: str, style: str) -> None:
    lags = distinct(seeds, "lag")
    first = [best(select(seeds, lag=lag)) for lag in lags]
    x = [1000 * lag for lag in lags]
    thin = style != "-"
    axes.plot(x, [row["seeds_mean"] for row in first], style, color=colour, lw=1.2 if thin else 2.2)
    if not thin and first[0]["low"] is not None:
        low, high = [row["low"] for row in first], [row["high"] for row in first]
        axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)


def _legend(figure: Figure, colours: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=colour, lw=2.2, label=name) for name, colour in colours.items()]
    lines.append(Line2D([], [], color=FAINT, lw=1.2, ls=":", label="untrained"))
    lines.append(Line2D([], [], color=GREY, lw=1.2, ls="--", label="baselines"))
    figure.legend(handles=lines, loc="outside right upper", frameon=False, fontsize=8)


def draw_stages(rows: Sequence[Row]) -> Figure:
    """Scores of one metric over training, each at its best lag; step 0 is the untrained brain."""
    sign, colours = sign_of(rows), colours_of(rows)

    def draw(axes: Axes, mine: list[Row], area: str) -> None:
        _ceiling_band(axes, mine, vertical=False)
        for place, colour in colours.items():
            of_place = [r for r in mine if place_of(r) == place and r["model"] != "baseline"]
            stages = sorted(distinct(of_place, "stage"))
            tops = [best(select(of_place, stage=stage), sign)["seeds_mean"] for stage in stages]
            axes.plot(stages, tops, "o-", color=colour, lw=2, ms=5)
        for row in at_best_lag(select(mine, model="baseline"), sign):
            axes.axhline(row[0]["score"], color=GREY, lw=1.2, ls="--")
        axes.set_title(area, fontsize=10, color=INK, loc="left")
        axes.set_xlabel("steps of training", fontsize=9, color=INK)
        axes.set_ylabel(rows[0]["metric"], fontsize=9, color=INK)

    figure = panels(rows, 2.4, draw, 3.0)
    _legend(figure, colours)
    return figure
