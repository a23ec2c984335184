"""Figures of scores as curves: over lags, over training."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainmodel.figures import FAINT, INK
from brainmodel.probing.report.score_panels import (
    baseline_lines,
    ceiling_band,
    colours_of,
    draw_by_area,
)
from brainmodel.probing.scores import ScoreTable

STYLES = {"untrained": ":", "trained": "-"}


def draw_lags(table: ScoreTable) -> Figure:
    """Scores of one metric over lags: trained in colour, untrained dotted, baselines in greys."""
    colours, baselines = colours_of(table), baseline_lines(table)

    def draw(axes: Axes, mine: ScoreTable, area: str) -> None:
        ceiling_band(axes, mine, vertical=False)
        latest = mine.latest
        for label, colour in colours.items():
            for model, style in STYLES.items():
                if seeds := latest.of(label=label, model=model):
                    _curve(axes, seeds, colour, style)
        for name, (grey, style) in baselines.items():
            _curve(axes, latest.of(label=name, model="baseline"), grey, style)
        _name(axes, area, "lag, ms", table.metrics[0])

    figure = draw_by_area(table, 2.4, draw, 3.0)
    _legend(figure, colours, baselines)
    return figure


def _curve(axes: Axes, seeds: ScoreTable, colour: str, style: Any) -> None:
    """Means over seeds; around a full line the interval of the highest of them."""
    highest = [max(seeds.of(lag=lag), key=lambda score: score.score) for lag in seeds.lags]
    x = [1000 * score.lag for score in highest]
    thin = style != "-"
    means = [score.seeds_mean for score in highest]
    axes.plot(x, means, ls=style, color=colour, lw=1.2 if thin else 2.2)
    intervals = [score.interval for score in highest if score.interval is not None]
    if not thin and intervals:
        low, high = np.transpose(intervals)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)


def _name(axes: Axes, area: str, across: str, metric: str) -> None:
    axes.set_title(area, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(across, fontsize=9, color=INK)
    axes.set_ylabel(metric, fontsize=9, color=INK)


def _legend(figure: Figure, colours: dict[str, str], baselines: dict[str, tuple[str, Any]]) -> None:
    lines = [Line2D([], [], color=colour, lw=2.2, label=name) for name, colour in colours.items()]
    lines.append(Line2D([], [], color=FAINT, lw=1.2, ls=":", label="untrained"))
    for name, (grey, style) in baselines.items():
        lines.append(Line2D([], [], color=grey, lw=1.2, ls=style, label=name))
    figure.legend(handles=lines, loc="outside right upper", frameon=False, fontsize=8)


def draw_training(table: ScoreTable) -> Figure:
    """Scores of one metric over training, each at its best lag; step 0 is the untrained brain."""
    colours, baselines = colours_of(table), baseline_lines(table)

    def draw(axes: Axes, mine: ScoreTable, area: str) -> None:
        ceiling_band(axes, mine, vertical=False)
        for label, colour in colours.items():
            means = _best_by_stage(mine.of(label=label))
            stages = sorted(means)
            axes.plot(stages, [means[s] for s in stages], "o-", color=colour, lw=2, ms=5)
        for name, baseline in mine.of(model="baseline").at_best_lag().items():
            grey, style = baselines[name]
            axes.axhline(baseline.scores[0].score, color=grey, lw=1.2, ls=style)
        _name(axes, area, "steps of training", table.metrics[0])

    figure = draw_by_area(table, 2.4, draw, 3.0)
    _legend(figure, colours, baselines)
    return figure


def _best_by_stage(table: ScoreTable) -> dict[int, float]:
    """By steps of training, the mean over seeds where the best of them is."""
    by_stage = table.grouped(lambda score: score.stage)
    return {n: stage.best().seeds_mean for n, stage in by_stage.items() if n is not None}
