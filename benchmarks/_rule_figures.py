"""Figures of how rules compare: learning curves, and the alignment of every pair."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks._tasks import Task

IN_ROW = 5  # rules that are told apart in one row of learning curves


def draw_losses(
    path: Path,
    tasks: Sequence[Task],
    names: Sequence[str],
    curves: Mapping[tuple[int, str], np.ndarray],
) -> None:
    """Learning curves, one column for each task: medians, and the range of seeds that go on.

    Rules are told apart in rows of a few, the best of the first task first; the others are grey.

    Args:
        path: of the figure.
        tasks: in the order of their places.
        names: of the rules.
        curves: by place of the task and name of the rule, losses [seed, window].
    """
    order = sorted(names, key=lambda name: np.nanmedian(curves[0, name][:, -len(names) :]))
    groups = [order[k : k + IN_ROW] for k in range(0, len(order), IN_ROW)]
    figure = Figure(figsize=(4.5 * len(tasks), 2.9 * len(groups)), layout="constrained")
    panels = figure.subplots(len(groups), len(tasks), sharex="col", sharey="col", squeeze=False)
    for group, row in zip(groups, panels, strict=True):
        for place, (task, panel) in enumerate(zip(tasks, row, strict=True)):
            for name in (name for name in order if name not in group):
                _curve(panel, curves[place, name], {"color": "0.85", "lw": 0.8})
            for k, name in enumerate(group):  # rules that agree lie on each other: see both
                line = {"color": f"C{k}", "ls": ("-", "--", ":")[k % 3], "label": name, "lw": 1.8}
                _curve(panel, curves[place, name], line, alpha=0.15)
            for what, floor in task.floors.items():
                panel.axhline(floor, color="0.5", lw=0.8, ls=":")
                where = {"va": "bottom", "ha": "right", "transform": panel.get_yaxis_transform()}
                panel.text(1, floor, what, fontsize=7, color="0.4", **where)
            if task.floors:
                panel.set_ylim(0.44, 0.7)
            else:
                panel.set_yscale("log")
            panel.set(title=task.name if group == groups[0] else "", ylabel="loss")
        row[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    for panel in panels[-1]:
        panel.set_xlabel("windows")
    figure.savefig(path, dpi=120)


def _curve(panel: Axes, losses: np.ndarray, line: dict[str, Any], alpha: float = 0.0) -> None:
    span = max(1, losses.shape[1] // 40)
    kept = losses[:, : losses.shape[1] // span * span]
    smooth = kept.reshape(len(losses), -1, span).mean(2)
    x = (np.arange(smooth.shape[1]) + 0.5) * span
    panel.plot(x, np.nanmedian(smooth, 0), **line)
    low, high = np.nanmin(smooth, 0), np.nanmax(smooth, 0)
    panel.fill_between(x, low, high, color=line["color"], alpha=alpha, lw=0)


def draw_alignment(
    path: Path, tasks: Sequence[Task], names: Sequence[str], cosine: np.ndarray
) -> None:
    """Cosine of every pair of rules, one panel for each task.

    Args:
        path: of the figure.
        tasks: in the order of their places.
        names: of the rules.
        cosine: [task, seed, rule, rule]; their mean over seeds is drawn.
    """
    width = 5.2 * len(tasks)
    figure = Figure(figsize=(width, 5), layout="constrained")
    panels = figure.subplots(1, len(tasks))
    for place, (task, panel) in enumerate(zip(tasks, panels, strict=True)):
        mean = cosine[place].mean(0)
        panel.imshow(mean, vmin=-1, vmax=1, cmap="RdBu_r")
        panel.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        panel.set_yticks(range(len(names)), names, fontsize=8)
        panel.set_title(task.name)
        for (i, j), value in np.ndenumerate(mean):
            text = f"{value:.2f}".replace("0.", ".")
            color = "white" if abs(value) > 0.7 else "black"
            panel.text(j, i, text, ha="center", va="center", fontsize=6, color=color)
    figure.colorbar(panels[0].images[0], ax=panels, label="cosine", shrink=0.7)
    figure.savefig(path, dpi=150)
