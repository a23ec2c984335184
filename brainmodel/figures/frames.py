"""Frames that were seen, predicted and missed: as a strip, and as a film."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.figures.style import INK
from objectives import Activity


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
            pathway, shape = brain.pathways[pathway_name], brain.route(pathway_name).shape
            channels = slice(first, first + shape[0])
            first += shape[0]
            if pathway.source in brain.inputs and len(shape) == 3 and shape[0] in (1, 3):
                signals = (activity.drive, activity.prediction, activity.error)
                found[name] = tuple(s[:, :, channels].detach().cpu().float() for s in signals)
                break
    return found


def draw_frames(seen: Tensor, predicted: Tensor, error: Tensor, most: int = 8) -> Figure:
    """A strip for each scene: seen, predicted and error frames, time to the right.

    Args:
        seen: [time, batch, channel, height, width] in [0, 1]; the last `most` steps are shown.
        predicted: likewise.
        error: seen minus predicted; blue where the prediction was too low, red where too high.
        most: frames at most.
    """
    seen, predicted, error = (signal[-most:] for signal in (seen, predicted, error))
    steps, scenes = seen.shape[:2]
    ratio = seen.shape[3] / seen.shape[4]
    figure = Figure(figsize=(steps * 1.05 + 0.9, scenes * (3 * 1.05 * ratio + 0.2)))
    FigureCanvasAgg(figure)
    heights = [1.0, 1.0, 1.0, 0.18] * scenes
    words = "one step from frame to frame; error: blue where predicted too dark, red too bright"
    figure.text(0.09, 0.0, words, fontsize=9, color=INK, va="top")
    grid = figure.add_gridspec(
        len(heights),
        steps,
        height_ratios=heights,
        wspace=0.03,
        hspace=0.03,
        left=0.09,
        right=0.995,
        top=0.995,
        bottom=0.005,
    )
    for scene in range(scenes):
        rows = zip(("seen", "predicted", "error"), (seen, predicted, error), strict=True)
        for row, (name, signal) in enumerate(rows):
            for t in range(steps):
                axes = figure.add_subplot(grid[4 * scene + row, t])
                axes.imshow(
                    paint(signal[t, scene], signed=name == "error"), interpolation="nearest"
                )
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if t == 0:
                    axes.set_ylabel(name, fontsize=10, color=INK)
    return figure


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
        value = signal.mean(dim=0).div(0.25).clamp(-1, 1)
        blue, red = torch.tensor([0.13, 0.40, 0.67]), torch.tensor([0.70, 0.09, 0.17])
        full = torch.where((value > 0)[..., None], blue, red)
        picture = (1 - value.abs()[..., None] * (1 - full)).permute(2, 0, 1)
    return (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
