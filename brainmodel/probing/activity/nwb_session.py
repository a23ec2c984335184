"""A session of a brain as NWB, to be analysed with the tools for animals (pynapple and others).

    trials                    a row for each: start_time, stop_time, condition, ...
    units                     spike times, of areas whose cells emit spikes
    processing/ecephys        AREA_SIGNAL [time, unit], e.g. PFC_rate
    processing/behavior       input_NAME, label_NAME, answer_AREA_OBJECTIVE [time, ...]

Streams that went on side by side lie one after the other, `GAP` seconds apart: stream k begins at
k (T / frames_per_second + GAP). The table `epochs` says where each lies. A step has the time at
which it begins; a trial ends half a step after the last of its steps began, so that neighbours do
not share a time. NWB is Rübel, Tritt, Ly et al. (2022), eLife 11:e78362 (cited from memory).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from brainmodel.optional import optional
from brainmodel.probing.activity.session import SPIKE, Session

GAP = 1.0  # s between streams
COLUMNS = {
    "stream": "number of the stream, counted from 0",
    "trial": "number of the trial in its stream",
    "condition": "of the task's conditions",
    "whole": "0 where the recording ends before the trial may have ended",
    "response_time": "s, of the first step at which an answer counts; NaN if there is none",
}


def write_nwb(session: Session, path: str | Path, description: str = "a model session") -> None:
    """Write a session; the file gets its name once it is complete.

    Args:
        session: what happened.
        path: of the new file.
        description: of the session, for the file.

    Raises:
        ValueError: if the file is there already.
        ModuleNotFoundError: without the extra `probing`.
    """
    pynwb, target = optional("pynwb"), Path(path)
    if target.exists():
        raise ValueError(f"out: {target} is there already; name a file that is not.")
    file = pynwb.NWBFile(
        session_description=description,
        identifier=str(uuid4()),
        session_start_time=datetime.now(UTC),
        experiment_description="brainmodel; times are seconds of the model",
    )
    times = _times(session)
    _add_series(pynwb, file, session, times)
    _add_spikes(file, session, times)
    _add_trials(file, session, times)
    for stream, own in enumerate(times.T):
        stop = float(own[-1]) + 1 / session.frames_per_second
        file.add_epoch(float(own[0]), stop, [f"stream {stream}"])
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.stem}.part.nwb")
    with pynwb.NWBHDF5IO(str(part), "w") as opened:
        opened.write(file)
    part.replace(target)


def _times(session: Session) -> NDArray[np.float64]:
    """[time, stream] s, at which each step begins."""
    steps, streams = session.reset.shape
    within = np.arange(steps)[:, None] / session.frames_per_second
    return within + np.arange(streams) * (steps / session.frames_per_second + GAP)


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    """[time, stream, ...] one stream after the other, [time, number] or [time]."""
    values = values.astype(np.int8) if values.dtype == bool else values
    return values.swapaxes(0, 1).reshape(-1, *([int(np.prod(values.shape[2:]))][: values.ndim - 2]))


def _add_series(pynwb: Any, file: Any, session: Session, times: NDArray[np.float64]) -> None:
    activity = file.create_processing_module("ecephys", "rates and other signals of the areas")
    behavior = file.create_processing_module("behavior", "inputs, labels and answers")
    when = times.T.ravel()
    for module, name, values, told in _series(activity, behavior, session):
        module.add(
            pynwb.TimeSeries(
                name=name, data=_flat(values), timestamps=when, unit="a.u.", description=told
            )
        )


def _series(
    activity: Any, behavior: Any, session: Session
) -> Iterator[tuple[Any, str, NDArray[Any], str]]:
    """Where, by which name, what and in words."""
    for signal, areas in session.activity.items():
        for area, values in areas.items():
            yield activity, f"{area}_{signal}", values, f"{signal} of the units of {area}"
    for name, values in session.inputs.items():
        yield behavior, f"input_{name}", values, f"input {name} of the brain"
    for name, values in session.labels.items():
        yield behavior, f"label_{name}", values, f"{name}, which the brain never sees"
    for name, values in session.answers.items():
        told = f"what the objective {name} reads out of the rates"
        yield behavior, f"answer_{name.replace('.', '_')}", values, told


def _add_spikes(file: Any, session: Session, times: NDArray[np.float64]) -> None:
    """Spike times of all units of areas that spike."""
    when = times.T.ravel()
    spiking = {a: _flat(values) for a, values in session.activity.get(SPIKE, {}).items()}
    if spiking:
        file.add_unit_column("area", "name of the area")
    for area, spikes in spiking.items():
        for unit in spikes.T:
            file.add_unit(spike_times=when[unit > 0], area=area)


def _add_trials(file: Any, session: Session, times: NDArray[np.float64]) -> None:
    table = session.trials()
    if not table:
        return
    steps, stream = len(times), table["stream"]
    half = 0.5 / session.frames_per_second
    first = table.pop("response")
    start = times[table.pop("start"), stream]
    stop = times[np.minimum(table.pop("stop"), steps) - 1, stream] + half
    columns = dict(table)
    if "response" in session.labels:
        columns["response_time"] = np.where(first < 0, np.nan, times[first, stream])
    for name in columns:
        file.add_trial_column(name, COLUMNS.get(name, f"{name} at the last step that counts"))
    for k in range(len(stream)):
        own = {name: values[k].item() for name, values in columns.items()}
        file.add_trial(start_time=float(start[k]), stop_time=float(stop[k]), **own)
