"""Frames that were seen, predicted and missed: as a strip, and as a film."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.figures.style import FAINT, INK
from brainmodel.pathways.route import Route
from objectives import Activity

ERROR = 0.25
"""Errors of this size have full colour, in units of brightness."""
BELOW = 0.05  # of a figure's height: room for words


def views(
    brain: Brain, activities: Mapping[str, Activity]
) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Frames seen, predicted and missed by the areas whose drive is a picture.

    Returns:
        by area, (seen, predicted, error), each [time, batch, channel, height, width] with 1 or 3
        channels; areas whose drive is no picture are left out.
    """
    found = {}
    for name, activity in activities.items():
        first = 0
        for pathway_name in brain.arrivals(name)["drive"]:
            pathway, route = brain.pathways[pathway_name], brain.route(pathway_name)
            channels = slice(first, first + route.shape[0])
            first += route.shape[0]
            if pathway.source not in brain.inputs or len(route.shape) != 3:
                continue
            seen, predicted = (_picture(route, s[:, :, channels]) for s in activity[:2])
            if seen is not None and predicted is not None and seen.shape[2] in (1, 3):
                found[name] = (seen, predicted, seen - predicted)
                break
    return found


def _picture(route: Route, signal: Tensor) -> Tensor | None:
    """A drive [time, batch, ...] as frames of what was sent along a route, if they are frames."""
    seen = route.picture(signal.detach().flatten(0, 1))
    return None if seen is None else seen.unflatten(0, signal.shape[:2]).cpu().float()


def draw_frames(
    seen: Tensor,
    predicted: Tensor,
    error: Tensor,
    most: int = 8,
    fields: Tensor | None = None,
) -> Figure:
    """A strip for each scene: frames before, seen, predicted and missed, time to the right.

    Args:
        seen: [time, batch, channel, height, width] in [0, 1]; the last `most` steps are shown, of
            those that have one before them.
        predicted: likewise.
        error: seen minus predicted; blue where the prediction was too low, red where too high.
        most: frames at most.
        fields: receptive fields to show beside them, [lag, map, pixel, pixel] from -1 to 1.
    """
    steps, scenes = min(most, len(seen) - 1) or 1, seen.shape[1]
    strip = {"last": seen[:-1] if len(seen) > 1 else seen, "seen": seen}
    strip |= {"predicted": predicted, "error": error}
    ratio = seen.shape[3] / seen.shape[4]
    height, width = scenes * (4 * 0.95 * ratio + 0.2) + 0.35, steps * 0.95 + 1.4
    beside = 0.0 if fields is None else 0.62 * height
    figure = Figure(figsize=(width + beside, height))
    FigureCanvasAgg(figure)
    if fields is None:
        panel: Figure | SubFigure = figure
    else:
        parts: Any = figure.subfigures(1, 2, width_ratios=[beside, width])
        left, panel = parts
        draw_fields(left, fields)
    _strip(panel, strip, steps, width)
    words = "one step from frame to frame; error: blue where predicted too dark, red too bright"
    panel.text(0.75 / width, 0.25 * BELOW, words, fontsize=9, color=INK)
    _scale(panel, width)
    return figure


def _strip(panel: Figure | SubFigure, rows: Mapping[str, Tensor], steps: int, width: float) -> None:
    """The last steps of signals [time, scene, ...], a row for each, scene below scene."""
    scenes = rows["seen"].shape[1]
    grid = panel.add_gridspec(
        5 * scenes,
        steps,
        height_ratios=[1.0, 1.0, 1.0, 1.0, 0.18] * scenes,
        wspace=0.03,
        hspace=0.03,
        left=0.75 / width,
        right=1 - 0.62 / width,
        top=0.995,
        bottom=BELOW,
    )
    for scene in range(scenes):
        for row, (name, signal) in enumerate(rows.items()):
            for t in range(steps):
                axes = panel.add_subplot(grid[5 * scene + row, t])
                picture = paint(signal[-steps:][t, scene], signed=name == "error")
                axes.imshow(picture, interpolation="nearest")
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if t == 0:
                    axes.set_ylabel(name, fontsize=10, color=INK)


def _scale(panel: Figure | SubFigure, width: float) -> None:
    """What the colours of errors are worth, in units of brightness."""
    axes = panel.add_axes((1 - 0.5 / width, 0.55, 0.1 / width, 0.35))
    bar = torch.linspace(ERROR, -ERROR, 64)[None, :, None]
    axes.imshow(paint(bar, signed=True), aspect="auto", extent=(0, 1, -ERROR, ERROR))
    axes.set(xticks=[], yticks=[-ERROR, 0, ERROR])
    axes.yaxis.tick_right()
    axes.tick_params(labelsize=7, colors=INK, length=2)
    axes.set_title("error", fontsize=8, color=INK)


def draw_fields(panel: Figure | SubFigure, fields: Tensor, most: int = 24) -> None:
    """Receptive fields of some maps: at the step itself, and below it at the steps before.

    Args:
        panel: where to draw.
        fields: [lag, map, pixel, pixel] from -1 to 1; blue where light drives, red where it calms.
        most: maps at most.
    """
    across = 6
    maps = min(most, fields.shape[1])
    rows = -(-maps // across)
    blocks = panel.add_gridspec(
        len(fields), 1, hspace=0.14, left=0.02, right=0.97, top=0.96, bottom=BELOW
    )
    for lag, own in enumerate(fields):
        grid = blocks[lag].subgridspec(rows, across, wspace=0.05, hspace=0.05)
        for k in range(maps):
            axes = panel.add_subplot(grid[k // across, k % across])
            axes.imshow(paint(ERROR * own[k : k + 1], signed=True), interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_color(FAINT)
            if k == 0:
                when = "receptive fields" if lag == 0 else f"{lag} step{'s' * (lag > 1)} before"
                axes.set_title(when, fontsize=9, color=INK, loc="left")


def film(seen: Tensor, predicted: Tensor, error: Tensor, scale: int = 4) -> list[NDArray[np.uint8]]:
    """Frames [height, width, 3] of a film: a row for each scene, seen, predicted, error across.

    Args:
        seen: [time, batch, channel, height, width] in [0, 1].
        predicted: likewise.
        error: seen minus predicted.
        scale: each pixel becomes a square of so many.
    """
    frames = []
    for t in range(seen.shape[0]):
        rows = []
        for scene in range(seen.shape[1]):
            parts = [(seen, False), (predicted, False), (error, True)]
            tiles = [paint(signal[t, scene], signed=signed) for signal, signed in parts]
            rows.append(_framed(tiles, scale))
        frames.append(np.concatenate(rows, axis=0))
    return frames


def _framed(tiles: Sequence[NDArray[np.uint8]], scale: int) -> NDArray[np.uint8]:
    """Tiles enlarged, side by side, with a white line around each."""
    large = [tile.repeat(scale, axis=0).repeat(scale, axis=1) for tile in tiles]
    return np.concatenate(
        [np.pad(t, ((2, 2), (2, 2), (0, 0)), constant_values=255) for t in large], 1
    )


def paint(signal: Tensor, *, signed: bool) -> NDArray[np.uint8]:
    """A picture [height, width, 3] of a signal [channel, height, width].

    Args:
        signal: frames in [0, 1], or errors in [-1, 1].
        signed: whether it is an error: then blue above zero, red below, white at zero; colours
            are full at a quarter of the brightness scale.
    """
    if not signed:
        picture = signal.clamp(0, 1).expand(3, -1, -1)
    else:
        value = signal.mean(dim=0).div(ERROR).clamp(-1, 1)
        blue, red = torch.tensor([0.13, 0.40, 0.67]), torch.tensor([0.70, 0.09, 0.17])
        full = torch.where((value > 0)[..., None], blue, red)
        picture = (1 - value.abs()[..., None] * (1 - full)).permute(2, 0, 1)
    return (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
