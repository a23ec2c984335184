"""Figures of scores as curves: over lags, over training."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainmodel.figures import FAINT, INK
from brainmodel.probing.drawing import GREY
from brainmodel.probing.report.canvas import ceiling_band, colours_of, panels
from brainmodel.probing.report.rows import (
    at_best_lag,
    best,
    distinct,
    last_stage,
    place_of,
    select,
    sign_of,
)
from brainmodel.probing.scores import Row


def draw_lags(rows: Sequence[Row]) -> Figure:
    """Scores of one metric over lags: trained in colour, untrained dotted, baselines grey."""
    colours, last = colours_of(rows), last_stage(rows)

    def draw(axes: Axes, mine: list[Row], area: str) -> None:
        ceiling_band(axes, mine, vertical=False)
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
        _name(axes, area, "lag, ms", rows[0]["metric"])

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


def _name(axes: Axes, area: str, across: str, metric: str) -> None:
    axes.set_title(area, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(across, fontsize=9, color=INK)
    axes.set_ylabel(metric, fontsize=9, color=INK)


def _legend(figure: Figure, colours: dict[str, str]) -> None:
    lines = [Line2D([], [], color=colour, lw=2.2, label=name) for name, colour in colours.items()]
    lines.append(Line2D([], [], color=FAINT, lw=1.2, ls=":", label="untrained"))
    lines.append(Line2D([], [], color=GREY, lw=1.2, ls="--", label="baselines"))
    figure.legend(handles=lines, loc="outside right upper", frameon=False, fontsize=8)


def draw_stages(rows: Sequence[Row]) -> Figure:
    """Scores of one metric over training, each at its best lag; step 0 is the untrained brain."""
    sign, colours = sign_of(rows), colours_of(rows)

    def draw(axes: Axes, mine: list[Row], area: str) -> None:
        ceiling_band(axes, mine, vertical=False)
        for place, colour in colours.items():
            of_place = [r for r in mine if place_of(r) == place and r["model"] != "baseline"]
            stages = sorted(distinct(of_place, "stage"))
            tops = [best(select(of_place, stage=stage), sign)["seeds_mean"] for stage in stages]
            axes.plot(stages, tops, "o-", color=colour, lw=2, ms=5)
        for row in at_best_lag(select(mine, model="baseline"), sign):
            axes.axhline(row[0]["score"], color=GREY, lw=1.2, ls="--")
        _name(axes, area, "steps of training", rows[0]["metric"])

    figure = panels(rows, 2.4, draw, 3.0)
    _legend(figure, colours)
    return figure
