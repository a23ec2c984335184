"""Many areas of the mouse brain during a choice between contrasts, Steinmetz et al. (2019).

Nature 576:266, Neuropixels. The public original: https://figshare.com/articles/dataset/9598406
(CC-BY); here as the `.rds` of a course, one file per session, 40 bins of 10 ms from stimulus onset.

What correct use finds: which side had the stronger contrast decodes from LGd (session of Lederberg)
with .82 of trials right where the majority is .59, from VISp (Cori) with .75 (.57).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.readers.arrays import by_stimulus
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.rds import read_rds
from brainmodel.probing.recordings.recording import Recording

NEEDED = ("spks", "brain_area", "contrast_left", "contrast_right", "mouse_name", "date_exp")


def read_mouse_multiarea(path: str | Path) -> Recording:
    """One session; stimuli "left L right R" in contrast, their trials as repeats.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged or a field is missing.
    """
    held = read_rds(path)
    for name in NEEDED:
        require_field(Path(path), "field", name, held)
    spikes = np.stack(held["spks"], 1).astype(float)  # [neuron, trial, time]
    shown = contrast_names(held)
    neurons, _, bins = spikes.shape
    responses, stimuli = by_stimulus(spikes, shown)
    mouse, date = str(held["mouse_name"][0]), str(held["date_exp"][0])
    return Recording(
        responses,
        held["brain_area"].astype(str),
        stimuli,
        np.arange(bins + 1) * 0.01,
        "spikes per 10 ms",
        f"mouse {mouse}, {date}",
        subjects=np.array([mouse] * neurons),
        sessions=np.array([date] * neurons),
    )


def read_trials(path: str | Path, area: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Trials in the order they were run: counts [trial, neuron] of one area, contrasts left, right.

    What is decoded trial by trial needs their order: it decides the folds.
    """
    held = read_rds(path)
    require_field(Path(path), "area", area, set(held["brain_area"]))
    spikes = np.stack(held["spks"])[:, held["brain_area"] == area]
    return spikes.sum(2).astype(float), held["contrast_left"], held["contrast_right"]


def contrast_names(held: dict[str, Any]) -> NDArray[Any]:
    """[trial] the contrasts as text."""
    both = zip(held["contrast_left"], held["contrast_right"], strict=True)
    return np.array([f"left {left:.2f} right {right:.2f}" for left, right in both])
