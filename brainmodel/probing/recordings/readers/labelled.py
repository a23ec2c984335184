"""Recordings in arrays whose dimensions have names: xarray, and its files in netCDF.

Such are BrainScore's assemblies (presentation, neuroid, time_bin) and the counts of the AllenSDK.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.optional import optional
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import (
    ORDER,
    Layout,
    recording_of,
    require_no_slip,
)
from brainmodel.probing.recordings.readers.conditions import as_words
from brainmodel.probing.recordings.readers.files import (
    readable,
    require_field,
    require_file,
    require_room,
)
from brainmodel.probing.recordings.recording import LABELS, Recording

DIMENSIONS = (*ORDER, "trial")
SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0}
SECONDS |= dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3)
ENGINES = {b"CDF\x01": "scipy", b"CDF\x02": "scipy", b"\x89HDF": "h5netcdf"}  # by first bytes


@dataclass(frozen=True)
class Labelled:
    """What is what in a data set whose dimensions have names.

    Args:
        responses: the variable; the only one with a dimension of neurons, unless given.
        dims: by neuron, stimulus, repeat, trial or time what the data set calls it, where it calls
            it otherwise. "trial" stands for stimulus and repeat.
        areas: coordinate of neurons that holds their areas or, if there is none, the area itself.
        stimulus: coordinates that name what was shown; unless given, that of the dimension
            stimulus, or the coordinate "stimulus" of trials.
        edges: [time + 1] of the bins, s from onset. Unless given, from the coordinates TIME_start
            and TIME_end, or from that of TIME itself, the evenly spaced centres of bins; in the
            unit they note, s or ms.
        unit: of the responses; the attribute "units", unless given.
    """

    responses: str | None = None
    dims: Mapping[str, str] = field(default_factory=dict)
    areas: str = "area"
    stimulus: Sequence[str] = ()
    edges: Sequence[float] | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        if unknown := set(self.dims) - set(DIMENSIONS):
            raise ValueError(
                f"dims has {min(unknown)!r}: give names for {', '.join(DIMENSIONS)} alone."
            )

    def own(self, name: str) -> str:
        """What the data set calls a dimension."""
        return self.dims.get(name, name)


USUAL_NAMES = Labelled()


def read_labelled(
    path: str | Path, labelled: Labelled = USUAL_NAMES, leave_out: LeaveOut = USUAL
) -> Recording:
    """Read a recording from a netCDF file, of version 3 or 4.

    Args:
        path: of the file.
        labelled: what is what in it.
        leave_out: what to leave out.

    Raises:
        FileNotFoundError: if there is no such file.
        ModuleNotFoundError: if the library for its kind is not installed.
        ValueError: in one sentence, if it is damaged, or dimensions or coordinates do not fit.
    """
    source = require_file(path)
    with readable(source, "a netCDF file", "write it with Dataset.to_netcdf"):
        data = optional("xarray").open_dataset(source, engine=_engine(source), decode_times=False)
    with data:
        return from_xarray(data, labelled, leave_out, source.name)


def _engine(source: Path) -> str:
    """What xarray reads the file with."""
    with source.open("rb") as opened:
        first = opened.read(4)
    if first not in ENGINES:
        raise ValueError("it begins as no such file does")
    if ENGINES[first] == "h5netcdf":
        optional("h5netcdf")
    return ENGINES[first]


def from_xarray(
    data: Any,
    labelled: Labelled = USUAL_NAMES,
    leave_out: LeaveOut = USUAL,
    source: str = "xarray",
) -> Recording:
    """The recording that a DataArray or a Dataset holds.

    Args:
        data: of xarray.
        labelled: what is what in it.
        leave_out: what to leave out.
        source: of the data, for messages.

    Raises:
        ValueError: in one sentence, if dimensions or coordinates do not fit.
    """
    array = _variable(data, labelled, source) if hasattr(data, "data_vars") else data
    ours = {labelled.own(name): name for name in DIMENSIONS}
    for name in array.dims:
        if name not in ours:
            raise ValueError(
                f"{source}: dimension {name!r} is none of {', '.join(DIMENSIONS)}: say with dims "
                "which it is, or take its mean."
            )
    axes = [ours[name] for name in array.dims]
    held = {str(name): value for name, value in {**_around(data), **array.coords}.items()}
    layout = Layout(
        str(array.name or "responses"),
        " ".join(axes),
        _edges(array, labelled, source) if labelled.edges is None else labelled.edges,
        labelled.unit or str(array.attrs.get("units", "")) or _no_unit(source),
        labelled.areas,
        labelled.stimulus or _stimulus(axes, held, labelled),
    )
    require_no_slip(labelled.areas, held, source)
    _require_areas(held, labelled, source)
    _require_along(held, array, layout, source)
    needed = {name: held[name].values for name in (*layout.stimulus, layout.areas) if name in held}
    values = _values(array, source)
    recording = recording_of({**needed, layout.responses: values}, layout, source, leave_out)
    return replace(recording, **_labels(held, labelled, source))


def _variable(data: Any, labelled: Labelled, source: str) -> Any:
    """The variable of a data set that holds the responses."""
    name, neuron = labelled.responses, labelled.own("neuron")
    if name is None:
        found = [name for name, value in data.data_vars.items() if neuron in value.dims]
        if len(found) != 1:
            raise ValueError(
                f"{source}: {len(found)} variables have a dimension {neuron!r}: name as responses "
                f"one of {sorted(map(str, data.data_vars))}, or give dims.neuron."
            )
        name = found[0]
    require_field(source, "variable", name, data.data_vars)
    return data[name]


def _around(data: Any) -> dict[Any, Any]:
    """Variables of one dimension, which may name things as coordinates do."""
    inside = getattr(data, "data_vars", {})
    return {name: value for name, value in inside.items() if len(value.dims) == 1}


def _values(array: Any, source: str) -> Any:
    require_room(source, "responses", array.nbytes)
    with readable(source, "whole", "write it again"):
        return array.values


def _stimulus(axes: Sequence[str], held: Mapping[str, Any], labelled: Labelled) -> Sequence[str]:
    if "trial" in axes:
        return ("stimulus",) if "stimulus" in held else ()
    name = labelled.own("stimulus")
    return (name,) if name in held else ()


def _no_unit(source: str) -> str:
    raise ValueError(f"{source}: no attribute units: give the unit of the responses.")


def _require_areas(held: Mapping[str, Any], labelled: Labelled, source: str) -> None:
    if labelled.areas == Labelled.areas and labelled.areas not in held:
        raise ValueError(
            f"{source}: no coordinate 'area': give as areas one of {sorted(held)}, or the area "
            "itself."
        )


def _require_along(held: Mapping[str, Any], array: Any, layout: Layout, source: str) -> None:
    """Refuse areas that are not along neurons, and names that are not along what was shown."""
    of = dict(zip(layout.axes.split(), array.dims, strict=True))
    shown = of.get("trial", of.get("stimulus"))
    wanted = {layout.areas: of.get("neuron")} | dict.fromkeys(layout.stimulus, shown)
    for name, dimension in wanted.items():
        along = held[name].dims if name in held else ()
        if along and along != (dimension,):
            raise ValueError(
                f"{source}: {name} is along {', '.join(map(str, along))}: name a coordinate along "
                f"{dimension}."
            )


def _edges(array: Any, labelled: Labelled, source: str) -> list[float]:
    """[time + 1] s, from coordinates."""
    name = labelled.own("time")
    remedy = "give edges, in s from onset"
    both = [f"{name}_start", f"{name}_end"]
    if all(one in array.coords for one in both):
        starts, ends = (_seconds(array.coords[one], source) for one in both)
        if not np.allclose(starts[1:], ends[:-1]):
            raise ValueError(f"{source}: bins of {name} do not touch each other: {remedy}.")
        return [*starts.tolist(), float(ends[-1])]
    if name not in array.dims or name not in array.coords:
        raise ValueError(f"{source}: no coordinate {name!r} says when bins are: {remedy}.")
    centres = _seconds(array.coords[name], source)
    steps = np.diff(centres)
    if not len(steps) or not np.allclose(steps, steps[0]):
        raise ValueError(f"{source}: {name} is not evenly spaced: {remedy}.")
    return [*(centres - steps[0] / 2).tolist(), float(centres[-1] + steps[0] / 2)]


def _seconds(coordinate: Any, source: str) -> Floats:
    """[time] of a coordinate, in s whatever it is kept in."""
    values = np.atleast_1d(np.asarray(coordinate.values))
    if values.dtype.kind == "m":
        return values / np.timedelta64(1, "s")
    unit = str(coordinate.attrs.get("units", "s")).lower()
    if unit not in SECONDS or values.dtype.kind not in "iuf":
        raise ValueError(
            f"{source}: {coordinate.name} is {values.dtype} in {unit!r}: give edges, in s from "
            "onset."
        )
    return values.astype(float) * SECONDS[unit]


def _labels(held: Mapping[str, Any], labelled: Labelled, source: str) -> dict[str, Any]:
    found = {}
    for label, name in LABELS.items():
        if name in held and held[name].dims == (labelled.own("neuron"),):
            values = held[name].values
            found[label] = values if label == "depths" else as_words(values, name, source)
    return found
