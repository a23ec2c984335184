"""Recordings in NWB (pynwb >= 4, hdmf-zarr): spike times of units, or traces of two-photon ROIs.

Layouts read: Allen Neuropixels sessions (`units` with `peak_channel_id` into `electrodes`;
intervals such as `natural_scenes_presentations`) and DANDI 000037 (two-photon; dF/F in the
processing module `ophys`, stimuli in `trials`). Of traces, only the frames asked for are read.
Public originals: https://dandiarchive.org/dandiset/000037 (Gillon et al.) and, of the Allen Visual
Coding Neuropixels sessions, https://dandiarchive.org/dandiset/000021. `pip install dandi`, then
`dandi download URL` fetches a file; sessions of 000021 without their LFP files suffice.
"""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.conditions import by_condition
from brainmodel.probing.recordings.readers.events import Asked, InvalidTimes, ShownEvents, counted
from brainmodel.probing.recordings.readers.nwb_electrodes import (
    straddling,
    unit_groups,
    unit_labels,
)
from brainmodel.probing.recordings.readers.nwb_opening import (
    columns_of,
    invalid_times,
    opened,
    require_chunks,
    shown_events,
)
from brainmodel.probing.recordings.readers.nwb_planes import (
    find_series,
    mean_traces,
    roi_labels,
)
from brainmodel.probing.recordings.readers.nwb_units import (
    Select,
    chosen_rows,
    require_some,
    spike_trains,
    unobserved,
)
from brainmodel.probing.recordings.readers.spikes import (
    UNRECORDED,
    Trains,
    outside,
    rates,
    require_among,
)
from brainmodel.probing.recordings.recording import Recording

NOTHING: Select = MappingProxyType({})


def read_units(
    path: str | Path,
    intervals: str,
    stimulus: str | Sequence[str],
    edges: Sequence[float],
    *,
    onset: str = "start_time",
    movie_frame: str | None = None,
    area: str | None = None,
    select: Select = NOTHING,
    leave_out: LeaveOut = USUAL,
) -> Recording:
    """Firing rates of sorted units around stimulus onsets.

    Args:
        path: of the .nwb file, or of the folder of one in Zarr.
        intervals: table of stimuli, e.g. "trials" or "natural_scenes_presentations".
        stimulus: column (or columns, joined) that names the stimulus; equal names are repeats.
            Numbers sort as numbers (`readers/conditions.py`).
        edges: [time + 1] of the bins, s from onset.
        onset: column of the times at which the stimulus came on, s.
        movie_frame: column that numbers the frames of a movie, where each row is one frame; an
            event is then a showing of the movie (see docs/probing.md).
        area: column of units or electrodes that holds the areas, if it is no usual one.
        select: values to keep, by column of the table of units, e.g. {"quality": ["good"]}.
        leave_out: what to leave out. Rows without onset (NaN, -1) and spikes at no time always are.

    Returns:
        A recording in spikes/s; area from the electrode's `location` or, where that is empty, from
        a column of units such as `location`; depth from the electrode's `probe_vertical_position`,
        `depth` or `z`. Places may be dictionaries: "{'area': 'VISp', 'depth': 175}".

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, a table or column is missing, or edges are no seconds.
    """
    asked = Asked(intervals, stimulus, np.asarray(edges, float), onset, movie_frame, leave_out)
    with opened(path) as (source, file):
        if file.units is None or len(file.units) == 0:
            raise ValueError(f"{source}: no table of units: read_rois reads two-photon files.")
        events = shown_events(source, file, asked)
        responses, rows, said = _of_units(source, file, events, asked, select)
        labels = unit_labels(source, file, rows, area)
        said += straddling(file, rows, area)
        return _recording(file, source, events, responses, asked.edges, "spikes/s", labels, said)


def _of_units(
    source: Path, file: Any, events: ShownEvents, asked: Asked, select: Select
) -> tuple[Floats, NDArray[Any], tuple[str, ...]]:
    """Responses [neuron, event, time] of chosen units, their rows, what is left out."""
    held, count = columns_of(source, file.units), len(file.units)
    keep, said = chosen_rows(source, held, count, "units", select, asked.leave_out)
    require_some(source, keep.sum(), "units", said)
    rows = np.flatnonzero(keep)
    trains, of_spikes = spike_trains(source, file.units, rows)
    onsets, edges = events.onsets, asked.edges
    require_among(source, trains, onsets, edges)
    responses = np.stack([rates(train, onsets, edges) for train in trains])
    said = (*said, *of_spikes)
    if asked.leave_out.invalid_times:
        said += _lose(
            responses, invalid_times(file), onsets, edges, unit_groups(source, file, rows)
        )
        said += _lose_unrecorded(responses, file.units, rows, trains, onsets, edges)
    return responses, rows, said


def _lose_unrecorded(
    responses: Floats, units: Any, rows: Whole, trains: Trains, onsets: Floats, edges: Floats
) -> tuple[str, ...]:
    """Responses [unit, event, time] while nothing was recorded are missing from now on."""
    lost = outside(trains, onsets, edges)
    responses[:, lost] = np.nan
    said = counted(lost, "events", UNRECORDED)
    blind = unobserved(units, rows, onsets, edges)
    if blind is None:
        return said
    responses[blind] = np.nan
    return said + counted(blind, "responses of units in a bin,", "outside their obs_intervals")


def read_rois(
    path: str | Path,
    intervals: str,
    stimulus: str | Sequence[str],
    edges: Sequence[float],
    series: str | None = None,
    *,
    onset: str = "start_time",
    movie_frame: str | None = None,
    select: Select = NOTHING,
    leave_out: LeaveOut = USUAL,
) -> Recording:
    """Mean traces of two-photon ROIs around stimulus onsets.

    Args:
        path, intervals, stimulus, edges, onset, movie_frame, leave_out: as in `read_units`.
        series: interface or ROI response series to read, or both, "Fluorescence/plane0"; unless
            given "DfOverF", or the only one of dF/F. The planes of an interface are joined.
        select: values to keep, by column of the tables of ROIs, e.g. {"accepted": [1]}.

    Returns:
        A recording in the unit of the series; area, layer, depth and compartment from the imaging
        plane. A bin without a frame is missing.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, a module, series, table or column is missing, or edges are
            no seconds.
    """
    asked = Asked(intervals, stimulus, np.asarray(edges, float), onset, movie_frame, leave_out)
    with opened(path) as (source, file):
        found = find_series(source, file, series)
        events = shown_events(source, file, asked)
        of_planes = [_of_plane(source, one, events, asked, select) for one in found]
        kept, planes, of_rois = zip(*of_planes, strict=True)
        responses, said = np.concatenate(kept), sum(of_rois, ())
        require_some(source, len(responses), "ROIs", said)
        counts = [len(of_plane) for of_plane in kept]
        if leave_out.invalid_times:
            names = np.repeat([plane.name for plane in planes], counts).tolist()
            said += _lose(responses, invalid_times(file), events.onsets, asked.edges, names)
        labels, unit = roi_labels(planes, counts), str(found[0].unit)
        return _recording(file, source, events, responses, asked.edges, unit, labels, said)


def _of_plane(
    source: Path, series: Any, events: ShownEvents, asked: Asked, select: Select
) -> tuple[Floats, Any, tuple[str, ...]]:
    """Responses [neuron, event, time] of chosen ROIs of a series, its plane, what is left out."""
    table = series.rois.table
    kind, held = f"ROIs of {table.name}", columns_of(source, table)
    kept, said = chosen_rows(source, held, len(table), kind, select, asked.leave_out)
    require_chunks(source, series.name, series.data)
    traces = mean_traces(source, series, events.onsets, asked.edges)
    return traces[kept[np.asarray(series.rois.data[:])]], table.imaging_plane, said


def _lose(
    responses: Floats, invalid: InvalidTimes, onsets: Floats, edges: Floats, devices: list[str]
) -> tuple[str, ...]:
    """Responses [neuron, event, time] of devices at their invalid times are missing from now on."""
    said: tuple[str, ...] = ()
    for device in sorted(set(devices)):
        lost = invalid.meet(onsets, edges, device)
        of_device = np.array([name == device for name in devices])
        responses[np.ix_(of_device, lost)] = np.nan
        why = f"within invalid_times of {device}, for its {of_device.sum()} neurons"
        said += counted(lost, "events", why)
    return said


def _recording(
    file: Any,
    source: Path,
    events: ShownEvents,
    responses: Floats,
    edges: Floats,
    unit: str,
    labels: dict[str, NDArray[Any]],
    said: tuple[str, ...],
) -> Recording:
    """Responses [neuron, event, time], events of one name as repeats of one stimulus."""
    subject = getattr(file.subject, "subject_id", None) or "unknown"
    labels["subjects"] = np.array([str(subject)] * len(responses))
    labels["sessions"] = np.array([str(file.identifier)] * len(responses))
    return Recording(
        by_condition(responses, events.shown),
        stimuli=events.shown.stimuli,
        edges=edges,
        unit=unit,
        source=source.name,
        left_out=(*events.left_out, *said),
        **labels,
    )
