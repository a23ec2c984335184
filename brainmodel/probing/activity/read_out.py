"""Read-outs: what of a model area is compared with neurons, where it is not each of its units."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from areas import Area
from brainmodel.brain import Brain
from brainmodel.probing.activity.source import ModelActivity, Source
from brainmodel.probing.array_files import on_disk
from brainmodel.probing.array_types import Floats

ROWS = 64  # stimuli at once


class ReadOut(ABC):
    """Features of the activity of an area's units."""

    @abstractmethod
    def __call__(self, activity: Floats, mean: Floats, shape: Sequence[int]) -> Floats:
        """Features of some stimuli.

        Args:
            activity: [stimulus, step, unit] of these stimuli.
            mean: [step, unit], over all stimuli.
            shape: of the units, [unit] or [channel, height, width].

        Returns:
            [stimulus, step, feature].
        """

    @property
    @abstractmethod
    def words(self) -> str:
        """What is read out, in words."""


class Pooled(ReadOut):
    """Means of maps over the patches of grids, and amplitudes: what varies between neighbours.

    An amplitude is the root mean square over a patch of deviations from the mean over stimuli:
    where it is among the features, what is told of a map does not hang on the phase of an edge.
    Dense units, which lie at no places, stay as they are.

    Args:
        grids: patches along each side, for each grid; no more than a map has pixels.
        amplitudes: whether there are amplitudes beside the means.

    Raises:
        ValueError: for a grid of no patches.
    """

    def __init__(self, grids: Sequence[int] = (2, 4, 8), amplitudes: bool = True):
        if not grids or min(grids) < 1:
            raise ValueError(f"read_out.grids: need 1 patch or more a side, got {list(grids)}")
        self.grids, self.amplitudes = tuple(grids), amplitudes

    def __call__(self, activity: Floats, mean: Floats, shape: Sequence[int]) -> Floats:
        """See `ReadOut.__call__`."""
        if len(shape) == 1:
            return activity
        found = self._pool(activity, shape)
        if self.amplitudes:
            found += [np.sqrt(power) for power in self._pool((activity - mean) ** 2, shape)]
        return np.concatenate(found, axis=2)

    def _pool(self, values: Floats, shape: Sequence[int]) -> list[Floats]:
        maps = torch.from_numpy(np.ascontiguousarray(values)).reshape(-1, *shape)
        sizes = [(min(grid, shape[1]), min(grid, shape[2])) for grid in self.grids]
        pooled = [adaptive_avg_pool2d(maps, size) for size in sizes]
        return [p.reshape(*values.shape[:2], -1).numpy() for p in pooled]

    @property
    def words(self) -> str:
        """See `ReadOut.words`."""
        what = "means and amplitudes" if self.amplitudes else "means"
        return f"{what} over grids of {', '.join(map(str, self.grids))} patches a side"


def read_out(
    activity: ModelActivity, brain: Brain, by: ReadOut | None, folder: Path
) -> ModelActivity:
    """What is read out of all areas of brains; baselines, and all without a read-out, as they are.

    Args:
        activity: of brains of one shape, and of baselines.
        brain: one of them.
        by: what is read out.
        folder: where features are kept while they are used, in files without a name.
    """
    if by is None:
        return activity
    found: dict[Source, Mapping[str, Floats]] = {}
    for source, areas in activity.items():
        found[source] = areas
        if source.model != "baseline":
            found[source] = {
                name: _read(values, by, _shape(brain.area(name), source.signal), folder)
                for name, values in areas.items()
            }
    return found


def _shape(area: Area, signal: str) -> tuple[int, ...]:
    if signal == "error":
        return area.errors
    return area.drive if signal == "prediction" else area.units


def _read(values: Floats, by: ReadOut, shape: Sequence[int], folder: Path) -> Floats:
    mean, kept = values.mean(0), None
    for first in range(0, len(values), ROWS):
        rows = slice(first, first + ROWS)
        features = by(np.asarray(values[rows]), mean, shape)
        if kept is None:
            kept = on_disk((len(values), *features.shape[1:]), folder)
        kept[rows] = features
    assert kept is not None
    return kept
