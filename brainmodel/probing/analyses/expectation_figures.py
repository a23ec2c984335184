"""Figures of the expected and the unexpected: courses in time, selectivity over learning."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from brainmodel.figures import FAINT, INK
from brainmodel.probing.analyses.time_courses import AreaEffect, TimeCourses
from brainmodel.probing.drawing import ACROSS, COLOURS, panels

Colours = Mapping[str, str]
"""By signal."""


def draw_courses(courses: Sequence[TimeCourses]) -> Figure:
    """Mean responses to expected (grey) and unexpected (red) stimuli over time.

    Of the brain in every session, and of the last trained model.
    """
    last = [c.origin.instance for c in courses if c.origin.model == "trained"][-1:]
    shown = [c for c in courses if c.origin.model == "brain" or c.origin.instance in last]
    figure, axes = panels(len(shown), min(ACROSS, len(shown)), 2.7, 2.0)
    for panel, course in zip(axes, shown, strict=True):
        seconds = (course.edges[:-1] + course.edges[1:]) / 2
        style = "-o" if len(seconds) < 4 else "-"
        panel.plot(1000 * seconds, course.expected, style, color=FAINT, lw=1.8, ms=4)
        panel.plot(1000 * seconds, course.unexpected, style, color=COLOURS[1], lw=1.8, ms=4)
        panel.set_title(_title(course), fontsize=8.5, color=INK, loc="left")
        panel.set_xlabel("ms from onset", fontsize=8, color=INK)
    return figure


def _title(course: TimeCourses) -> str:
    effects, origin, error = course.effects, course.origin, course.error
    where = " ".join(word for word in ("brain", origin.area, origin.instance) if word)
    if origin.model != "brain":
        where = f"{origin.area} {origin.signal}"
    spread = "" if error is None else f" ± {error:.2g}"
    return f"{where}\neffect {effects.mean():.2g}{spread}"


def draw_selectivity(effects: Sequence[AreaEffect], somata: str, dendrites: str) -> Figure:
    """Mean selectivity over stages: a panel for each area of the brain and of the model.

    Args:
        effects: of all areas.
        somata: the signal of the model that stands for somata.
        dendrites: that which stands for apical dendrites.
    """
    colours = {"response": INK, somata: COLOURS[0], dendrites: COLOURS[1]}
    by_area: dict[tuple[bool, str], list[AreaEffect]] = {}
    for effect in effects:
        origin = effect.courses.origin
        if effect.selectivity is not None and origin.stage is not None:
            by_area.setdefault((origin.model == "brain", origin.area), []).append(effect)
    figure, axes = panels(len(by_area), min(ACROSS, len(by_area)), 2.7, 2.1)
    for panel, ((brain, area), mine) in zip(axes, by_area.items(), strict=True):
        _draw_area(panel, mine, colours, first=1 if brain else 0)
        panel.set_title(f"brain {area}" if brain else area, fontsize=9, color=INK, loc="left")
        panel.set_xlabel("session" if brain else "steps of training", fontsize=8, color=INK)
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[0].set_ylabel("selectivity index", fontsize=8, color=INK)
    return figure


def _draw_area(axes: Axes, effects: Sequence[AreaEffect], colours: Colours, first: int) -> None:
    """One area: a point for each brain or session, a line through the means of the stages.

    Args:
        axes: to draw into.
        effects: of the area, in all signals.
        colours: of signals.
        first: number of the first stage; sessions are counted from 1.
    """
    axes.axhline(0, color="#dddddd", lw=1, zorder=0)
    for signal, colour in colours.items():
        by_stage: dict[int, list[float]] = {}
        for (origin, *_), found in effects:
            if origin.signal != signal or origin.stage is None or found is None:
                continue
            x = origin.stage + first
            axes.plot([x, x], [found.low, found.high], color=colour, lw=1.6, alpha=0.5)
            face = "white" if origin.model == "untrained" else colour
            axes.plot([x], [found.mean], "o", mec=colour, mfc=face, ms=5)
            by_stage.setdefault(x, []).append(found.mean)
        stages = sorted(by_stage)
        means = [np.mean(by_stage[x]) for x in stages]
        axes.plot(stages, means, color=colour, lw=1.4, zorder=1)
