"""Figures of how rules compare: learning curves, and the alignment of every pair."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks._tasks import Task


def draw_losses(
    path: Path,
    tasks: Sequence[Task],
    names: Sequence[str],
    curves: Mapping[tuple[int, str], np.ndarray],
) -> None:
    """Learning curves, one panel for each task: medians, and the range of seeds that go on.

    Args:
        path: of the figure.
        tasks: in the order of their places.
        names: of the rules.
        curves: by place of the task and name of the rule, losses [seed, window].
    """
    width = 5 * len(tasks)
    figure = Figure(figsize=(width, 4.2), layout="constrained")
    panels = figure.subplots(1, len(tasks))
    colors = matplotlib.colormaps["tab20"](np.arange(len(names)) % 20)
    for place, (task, panel) in enumerate(zip(tasks, panels, strict=True)):
        for k, name in enumerate(names):  # rules that agree lie on each other: see both
            line = {"color": colors[k], "ls": "--" if k % 2 else "-", "label": name}
            _curve(panel, curves[place, name], line)
        for what, floor in task.floors.items():
            panel.axhline(floor, color="0.6", lw=0.8, ls=":")
            where = {"va": "bottom", "ha": "right", "transform": panel.get_yaxis_transform()}
            panel.text(1, floor, what, fontsize=7, color="0.4", **where)
        if task.floors:
            panel.set_ylim(0.44, 0.7)
        else:
            panel.set_yscale("log")
        panel.set(title=task.name, xlabel="windows", ylabel="loss")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(path, dpi=150)


def _curve(panel: Axes, losses: np.ndarray, line: dict[str, Any]) -> None:
    span = max(1, losses.shape[1] // 40)
    kept = losses[:, : losses.shape[1] // span * span]
    smooth = kept.reshape(len(losses), -1, span).mean(2)
    x = (np.arange(smooth.shape[1]) + 0.5) * span
    panel.plot(x, np.nanmedian(smooth, 0), **line)
    panel.fill_between(
        x, np.nanmin(smooth, 0), np.nanmax(smooth, 0), color=line["color"], alpha=0.15, lw=0
    )


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
