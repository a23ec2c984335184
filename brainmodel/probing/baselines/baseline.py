"""The contract of a baseline: features of what was shown that any model has to beat."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from brainmodel.probing.activity import Presentation
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Stimuli


class Baseline(ABC):
    """Features of movies, computed from the frames alone."""

    @abstractmethod
    def __call__(self, movies: Floats) -> Floats:
        """[stimulus, time, unit] from movies [stimulus, time, height, width, channel] in [0, 1]."""


def record_baseline(
    baseline: Baseline,
    stimuli: Stimuli,
    presentation: Presentation,
    eye: int,
    file: Path,
    batch: int = 64,
    progress: str = "",
) -> Floats:
    """Features [stimulus, step, unit] of what the model saw, at the resolution it was shown in.

    Args:
        baseline: what makes them.
        stimuli: what was shown.
        presentation: how.
        eye: height of the model's image in pixels, the unit of the gaze.
        file: where they are kept, memory-mapped.
        batch: stimuli at once.
        progress: what the progress bar says; none is shown unless given.
    """
    count = len(stimuli.frames)
    kept = None
    batches = range(0, count, batch)
    for first in tqdm(batches, desc=progress, disable=not progress, unit="batch", leave=False):
        rows = np.arange(first, min(first + batch, count))
        features = baseline(presentation.movies(stimuli, rows, eye))[:, presentation.before :]
        if kept is None:
            shape = (count, *features.shape[1:])
            kept = np.lib.format.open_memmap(file, "w+", np.float32, shape)
        kept[rows] = features
    assert kept is not None
    return kept
