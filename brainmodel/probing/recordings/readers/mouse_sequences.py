"""Mouse V1 while a trained sequence is violated, Price et al. (2022).

After days of ABCD (four gratings of 150 ms), half the trials begin with E instead of A. 140 units
on four days of 60 trials, 25 ms bins, scaled per unit. The public original:
https://github.com/jeffgavornik/Price_et_al (MIT), the `.mat` with the decoder's data.

What correct use finds: unexpected minus expected at 100-150 ms, mean over units, grows with the
days from about -.02 (not significant) to about .20 (p about 1.5e-5).
"""

from pathlib import Path

import numpy as np

from brainmodel.probing.recordings.readers.files import require_field, require_file
from brainmodel.probing.recordings.readers.mat import load_mat
from brainmodel.probing.recordings.recording import Recording

BIN = 0.025  # s
UNEXPECTED = 23  # index of the regressor that marks trials with E


def read_mouse_sequences(path: str | Path) -> Recording:
    """Stimuli "ABCD" (expected) and "EBCD" (unexpected); trials are repeats; `sessions` the days.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if variables are missing or do not fit each other.
    """
    source = require_file(path)
    held = load_mat(source)
    for name in ("Zdecode", "Xdecode", "decodeTrials"):
        require_field(source, "variable", name, held)
    neurons, bins = len(held["Zdecode"]), held["Xdecode"][0].shape[1]
    values = held["Zdecode"].reshape(neurons, -1, bins)
    has = held["decodeTrials"].reshape(neurons, -1, bins)[:, :, 0] > 0
    marks = held["Xdecode"][UNEXPECTED].reshape(-1, bins, bins).any(axis=(1, 2))
    if marks.shape != has.shape[1:]:
        raise ValueError(
            f"{source}: {len(marks)} trials in Xdecode, {has.shape[1]} in decodeTrials: "
            "take both from one file."
        )
    kinds = [has & ~marks, has & marks]
    responses = np.full((neurons, 2, max(kind.sum(1).max() for kind in kinds), bins), np.nan)
    for neuron in range(neurons):
        for stimulus, kind in enumerate(kinds):
            shown = values[neuron, kind[neuron]]
            responses[neuron, stimulus, : len(shown)] = shown
    first = has.argmax(1)  # days follow each other, so a unit's first trial is of its day
    days = np.unique(first, return_inverse=True)[1] + 1
    return Recording(
        responses,
        np.array(["V1"] * neurons),
        np.array(["ABCD", "EBCD"]),
        np.arange(bins + 1) * BIN,
        "scaled rate",
        "mouse V1, sequences",
        sessions=np.array([f"day {day}" for day in days]),
    )
