"""Representational dissimilarity matrices of areas, side by side."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from brainmodel.figures.style import FAINT, INK


def dissimilarities(rate: Float[Tensor, "sample unit"]) -> Float[Tensor, "sample sample"]:
    """Ranks of the Euclidean distances between patterns of units that are scaled alike.

    Args:
        rate: of an area; units that do not vary are left out.

    Returns:
        the share of pairs that are less unlike, from 0 to 1; all 0 where nothing varies.
    """
    spread = rate.std(0)
    pairs = torch.pdist(((rate - rate.mean(0)) / spread)[:, spread > 0])
    found = pairs.new_zeros(len(rate), len(rate))
    if len(pairs) > 1 and pairs.any():
        first, second = torch.triu_indices(len(rate), len(rate), 1)
        found[first, second] = pairs.argsort().argsort().to(pairs.dtype) / (len(pairs) - 1)
    return found + found.T


def draw_rdms(rates: Mapping[str, Float[Tensor, "time batch ..."]]) -> Figure:
    """A matrix for each area: how unlike its rates are at any two steps of some streams.

    Args:
        rates: by area; steps of one stream stand side by side, streams are parted by lines.
    """
    figure = Figure(figsize=(2.5 * len(rates) + 0.6, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, (name, rate) in zip(
        figure.subplots(1, len(rates), squeeze=False)[0], rates.items(), strict=True
    ):
        steps, streams = rate.shape[:2]
        patterns = rate.detach().float().cpu().flatten(2).transpose(0, 1).flatten(0, 1)
        square = dissimilarities(patterns).numpy()
        panel.imshow(square, cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        for stream in range(1, streams):
            for line in (panel.axhline, panel.axvline):
                line(stream * steps - 0.5, color="white", lw=0.5)
        panel.set_title(name, fontsize=10, color=INK)
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    colours = ScalarMappable(Normalize(0, 1), "cividis")
    bar = figure.colorbar(colours, ax=figure.axes, fraction=0.02, pad=0.01, ticks=[0, 1])
    bar.set_label("dissimilarity, rank", fontsize=8, color=FAINT)
    bar.outline.set_visible(False)  # pyright: ignore
    return figure
