"""Scores beside ceilings and baselines, as dots with their intervals."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.report.score_panels import (
    baseline_marks,
    ceiling_band,
    colours_of,
    draw_by_area,
)
from brainmodel.probing.scores import Score, ScoreTable


def draw_scores(table: ScoreTable) -> Figure:
    """Scores of one metric with their intervals, before and after training, beside baselines.

    Each stands at the lag where it is best; untrained seeds are rings; the ceiling is shaded.
    """
    colours = colours_of(table)
    lines = len(colours) + len(table.of(model="baseline").labels)

    def draw(axes: Axes, mine: ScoreTable, area: str) -> None:
        ceiling_band(axes, mine, vertical=True)
        ticks = _draw_brains(axes, mine.latest, colours)
        ticks += _draw_baselines(axes, mine, len(colours))
        axes.set_yticks(range(len(ticks)), ticks, fontsize=9)
        axes.set_ylim(len(ticks) - 0.4, -0.6)
        axes.axhline(len(colours) - 0.5, color="#dddddd", lw=0.8, zorder=1)
        axes.set_title(f"{area}   {_count(mine.scores[0])}", fontsize=10, color=INK, loc="left")
        axes.set_xlabel(table.metrics[0], fontsize=9, color=INK)

    return draw_by_area(table, 0.36 * lines + 0.9, draw, 3.6)


def _draw_brains(axes: Axes, table: ScoreTable, colours: dict[str, str]) -> list[str]:
    """A line for each model area: trained dots, untrained rings; the names of the lines."""
    trained = table.of(model="trained").at_best_lag()
    untrained = table.of(model="untrained").at_best_lag()
    for y, (label, colour) in enumerate(colours.items()):
        rings = [score.score for score in untrained.get(label, ())]
        axes.plot(rings, [y + 0.22] * len(rings), "o", mec=colour, mfc="white", ms=5, zorder=3)
        for score in trained[label]:
            _draw_interval(axes, score, y - 0.08, colour, "o")
    return list(colours)


def _draw_baselines(axes: Axes, table: ScoreTable, first: int) -> list[str]:
    """A line for each baseline, from the line `first` on; their names."""
    baselines = table.of(model="baseline").at_best_lag()
    marks = baseline_marks(table)
    for y, (name, baseline) in enumerate(baselines.items(), first):
        _draw_interval(axes, baseline.scores[0], y, *marks[name])
    return list(baselines)


def _draw_interval(axes: Axes, score: Score, y: float, colour: str, marker: str) -> None:
    if score.interval is not None:
        axes.plot(score.interval, [y, y], color=colour, lw=2, alpha=0.55, zorder=3)
    axes.plot([score.score], [y], marker, color=colour, ms=7, zorder=4)


def _count(score: Score) -> str:
    """Neurons, or subjects where only dissimilarities are known."""
    count, what = (score.neurons, "neuron") if score.neurons else (score.parts, "subject")
    return f"{count} {what}{'' if count == 1 else 's'}"
