"""What learning gains, as dots with their intervals: over untrained, and over each baseline."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainmodel.figures import INK
from brainmodel.probing.drawing import COLOURS, WIDE, panels
from brainmodel.probing.report.score_panels import baseline_marks
from brainmodel.probing.scores import Gain, ScoreTable

ACROSS = 3  # panels in a row


def draw_gains(table: ScoreTable, gains: Sequence[Gain]) -> Figure:
    """A panel for each brain area; a line for each trained area. Right of 0 is better.

    Args:
        table: of one metric.
        gains: of the same.
    """
    areas, labels = table.brain_areas, list(dict.fromkeys(gain.label for gain in gains))
    marks = {"untrained": (COLOURS[0], "o")} | baseline_marks(table)
    across = min(ACROSS, len(areas))
    size = 0.22 * len(labels) * len(marks) + 0.9
    figure, axes = panels(len(areas), across, max(3.2, WIDE / across), size)
    for panel, area in zip(axes, areas, strict=True):
        panel.axvline(0, color=INK, lw=1, zorder=1)
        for gain in (gain for gain in gains if gain.brain_area == area):
            offset = (list(marks).index(gain.over) + 0.5) / len(marks) - 0.5
            _draw(panel, gain, labels.index(gain.label) + 0.8 * offset, *marks[gain.over])
        panel.set_yticks(range(len(labels)), labels, fontsize=9)
        panel.set_ylim(len(labels) - 0.45, -0.55)
        panel.set_title(area, fontsize=10, color=INK, loc="left")
        panel.set_xlabel(f"{table.metrics[0]}: trained less other", fontsize=9, color=INK)
    handles = [
        Line2D([], [], color=colour, marker=marker, ls="", label=f"less {over}")
        for over, (colour, marker) in marks.items()
    ]
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=8)
    return figure


def _draw(axes: Axes, gain: Gain, y: float, colour: str, marker: str) -> None:
    if gain.interval is not None:
        axes.plot(gain.interval, [y, y], color=colour, lw=2, alpha=0.55, zorder=2)
    axes.plot([gain.gain], [y], marker, color=colour, ms=6, zorder=3)
