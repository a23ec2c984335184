"""Recordings in NWB (pynwb >= 4): spike times of units, or traces of two-photon ROIs.

Layouts read: Allen Neuropixels sessions (`units` with `peak_channel_id` into `electrodes`;
intervals such as `natural_scenes_presentations`) and DANDI 000037 (two-photon; dF/F in the
processing module `ophys`, stimuli in `trials`). Of traces, only the frames asked for are read.
Public originals: https://dandiarchive.org/dandiset/000037 (Gillon et al.) and, of the Allen Visual
Coding Neuropixels sessions, https://dandiarchive.org/dandiset/000021. `pip install dandi`, then
`dandi download URL` fetches a file; sessions of 000021 without their LFP files suffice.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats
from brainmodel.probing.optional import optional
from brainmodel.probing.recordings.readers.arrays import by_stimulus
from brainmodel.probing.recordings.readers.files import require_field, require_file
from brainmodel.probing.recordings.readers.nwb_labels import electrode_labels, plane_labels
from brainmodel.probing.recordings.readers.nwb_series import (
    frame_means,
    require_shape,
    response_series,
    timestamps,
)
from brainmodel.probing.recordings.recording import Recording


def read_units(
    path: str | Path, intervals: str, stimulus: str | Sequence[str], edges: Sequence[float]
) -> Recording:
    """Firing rates of sorted units around stimulus onsets.

    Args:
        path: of the .nwb file.
        intervals: table of stimuli, e.g. "trials" or "natural_scenes_presentations".
        stimulus: column (or columns, joined) that names the stimulus; equal names are repeats.
        edges: [time + 1] of the bins, s from onset.

    Returns:
        A recording in spikes/s; area from the electrode's `location`, depth from
        `probe_vertical_position`, `depth` or `z`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or a table or column is missing.
    """
    bins = np.asarray(edges, float)
    with _opened(path) as (source, file):
        if file.units is None or len(file.units) == 0:
            raise ValueError(f"{source}: no table of units: read_rois reads two-photon files.")
        names, onsets = _events(source, file, intervals, stimulus)
        require_field(source, "column of units called", "spike_times", file.units.colnames)
        labels = electrode_labels(source, file)
        spikes = (np.asarray(file.units["spike_times"][k]) for k in range(len(file.units)))
        events = np.stack([_rates(train, onsets, bins) for train in spikes])
        return _recording(file, source, events, names, bins, "spikes/s", labels)


def read_rois(
    path: str | Path,
    intervals: str,
    stimulus: str | Sequence[str],
    edges: Sequence[float],
    series: str = "DfOverF",
) -> Recording:
    """Mean traces of two-photon ROIs around stimulus onsets.

    Args:
        path, intervals, stimulus, edges: as in `read_units`.
        series: interface in the processing module `ophys` (or its ROI response series) to read.

    Returns:
        A recording in the unit of the series; area, layer, depth and compartment from the imaging
        plane. A bin without a frame is missing.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or a module, series, table or column is missing.
    """
    bins = np.asarray(edges, float)
    with _opened(path) as (source, file):
        found = response_series(source, file, series)
        names, onsets = _events(source, file, intervals, stimulus)
        seconds = timestamps(found)
        require_shape(source, series, found, len(seconds))
        labels = plane_labels(found)
        events = np.stack([frame_means(found, seconds, onset + bins) for onset in onsets], axis=1)
        return _recording(file, source, events, names, bins, str(found.unit), labels)


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[Path, Any]]:
    """An open NWB file; ValueError in one sentence if it is damaged."""
    source = require_file(path)
    pynwb = optional("pynwb")
    try:
        io = pynwb.NWBHDF5IO(str(source), "r", load_namespaces=True)
        file = io.read()
    except Exception as damage:  # h5py, hdmf and pynwb raise many kinds
        reason = str(damage).splitlines()[0] if str(damage) else type(damage).__name__
        raise ValueError(
            f"{source} is not a readable NWB file ({reason}): fetch it again."
        ) from damage
    with io:
        yield source, file


def _events(
    source: Path, file: Any, intervals: str, stimulus: str | Sequence[str]
) -> tuple[NDArray[Any], Floats]:
    """[event] names and onsets in s."""
    tables = dict(file.intervals or {})
    if not tables:
        raise ValueError(f"{source}: no table of intervals: it says nothing of stimuli.")
    require_field(source, "table of intervals", intervals, tables)
    table = tables[intervals]
    columns = [stimulus] if isinstance(stimulus, str) else list(stimulus)
    for column in columns:
        require_field(source, f"column of {intervals} called", column, table.colnames)
    values = [np.asarray(table[column][:]).astype(str) for column in columns]
    onsets = np.asarray(table["start_time"][:], float)
    if not np.isfinite(onsets).all():
        raise ValueError(
            f"{source}: {(~np.isfinite(onsets)).sum()} of {len(onsets)} start times of "
            f"{intervals} are not finite: take these rows out."
        )
    return np.array([" ".join(row) for row in zip(*values, strict=True)]), onsets


def _recording(
    file: Any,
    source: Path,
    events: Floats,
    names: NDArray[Any],
    bins: Floats,
    unit: str,
    labels: dict[str, NDArray[Any]],
) -> Recording:
    """Events [neuron, event, time] of one name as repeats of one stimulus."""
    responses, stimuli = by_stimulus(events, names)
    subject = getattr(file.subject, "subject_id", None) or "unknown"
    labels["subjects"] = np.array([str(subject)] * len(events))
    labels["sessions"] = np.array([str(file.identifier)] * len(events))
    return Recording(
        responses, stimuli=stimuli, edges=bins, unit=unit, source=source.name, **labels
    )


def _rates(train: Floats, onsets: Floats, bins: Floats) -> Floats:
    """[event, time] spikes/s; spike times are sorted, so counts are differences of places."""
    places = np.searchsorted(train, onsets[:, None] + bins)
    return np.diff(places, axis=1) / np.diff(bins)
