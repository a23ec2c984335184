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
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.conditions import (
    Conditions,
    by_condition,
    conditions,
)
from brainmodel.probing.recordings.readers.files import require_field, require_file
from brainmodel.probing.recordings.readers.nwb_labels import electrode_labels, plane_labels
from brainmodel.probing.recordings.recording import Recording


def read_units(
    path: str | Path,
    intervals: str,
    stimulus: str | Sequence[str],
    edges: Sequence[float],
    *,
    leave_out: LeaveOut = USUAL,
) -> Recording:
    """Firing rates of sorted units around stimulus onsets.

    Args:
        path: of the .nwb file.
        intervals: table of stimuli, e.g. "trials" or "natural_scenes_presentations".
        stimulus: column (or columns, joined) that names the stimulus; equal names are repeats.
            Numbers sort as numbers (`readers/conditions.py`).
        edges: [time + 1] of the bins, s from onset.
        leave_out: what to leave out.

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
        found, onsets = _events(source, file, intervals, stimulus, leave_out)
        require_field(source, "column of units called", "spike_times", file.units.colnames)
        spikes = [np.asarray(file.units["spike_times"][k]) for k in range(len(file.units))]
        events = np.stack([_rates(train, onsets, bins) for train in spikes])
        labels = electrode_labels(source, file)
        return _recording(file, source, found, events, bins, "spikes/s", labels)


def read_rois(
    path: str | Path,
    intervals: str,
    stimulus: str | Sequence[str],
    edges: Sequence[float],
    series: str = "DfOverF",
    *,
    leave_out: LeaveOut = USUAL,
) -> Recording:
    """Mean traces of two-photon ROIs around stimulus onsets.

    Args:
        path, intervals, stimulus, edges, leave_out: as in `read_units`.
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
        traces = _series(source, file, series)
        found, onsets = _events(source, file, intervals, stimulus, leave_out)
        seconds = _timestamps(traces)
        _require_shape(source, series, traces, len(seconds))
        events = np.stack([_means(traces, seconds, onset + bins) for onset in onsets], axis=1)
        labels = plane_labels(traces)
        return _recording(file, source, found, events, bins, str(traces.unit), labels)


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[Path, Any]]:
    """An open NWB file; damage is told in one sentence."""
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
    source: Path, file: Any, intervals: str, stimulus: str | Sequence[str], leave_out: LeaveOut
) -> tuple[Conditions, Floats]:
    """What events showed, and [event] their onsets in s."""
    tables = dict(file.intervals or {})
    if not tables:
        raise ValueError(f"{source}: no table of intervals: it says nothing of stimuli.")
    require_field(source, "table of intervals", intervals, tables)
    table = tables[intervals]
    names = [stimulus] if isinstance(stimulus, str) else list(stimulus)
    for column in names:
        require_field(source, f"column of {intervals} called", column, table.colnames)
    found = conditions({name: table[name][:] for name in names}, leave_out, str(source))
    onsets = np.asarray(table["start_time"][:], float)
    if not np.isfinite(onsets).all():
        raise ValueError(
            f"{source}: {(~np.isfinite(onsets)).sum()} of {len(onsets)} start times of "
            f"{intervals} are not finite: take these rows out."
        )
    return found, onsets


def _recording(
    file: Any,
    source: Path,
    found: Conditions,
    events: Floats,
    bins: Floats,
    unit: str,
    labels: dict[str, NDArray[Any]],
) -> Recording:
    """Events [neuron, event, time] of one name as repeats of one stimulus."""
    subject = getattr(file.subject, "subject_id", None) or "unknown"
    labels["subjects"] = np.array([str(subject)] * len(events))
    labels["sessions"] = np.array([str(file.identifier)] * len(events))
    return Recording(
        by_condition(events, found),
        stimuli=found.stimuli,
        edges=bins,
        unit=unit,
        source=source.name,
        left_out=found.left_out,
        **labels,
    )


def _rates(train: Floats, onsets: Floats, bins: Floats) -> Floats:
    """[event, time] spikes/s; spike times are sorted, so counts are differences of places."""
    places = np.searchsorted(train, onsets[:, None] + bins)
    return np.diff(places, axis=1) / np.diff(bins)


def _series(source: Path, file: Any, name: str) -> Any:
    """The ROI response series of that name, or the only one within the interface of that name."""
    require_field(source, "processing module", "ophys", file.processing)
    module = file.processing["ophys"].data_interfaces
    held = {}
    for interface_name, interface in module.items():
        inside = getattr(interface, "roi_response_series", None)
        held |= dict(inside) if inside else {}
        if inside and len(inside) == 1:
            held[interface_name] = next(iter(inside.values()))
        elif hasattr(interface, "rois"):
            held[interface_name] = interface
    require_field(source, "ROI response series", name, held)
    return held[name]


def _timestamps(series: Any) -> Floats:
    """[frame] s."""
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], float)
    return float(series.starting_time) + np.arange(series.data.shape[0]) / float(series.rate)


def _require_shape(source: Path, name: str, series: Any, times: int) -> None:
    shape = (times, len(series.rois))
    if tuple(series.data.shape) != shape:
        raise ValueError(
            f"{source}: {name} has data of shape {tuple(series.data.shape)} for {times} times and "
            f"{len(series.rois)} ROIs: write it as [time, ROI], {shape}."
        )


def _means(series: Any, seconds: Floats, edges: Floats) -> Floats:
    """[neuron, time] means of the frames in each bin; only these frames are read."""
    places = np.searchsorted(seconds, edges)
    frames = np.asarray(series.data[int(places[0]) : int(places[-1])], float)
    found = np.full((series.data.shape[1], len(edges) - 1), np.nan)
    for step, (first, last) in enumerate(zip(places[:-1], places[1:], strict=True)):
        if last > first:
            found[:, step] = frames[first - places[0] : last - places[0]].mean(0)
    return found
