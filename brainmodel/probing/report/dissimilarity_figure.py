"""Figures of representations: dissimilarity matrices side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from brainmodel.figures import INK
from brainmodel.probing.array_types import Floats
from brainmodel.probing.drawing import panels
from brainmodel.probing.recordings import DissimilarityData, Recorded, Recording

ACROSS = 5  # panels in a row
MOST = 400  # stimuli in a picture


def brain_ranks(recorded: Recorded, stimuli: Any) -> dict[str, Floats]:
    """By area, [pair] percentiles of the dissimilarities between the chosen stimuli.

    Of neurons that saw everything, by their means over repeats and time; of matrices, their mean.
    """
    if isinstance(recorded, DissimilarityData):
        means = {a: recorded.of(areas=a).matrices.mean(0) for a in recorded.area_names}
        chosen = np.ix_(stimuli, stimuli)
        return {a: percentiles(squareform(m[chosen], checks=False)) for a, m in means.items()}
    return {a: ranks(v[stimuli]) for a, v in _brain_patterns(recorded).items()}


def _brain_patterns(recording: Recording) -> dict[str, Floats]:
    """By area, [stimulus, neuron] means over repeats and time, of neurons that saw everything."""
    found = {}
    for area in recording.area_names:
        values = recording.of(areas=area).responses
        there = np.isfinite(values)
        count = there.sum((2, 3))  # [neuron, stimulus]
        complete = (count > 0).all(1)
        if complete.any():
            total = np.where(there, values, 0).sum((2, 3))
            found[area] = (total[complete] / count[complete]).T
    return found


def draw_dissimilarities(recorded: Recorded, model: Mapping[str, Floats]) -> Figure:
    """Dissimilarity matrices as percentiles, all in one order of the stimuli.

    Squared Euclidean distances of patterns whose units are scaled alike. The order clusters the
    mean of all matrices, so that no matrix is favoured.

    Args:
        recorded: of the brain.
        model: [stimulus, unit] by model area or baseline.
    """
    every = _some(len(recorded.stimuli))
    ranked = {f"brain {area}": pairs for area, pairs in brain_ranks(recorded, every).items()}
    ranked |= {name: ranks(values[every]) for name, values in model.items()}
    order = leaves_list(linkage(np.mean(list(ranked.values()), axis=0), "average"))
    across = min(ACROSS, len(ranked))
    figure, axes = panels(len(ranked), across, 2.2, 2.35)
    for panel, (name, pairs) in zip(axes, ranked.items(), strict=True):
        square = squareform(pairs)[np.ix_(order, order)]
        image = panel.imshow(square, cmap="cividis", vmin=0, vmax=100, interpolation="nearest")
        panel.set_title(name, fontsize=9.5, color=INK)
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.015, pad=0.01)  # pyright: ignore
    bar.set_label("dissimilarity, percentile", fontsize=8.5, color=INK)
    bar.outline.set_visible(False)  # pyright: ignore
    return figure


def ranks(patterns: Floats) -> Floats:
    """[pair] percentiles of distances between patterns [stimulus, unit]."""
    values = np.asarray(patterns, float)
    spread = values.std(0)
    scaled = (values - values.mean(0))[:, spread > 0] / spread[spread > 0]
    if scaled.shape[1] == 0:
        return np.full(len(values) * (len(values) - 1) // 2, 50.0)
    return percentiles(pdist(scaled, "sqeuclidean"))


def percentiles(pairs: Floats) -> Floats:
    """[pair] ranks from 0 to 100."""
    return 100 * (rankdata(pairs) - 1) / max(1, len(pairs) - 1)


def _some(stimuli: int) -> Any:
    """Stimuli that are shown: all, or evenly spread ones."""
    return np.unique(np.linspace(0, stimuli - 1, min(MOST, stimuli)).astype(int))
