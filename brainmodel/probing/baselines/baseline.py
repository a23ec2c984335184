"""The contract of a baseline: features of what was shown, which any model has to beat."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from brainmodel.probing.activity import Presentation
from brainmodel.probing.array_files import on_disk
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings import Stimuli


class Baseline(ABC):
    """Features of movies, computed from the frames alone."""

    @abstractmethod
    def __call__(self, movies: Floats) -> Floats:
        """[stimulus, time, unit] from movies [stimulus, time, height, width, channel] in [0, 1]."""


def record_baselines(
    baselines: Mapping[str, Baseline],
    stimuli: Stimuli,
    presentation: Presentation,
    eye: int,
    folder: Path,
    batch: int = 64,
    progress: bool = False,
) -> dict[str, Floats]:
    """Features of what the model saw, at the resolution in which it was shown.

    Args:
        baselines: what makes them, by name.
        stimuli: what was shown.
        presentation: how.
        eye: height of the model's image in pixels, the unit of the gaze.
        folder: where they are kept while they are used, memory-mapped, in files without a name.
        batch: stimuli at once.
        progress: show a progress bar for each.

    Returns:
        By name, [stimulus, step, unit].
    """
    found, firsts = {}, range(0, len(stimuli.frames), batch)
    for name, baseline in baselines.items():
        bar = tqdm(firsts, desc=name, disable=not progress, unit="batch", leave=False)
        batches = (np.arange(first, first + batch)[: len(stimuli.frames) - first] for first in bar)
        features = (
            (chosen, baseline(presentation.movies(stimuli, chosen, eye))[:, presentation.before :])
            for chosen in batches
        )
        found[name] = _kept(features, len(stimuli.frames), folder)
    return found


def _kept(features: Iterable[tuple[Whole, Floats]], count: int, folder: Path) -> Floats:
    """Features of all stimuli on disk, from batches of them."""
    kept = None
    for chosen, values in features:
        if kept is None:
            kept = on_disk((count, *values.shape[1:]), folder)
        kept[chosen] = values
    assert kept is not None
    return kept
