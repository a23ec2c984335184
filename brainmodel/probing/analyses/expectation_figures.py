"""Figures of the expected and the unexpected: courses in time, selectivity over learning."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from brainmodel.figures import FAINT, INK
from brainmodel.probing.analyses.time_courses import TimeCourses
from brainmodel.probing.drawing import COLOURS, canvas

ACROSS = 4  # panels in a row
OF_SIGNAL = {"response": INK, "rate": COLOURS[0], "error": COLOURS[1]}


def draw_courses(courses: Sequence[TimeCourses]) -> Figure:
    """Mean responses to expected (grey) and unexpected (red) stimuli over time.

    Of the brain in every session, and of the last trained model.
    """
    last = [c.origin.instance for c in courses if c.origin.model == "trained"][-1:]
    shown = [c for c in courses if c.origin.model == "brain" or c.origin.instance in last]
    across = min(ACROSS, len(shown))
    figure, axes = canvas(-(-len(shown) // across), across, 2.7, 2.0)
    for panel in axes.flat[len(shown) :]:
        panel.set_visible(False)
    for panel, course in zip(axes.flat, shown, strict=False):
        seconds = (course.edges[:-1] + course.edges[1:]) / 2
        style = "-o" if len(seconds) < 4 else "-"
        panel.plot(1000 * seconds, course.expected, style, color=FAINT, lw=1.8, ms=4)
        panel.plot(1000 * seconds, course.unexpected, style, color=COLOURS[1], lw=1.8, ms=4)
        panel.set_title(_words(course), fontsize=8.5, color=INK, loc="left")
        panel.set_xlabel("ms from onset", fontsize=8, color=INK)
    return figure


def _words(course: TimeCourses) -> str:
    effects, origin = course.effects, course.origin
    where = " ".join(word for word in ("brain", origin.area, origin.instance) if word)
    if origin.model != "brain":
        where = f"{origin.area} {origin.signal}"
    error = effects.std(ddof=1) / np.sqrt(len(effects)) if len(effects) > 1 else None
    spread = "" if error is None else f" ± {error:.2g}"
    return f"{where}\nunexpected - expected {effects.mean():.2g}{spread}"


def draw_stages(rows: Sequence[dict[str, Any]]) -> Figure:
    """Mean selectivity over stages: a panel for each area of the brain and of the model.

    Args:
        rows: of the table of the analysis.
    """
    told = [row for row in rows if row["index"] is not None and row["stage"] is not None]
    panels = list(dict.fromkeys((row["model"] == "brain", row["area"]) for row in told))
    across = min(ACROSS, len(panels))
    figure, axes = canvas(-(-len(panels) // across), across, 2.7, 2.1)
    for panel in axes.flat[len(panels) :]:
        panel.set_visible(False)
    for panel, (brain, area) in zip(axes.flat, panels, strict=False):
        mine = [row for row in told if (row["model"] == "brain", row["area"]) == (brain, area)]
        _draw_area(panel, mine)
        panel.set_title(f"brain {area}" if brain else area, fontsize=9, color=INK, loc="left")
        panel.set_xlabel("session" if brain else "steps of training", fontsize=8, color=INK)
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[0, 0].set_ylabel("selectivity index", fontsize=8, color=INK)
    return figure


def _draw_area(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    first = 1 if rows[0]["model"] == "brain" else 0  # sessions are counted from 1
    axes.axhline(0, color="#dddddd", lw=1, zorder=0)
    for signal, colour in OF_SIGNAL.items():
        mine = [row for row in rows if row["signal"] == signal]
        for row in mine:
            x = row["stage"] + first
            axes.plot([x, x], [row["low"], row["high"]], color=colour, lw=1.6, alpha=0.5)
            face = "white" if row["model"] == "untrained" else colour
            axes.plot([x], [row["index"]], "o", mec=colour, mfc=face, ms=5)
        stages = sorted({row["stage"] for row in mine})
        means = [np.mean([row["index"] for row in mine if row["stage"] == s]) for s in stages]
        axes.plot([stage + first for stage in stages], means, color=colour, lw=1.4, zorder=1)
