"""Record a model: what every area does over time, to each stimulus, written to disk meanwhile.

The brain is shown the stimuli in batches, each a stream that begins with the warm-up; it does not
learn. Only one batch of movies and one window of activity are in memory at a time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from brainmodel.brain import Brain
from brainmodel.probing.activity.following import follow
from brainmodel.probing.activity.presentation import Presentation
from brainmodel.probing.array_files import on_disk
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Stimuli

ActivityBySignal = dict[str, dict[str, Floats]]
"""By signal, by area: [stimulus, step, unit] float32. The fields of a state are signals of their
own, such as "state.memory"."""


def record_model(
    brain: Brain,
    stimuli: Stimuli,
    presentation: Presentation,
    signals: Sequence[str] = ("rate",),
    folder: Path | None = None,
    batch: int = 32,
    progress: str = "",
) -> ActivityBySignal:
    """Activity of the areas of a brain.

    Args:
        brain: the brain; it is left as it was.
        stimuli: what is shown.
        presentation: how.
        signals: of each area, among rate, error, prediction and state (all fields of its cell).
        folder: where arrays are kept while they are used, memory-mapped, in files without a name;
            in memory unless given.
        batch: stimuli side by side.
        progress: text beside the progress bar; no bar is shown unless given.

    Raises:
        ValueError: for an unknown signal, or if the brain has no input for pictures.
    """
    count, arrays = len(stimuli.frames), _Arrays(folder, len(stimuli.frames), presentation.recorded)
    batches = range(0, count, batch)
    for first in tqdm(batches, desc=progress, disable=not progress, unit="batch", leave=False):
        rows = np.arange(first, min(first + batch, count))
        inputs = model_inputs(brain, stimuli, presentation, rows)
        reset = torch.zeros(next(iter(inputs.values())).shape[:2], dtype=torch.bool)
        for did in follow(brain, [(inputs, reset, {})], signals):
            start = did.start - presentation.before
            arrays.put(did.signal, did.area, rows, start, did.values)
    return arrays.by_signal


def model_inputs(
    brain: Brain, stimuli: Stimuli, presentation: Presentation, rows: np.ndarray
) -> dict[str, Tensor]:
    """By name, [step, stimulus, *shape]: the pictures; inputs that are no picture stay at zero."""
    name = picture_input(brain)
    shape = brain.inputs[name]
    pictures = presentation.seen(stimuli, rows, shape)
    silent = {n: pictures.new_zeros(*pictures.shape[:2], *s) for n, s in brain.inputs.items()}
    return silent | {name: pictures}


def eye_of(brain: Brain) -> tuple[int, ...]:
    """[channel, height, width] of the input that takes pictures."""
    return tuple(brain.inputs[picture_input(brain)])


def picture_input(brain: Brain) -> str:
    """Name of the input that takes pictures.

    Raises:
        ValueError: unless there is exactly one of shape [1 or 3, height, width].
    """
    found = [n for n, s in brain.inputs.items() if len(s) == 3 and s[0] in (1, 3)]
    if len(found) != 1:
        raise ValueError(
            f"the brain's inputs are {brain.inputs}: pictures need exactly one that takes them, "
            "[1 or 3, height, width]; a task gives all inputs, and needs a recording of it "
            "(brainmodel.probing.recordings.DuringTask)."
        )
    return found[0]


class _Arrays:
    """Arrays that fill up batch by batch."""

    def __init__(self, folder: Path | None, stimuli: int, steps: int):
        self.folder, self.stimuli, self.steps = folder, stimuli, steps
        self.by_signal: dict[str, dict[str, Any]] = {}

    def put(self, signal: str, area: str, rows: np.ndarray, start: int, values: Tensor) -> None:
        """Values [step, stimulus, ...] from step `start` on, without those before the onset."""
        values = values[max(0, -start) :].flatten(2)
        if len(values) == 0:
            return
        start = max(0, start)
        by_area = self.by_signal.setdefault(signal, {})
        if area not in by_area:
            by_area[area] = self._empty(values.shape[2])
        block = values.cpu().float().numpy().transpose(1, 0, 2)
        by_area[area][rows[0] : rows[-1] + 1, start : start + len(values)] = block

    def _empty(self, units: int) -> Any:
        """[stimulus, step, unit], on disk if there is a folder."""
        shape = (self.stimuli, self.steps, units)
        if self.folder is None:
            return np.empty(shape, np.float32)
        return on_disk(shape, self.folder)
