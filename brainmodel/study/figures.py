"""The figures of a study: scores of levels with their intervals, shares, learning curves."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.figures import FAINT, INK
from brainmodel.probing.array_types import Floats
from brainmodel.probing.drawing import COLOURS, GREY, canvas
from brainmodel.study.analysis import VarianceShare, by_seed, over_seeds
from brainmodel.study.plan import Measure, StudyCell, StudyPlan
from brainmodel.study.tables import Scores, Standings, effect_name

WIDTH = 3.6  # inches of a panel
FAR = 2.0  # widths of what is drawn, from its middle, beyond which no line is drawn


def draw_levels(plan: StudyPlan, scores: Scores, measure: Measure) -> Figure:
    """A panel for each factor: its levels with their intervals, and every seed as a ring."""
    most = max(len(factor.levels) for factor in plan.factors)
    figure, axes = canvas(1, len(plan.factors), WIDTH, 0.4 * most + 0.9)
    for axis, factor in enumerate(plan.factors, 1):
        panel: Axes = axes[0, axis - 1]
        for level in range(len(factor.levels)):
            _draw_level(panel, by_seed(scores.trained, axis, level), level)
        _draw_beside(panel, scores)
        names = [held.name for held in factor.levels]
        panel.set_yticks(range(len(names)), names, fontsize=9)
        panel.set_ylim(len(names) - 0.4, -0.6)
        panel.set_title(factor.name, fontsize=10, color=INK, loc="left")
        panel.set_xlabel(measure.name, fontsize=9, color=INK)
    return figure


def _draw_level(panel: Axes, seeds: Floats, level: int) -> None:
    colour = COLOURS[level % len(COLOURS)]
    mean = over_seeds(seeds)
    panel.plot(seeds, [level + 0.22] * len(seeds), "o", mec=colour, mfc="white", ms=5, zorder=3)
    if mean is not None:
        if mean.low is not None and mean.high is not None:
            panel.plot([mean.low, mean.high], [level - 0.08] * 2, color=colour, lw=2, alpha=0.55)
        panel.plot([mean.value], [level - 0.08], "o", color=colour, ms=7, zorder=4)


def _draw_beside(panel: Axes, scores: Scores) -> None:
    """Lines at chance and at untrained brains; one far from all that is drawn is told instead."""
    low, high = panel.get_xlim()
    beside = {"chance": (scores.chance, "--", 0.01), "untrained": (scores.untrained, ":", 0.05)}
    for name, (values, style, height) in beside.items():
        if not np.isfinite(values).any():
            continue
        at = float(np.nanmean(values))
        if abs(at - (low + high) / 2) <= FAR * (high - low):
            panel.axvline(at, color=FAINT, lw=1.2, ls=style, zorder=1)
            continue
        right = at > high
        told = f"{name} {at:.3g} \u2192" if right else f"\u2190 {at:.3g} {name}"
        place = {"transform": panel.transAxes, "ha": "right" if right else "left", "va": "bottom"}
        panel.text(float(right), height, told, fontsize=8, color=INK, **place)


def draw_shares(plan: StudyPlan, shares: Sequence[VarianceShare]) -> Figure:
    """A bar for each effect: which share of the variance it explains, with its interval."""
    figure, axes = canvas(1, 1, 6.5, 0.34 * len(shares) + 0.8)
    panel: Axes = axes[0, 0]
    for place, share in enumerate(shares):
        colour = COLOURS[0] if share.p is not None else GREY
        panel.barh(place, share.share, color=colour, height=0.6, zorder=2)
        if share.low is not None and share.high is not None:
            panel.plot([share.low, share.high], [place] * 2, color=INK, lw=1.5, zorder=3)
    panel.set_yticks(range(len(shares)), [effect_name(plan, s) for s in shares], fontsize=9)
    panel.set_ylim(len(shares) - 0.4, -0.6)
    panel.set_xlim(0, 1)
    panel.set_xlabel("share of the variance", fontsize=9, color=INK)
    return figure


def draw_learning(plan: StudyPlan, standings: Standings, measure: Measure) -> Figure | None:
    """A panel for each factor: held-out scores over training, mean of all cells of a level."""
    figure, axes = canvas(1, len(plan.factors), WIDTH, 2.6)
    drawn = False
    for axis, factor in enumerate(plan.factors):
        panel: Axes = axes[0, axis]
        for level, held in enumerate(factor.levels):
            steps, means = _mean_curve(plan, standings, measure, axis, level)
            colour = COLOURS[level % len(COLOURS)]
            panel.plot(steps, means, "o-", color=colour, lw=2, ms=4, label=held.name)
            drawn = drawn or len(steps) > 1
        panel.set_title(factor.name, fontsize=10, color=INK, loc="left")
        panel.set_xlabel("steps of training", fontsize=9, color=INK)
        panel.set_ylabel(measure.name, fontsize=9, color=INK)
        panel.legend(frameon=False, fontsize=8)
    return figure if drawn else None


def _mean_curve(
    plan: StudyPlan, standings: Standings, measure: Measure, axis: int, level: int
) -> tuple[list[int], list[float]]:
    """Over the cells of a level that are done, at the steps that all of them have."""
    curves = []
    for cell in standings:
        if cell.point is None and cell.levels[axis] == level:
            held = standings[StudyCell(*cell)].found.get("curves", {}).get(measure.name)
            curves += [dict(held)] if held else []
    steps = sorted(set.intersection(*map(set, curves))) if curves else []
    return steps, [float(np.mean([curve[step] for curve in curves])) for step in steps]
