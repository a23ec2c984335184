"""netCDF files: wrong in one way each, or only look so."""

import pickle
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from benchmarks.wrong.case import EDGES as BINS
from benchmarks.wrong.case import FRAMES, VALUES, Case, same
from brainmodel.probing.recordings import NetcdfFile
from brainmodel.probing.recordings.readers.labelled import Labelled


def labelled(folder: Path, change: Any = None, **options: Any) -> Any:
    """What is read of a netCDF file."""
    held = xr.Dataset(
        {"spikes": (("neuron", "stimulus", "repeat", "time"), VALUES, {"units": "spikes/s"})},
        {
            "area": ("neuron", ["V1", "V1", "V2"]),
            "stimulus": [f"im{k}" for k in range(4)],
            "time": np.arange(0.025, 0.25, 0.05),
        },
    )
    held = held if change is None else change(held)
    style = options.pop("style", {"engine": "h5netcdf"})
    held.to_netcdf(folder / "r.nc", **style)
    return of_labelled(folder, "r.nc", **options)


def of_labelled(folder: Path, name: str = "r.nc", **options: Any) -> Any:
    """What is read of a file that is there."""
    np.save(folder / "f.npy", FRAMES)
    shown = str(folder / "f.npy"), options.pop("frame_edges", [0.0, 0.25])
    return NetcdfFile(str(folder / name), *shown, Labelled(**options)).read()


def netcdf_cases() -> Iterator[Case]:
    """NetCDF and xarray."""
    right = lambda r: same(r) and np.allclose(r.recording.edges, BINS)  # noqa: E731
    yield Case("netcdf: right", labelled, right)
    yield Case("netcdf: version 3", lambda f: labelled(f, style={"engine": "scipy"}), right)
    turned = lambda d: d.transpose("time", "stimulus", "neuron", "repeat")  # noqa: E731
    yield Case("netcdf: other axes", lambda f: labelled(f, turned), right)
    yield Case("netcdf: an assembly of BrainScore", _assembly, _unmixed)
    for name, content in {"empty": b"", "text": b"a,b\n", "pickled": pickle.dumps(VALUES)}.items():
        yield Case(
            f"netcdf: {name}", lambda f, c=content: _raw_nc(f, c), r"not a netCDF file \(it begins"
        )
    yield Case("netcdf: cut off", _cut_nc, r"r.nc is not (a netCDF file|whole)")
    yield Case("netcdf: no file", of_labelled, r"r.nc is not a file: give the path")
    yield Case("netcdf: claims 10^12 numbers", _huge, r"r.nc: responses takes .* GiB, more memory")
    other = lambda d: d.rename(time="bin")  # noqa: E731
    yield Case(
        "netcdf: an unknown name", lambda f: labelled(f, other), r"dimension 'bin' is none of neu"
    )
    named = {"dims": {"time": "bin"}}
    yield Case("netcdf: named", lambda f: labelled(f, other, **named), right)
    yield Case(
        "netcdf: a wrong name", lambda f: labelled(f, dims={"bin": "time"}), r"dims has 'bin': gi"
    )
    other_way = lambda d: d.assign_coords(area=("stimulus", list("abcd")))  # noqa: E731
    along = r"area is along stimulus: name a coordinate along neuron"
    yield Case("netcdf: areas of stimuli", lambda f: labelled(f, other_way), along)
    ms = lambda d: d.assign_coords(time=("time", d.time.values * 1000, {"units": "ms"}))  # noqa: E731
    yield Case("netcdf: time in ms", lambda f: labelled(f, ms), right)
    no_ms = lambda d: d.assign_coords(time=d.time * 1000)  # noqa: E731
    yield Case(
        "netcdf: ms without a word", lambda f: labelled(f, no_ms), r"edges in seconds, not milli"
    )
    days = lambda d: d.assign_coords(time=("time", d.time.values, {"units": "days"}))  # noqa: E731
    yield Case(
        "netcdf: time in days", lambda f: labelled(f, days), r"in 'days': give edges, in s from"
    )
    uneven = lambda d: d.assign_coords(time=[0, 1, 2, 3, 9])  # noqa: E731
    yield Case(
        "netcdf: uneven times", lambda f: labelled(f, uneven), r"time is not evenly spaced: give"
    )
    untimed = lambda d: d.drop_vars("time")  # noqa: E731
    yield Case(
        "netcdf: no times", lambda f: labelled(f, untimed), r"no coordinate 'time' says when bins"
    )
    yield Case("netcdf: edges given", lambda f: labelled(f, untimed, edges=BINS), right)
    nowhere = lambda d: d.drop_vars("area")  # noqa: E731
    yield Case(
        "netcdf: no areas", lambda f: labelled(f, nowhere), r"no coordinate 'area': give as areas"
    )
    bare = lambda d: d.assign(spikes=d.spikes.drop_attrs())  # noqa: E731
    yield Case("netcdf: no unit", lambda f: labelled(f, bare), r"no attribute units: give the unit")
    more = lambda d: d.assign(more=d.spikes)  # noqa: E731
    yield Case(
        "netcdf: two variables", lambda f: labelled(f, more), r"2 variables have a dimension 'neu"
    )
    yield Case("netcdf: chosen", lambda f: labelled(f, more, responses="spikes"), right)
    twice = lambda d: d.assign_coords(stimulus=list("abca"))  # noqa: E731
    yield Case(
        "netcdf: a stimulus twice", lambda f: labelled(f, twice), r"'a' stands 2 times in stimuli"
    )


def _huge(folder: Path) -> Any:
    with import_module("h5netcdf").File(folder / "r.nc", "w") as file:
        file.dimensions = {"neuron": 10**6, "stimulus": 10**6}
        file.create_variable("spikes", ("neuron", "stimulus"), float, chunks=(100, 100))
    return of_labelled(folder, areas="V1", edges=BINS[:2], unit="spikes/s")


def _assembly(folder: Path) -> Any:
    """Presentations in any order, bins by their start and end in ms, names in coordinates."""
    order = np.random.default_rng(0).permutation(8)
    names = np.array([f"im{k}" for k in (1, 2, 10, 11)])
    starts = np.arange(5) * 50.0
    values = VALUES.transpose(1, 2, 0, 3).reshape(8, 3, 5)
    held = xr.Dataset(
        {"rates": (("presentation", "neuroid", "time_bin"), values[order])},
        {
            "stimulus_id": ("presentation", names.repeat(2)[order]),
            "region": ("neuroid", ["V4", "V4", "IT"]),
            "time_bin_start": ("time_bin", starts, {"units": "ms"}),
            "time_bin_end": ("time_bin", starts + 50, {"units": "ms"}),
        },
    )
    held.to_netcdf(folder / "r.nc", engine="h5netcdf")
    dims = {"trial": "presentation", "neuron": "neuroid", "time": "time_bin"}
    asked = {"dims": dims, "areas": "region", "stimulus": ["stimulus_id"], "unit": "spikes/s"}
    return of_labelled(folder, **asked)


def _unmixed(found: Any) -> bool:
    """Whether the repeats of each stimulus are right, in whichever order."""
    responses = found.recording.responses
    return np.allclose(np.sort(responses, 2), np.sort(VALUES, 2)) and np.allclose(
        found.recording.edges, BINS
    )


def _raw_nc(folder: Path, content: bytes) -> Any:
    (folder / "r.nc").write_bytes(content)
    return of_labelled(folder)


def _cut_nc(folder: Path) -> Any:
    labelled(folder)
    content = (folder / "r.nc").read_bytes()
    return _raw_nc(folder, content[: len(content) // 2])


CASES = [*netcdf_cases()]
