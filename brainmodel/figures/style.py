"""What figures have in common: their colours, and how they are written."""

from pathlib import Path

from matplotlib.figure import Figure

INK, PAPER, FAINT = "#222222", "#ffffff", "#777777"


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, or whatever the ending of the path says."""
    figure.savefig(path, dpi=160, facecolor=PAPER, bbox_inches="tight")
