"""Wrong tables, netCDF files, folders of macaque V4 and of the 92 images, and folders of videos."""

import io
import pickle
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image
from scipy.io import savemat

from benchmarks.wrong.case import EDGES as BINS
from benchmarks.wrong.case import FRAMES, VALUES, Case, same
from benchmarks.wrong.sessions import EDGES, ONSETS, SHOWN, TRAIN, counted
from brainmodel.data.video_files import find_videos, load_films
from brainmodel.probing.recordings import Images92, MacaqueV4, NetcdfFile, Tables
from brainmodel.probing.recordings.readers.labelled import Labelled
from brainmodel.probing.recordings.readers.tables import Columns

TWO = np.concatenate([counted(), counted() * 0])  # the second unit fired at no event


def trials() -> pd.DataFrame:
    """Forty of them."""
    return pd.DataFrame({"start_time": ONSETS, "stop_time": ONSETS + 0.5, "stimulus": SHOWN})


def spikes() -> pd.DataFrame:
    """Of unit 7 those of TRAIN, of unit 10 two; in no order."""
    frame = pd.DataFrame({"unit": [7] * 600 + [10] * 2, "time": [*TRAIN, 1.0, 50.0], "area": "V1"})
    return frame.sample(frac=1, random_state=0)


def tables(folder: Path, of_trials: Any = None, of_spikes: Any = None, **options: Any) -> Any:
    """What is read of .csv files."""
    held = trials() if of_trials is None else of_trials(trials())
    fired = spikes() if of_spikes is None else of_spikes(spikes())
    style = options.pop("style", {})
    held.to_csv(folder / "trials.csv", index=False, **style)
    fired.to_csv(folder / "spikes.csv", index=False, **style)
    return read(folder, folder / "trials.csv", folder / "spikes.csv", **options)


def read(folder: Path, of_trials: Any, of_spikes: Any, **options: Any) -> Any:
    """What is read of these tables."""
    np.save(folder / "f.npy", options.pop("shown", FRAMES))
    usual = {"edges": EDGES, "frames": str(folder / "f.npy"), "frame_edges": [0.0, 0.5]}
    return Tables(of_trials, of_spikes, **(usual | options)).read()


def two(found: Any) -> bool:
    """Whether both units are right."""
    return same(found, TWO)


def table_cases() -> Iterator[Case]:
    """Tables of trials and spikes."""
    yield Case("tables: right", tables, two)
    for name, style in {"semicolons": {"sep": ";"}, "tabs": {"sep": "\t"}}.items():
        yield Case(f"tables: {name}", lambda f, s=style: tables(f, style=s), two)
    marked = {"encoding": "utf-8-sig"}
    yield Case("tables: a mark of bytes", lambda f: tables(f, style=marked), two)
    commas = {"sep": ";", "decimal": ","}
    yield Case(
        "tables: decimal commas", lambda f: tables(f, style=commas), r"is not one time in s|no num"
    )
    yield Case("tables: in Parquet", _parquet, two)
    yield Case("tables: in Python", lambda f: read(f, trials(), spikes()), two)
    spans = lambda d: d.assign(start_time=pd.to_timedelta(d.start_time, "s"))  # noqa: E731
    yield Case("tables: spans of time", lambda f: read(f, spans(trials()), spikes()), two)
    dates = lambda d: d.assign(start_time=pd.to_datetime(d.start_time, unit="s"))  # noqa: E731
    yield Case("tables: dates", lambda f: tables(f, dates), r"start_time of trials is not one time")
    for column in ("start_time", "stimulus"):
        drop = lambda d, c=column: d.drop(columns=c)  # noqa: E731
        yield Case(
            f"tables: without {column}", lambda f, c=drop: tables(f, c), r"no column of trials c"
        )
    for column, wanted in {
        "unit": r"no column of spikes called 'unit': there are",
        "time": r"no column of spikes called 'time': there are",
        "area": r"no column of areas: give as columns.area one of .*, or the area itself",
    }.items():
        drop = lambda d, c=column: d.drop(columns=c)  # noqa: E731
        yield Case(f"tables: without {column}", lambda f, c=drop: tables(f, None, c), wanted)
    yield from _files()
    yield from _trials()
    yield from _spikes()


def _parquet(folder: Path) -> Any:
    trials().to_parquet(folder / "t.parquet")
    spikes().to_parquet(folder / "s.parquet")
    return read(folder, folder / "t.parquet", str(folder / "s.parquet"))


def _files() -> Iterator[Case]:
    for name, content in {
        "empty": b"",
        "bytes": bytes(range(256)) * 9,
        "pickled": pickle.dumps(trials()),
        "ragged": b"start_time,stimulus\n1.0,a\n2.0,b,c,d\n",
    }.items():
        yield Case(
            f"tables: {name}", lambda f, c=content: _raw(f, c), r"t.csv is not a table in CSV|no c"
        )
    yield Case(
        "tables: no rows", lambda f: _raw(f, b"start_time,stimulus\n"), r"trials has no rows: gi"
    )
    yield Case("tables: no file", lambda f: read(f, "t.csv", "s.csv"), r"t.csv is not a file: give")
    yield Case(
        "tables: a list", lambda f: read(f, [1.0], spikes()), r"trials is list: give a DataFra"
    )
    comma = lambda f: _raw(f, _by_row("{},{},\n"))  # noqa: E731
    yield Case("tables: a comma at the end", comma, r"t.csv: rows have a separator at their end")
    yield Case("tables: R's names of rows", lambda f: _raw(f, _by_row("r{2},{0},{1}\n")), two)
    named = lambda f: read(f, trials().set_index("stimulus", drop=False), spikes())  # noqa: E731
    yield Case("tables: an index beside its column", named, two)
    cut = lambda f: _raw(f, _bytes(trials())[:300], "t.parquet")  # noqa: E731
    yield Case("tables: Parquet cut off", cut, r"t.parquet is not a table in Parquet")


def _by_row(row: str) -> bytes:
    """Trials with two columns in the first line, and rows as they are to be."""
    held = zip(ONSETS, SHOWN, range(len(SHOWN)), strict=True)
    return ("start_time,stimulus\n" + "".join(row.format(*values) for values in held)).encode()


def _bytes(frame: Any) -> bytes:
    written = io.BytesIO()
    frame.to_parquet(written)
    return written.getvalue()


def _raw(folder: Path, content: bytes, name: str = "t.csv") -> Any:
    (folder / name).write_bytes(content)
    return read(folder, folder / name, spikes())


def _trials() -> Iterator[Case]:
    mixed = lambda d: d.sample(frac=1, random_state=1)  # noqa: E731
    sums = lambda r: np.allclose(np.sort(r.recording.responses, 2), np.sort(TWO, 2))  # noqa: E731
    yield Case("tables: shuffled trials", lambda f: tables(f, mixed), sums)
    words = lambda d: d.assign(stimulus=[f"im{(2, 3, 10, 11)[k]}" for k in SHOWN])  # noqa: E731
    yield Case("tables: stimuli in words", lambda f: tables(f, words), two)
    zeros = lambda d: d.assign(stimulus=[("02", "3", "010", "11")[k] for k in SHOWN])  # noqa: E731
    kept = lambda r: two(r) and r.recording.stimuli.tolist() == ["02", "3", "010", "11"]  # noqa: E731
    yield Case("tables: names with zeros", lambda f: tables(f, zeros), kept)
    empty = lambda d: d.assign(stimulus=d.stimulus.where(d.stimulus < 3))  # noqa: E731
    fewer = lambda r: same(r, TWO[:, :3]) and len(r.recording.left_out) == 1  # noqa: E731
    yield Case("tables: no stimulus", lambda f: tables(f, empty, shown=FRAMES[:3]), fewer)
    no_onset = lambda d: pd.concat([d, d.head(4).assign(start_time=np.nan)])  # noqa: E731
    yield Case("tables: no onset", lambda f: tables(f, no_onset), two)
    late = lambda d: d.assign(on=d.start_time, start_time=d.start_time - 0.7)  # noqa: E731
    onset = {"columns": Columns(onset="on")}
    yield Case("tables: another onset", lambda f: tables(f, late, **onset), two)
    in_ms = {"edges": [0, 250, 500]}
    yield Case("tables: edges in ms", lambda f: tables(f, **in_ms), r"in seconds, not milliseconds")
    no_end = lambda d: d.drop(columns="stop_time")  # noqa: E731
    yield Case("tables: no stop_time", lambda f: tables(f, no_end), two)


def _spikes() -> Iterator[Case]:
    whole = lambda d: d.assign(time=(d.time * 30000).round())  # noqa: E731
    yield Case(
        "tables: in samples", lambda f: tables(f, None, whole), r"spike times are whole numbers"
    )
    lost = lambda d: pd.concat([d, d.head(9).assign(time=np.nan)])  # noqa: E731
    never = lambda d: d.assign(time=np.nan)  # noqa: E731
    nowhen = r"all 602 spikes are at no time \(NaN or -1\): give times in seconds"
    yield Case("tables: all spikes at no time", lambda f: tables(f, None, never), nowhen)
    counts = lambda r: two(r) and len(r.recording.left_out) == 1  # noqa: E731
    yield Case("tables: spikes at no time", lambda f: tables(f, None, lost), counts)
    text = lambda d: d.assign(time=d.time.astype(str) + " s")  # noqa: E731
    yield Case(
        "tables: times with a unit", lambda f: tables(f, None, text), r"time of spikes holds what"
    )
    of_none = lambda d: d.assign(unit=d.unit.where(d.unit > 7))  # noqa: E731
    yield Case(
        "tables: spikes of no unit", lambda f: tables(f, None, of_none), r"unit is empty in some"
    )
    places = lambda d: d.assign(area=np.where(d.time == TRAIN[0], "V2", "V1"))  # noqa: E731
    yield Case(
        "tables: a unit in two areas", lambda f: tables(f, None, places), r"'7' are of 'V1' and"
    )
    blank = lambda d: d.assign(area=np.where(d.unit == 7, "V1", ""))  # noqa: E731
    unknown = lambda r: two(r) and r.recording.areas.tolist() == ["V1", "unknown"]  # noqa: E731
    yield Case("tables: no area of one", lambda f: tables(f, None, blank), unknown)
    slip = {"columns": Columns(area="aera")}
    yield Case(
        "tables: nearly an area", lambda f: tables(f, **slip), r"no 'aera', but there is 'area'"
    )
    itself = {"columns": Columns(area="LGN")}
    lgn = lambda r: two(r) and r.recording.area_names == ["LGN"]  # noqa: E731
    yield Case("tables: the area itself", lambda f: tables(f, **itself), lgn)
    units = pd.DataFrame({"unit": [10.0, 3.0, 7.0], "area": ["V1", "V2", "V1"]})
    silent = TWO[[1, 1, 0]]
    known = lambda f, u=units: tables(f, units=u)  # noqa: E731
    yield Case("tables: a silent unit", known, lambda r: same(r, silent))
    few = lambda f: tables(f, units=units.head(1))  # noqa: E731
    strangers = lambda r: "600 of 602 spikes of units that are not used" in r.recording.left_out  # noqa: E731
    yield Case("tables: units not listed", few, strangers)
    named = units.assign(unit=["u10", "u3", "u7"])
    none = r"spikes are of units such as '.*', and none of these is among the units, such as 'u10'"
    yield Case("tables: units named otherwise", lambda f: tables(f, units=named), none)
    yield Case("tables: units by shank and cluster", _shanks, two)
    twice = pd.concat([units, units])
    yield Case(
        "tables: a unit twice", lambda f: tables(f, units=twice), r"stands twice in units: give"
    )
    noise = units.assign(quality=["noise", "good", "good"])
    yield Case("tables: noise", lambda f: tables(f, units=noise), lambda r: same(r, silent[1:]))


def _shanks(folder: Path) -> Any:
    """Units 1_11 and 11_1, which are no numbers: two, each with its own spikes."""
    return tables(folder, None, lambda d: d.assign(unit=np.where(d.unit == 7, "1_11", "11_1")))


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


def v4(folder: Path, change: Any = None, counts: Any = VALUES[..., 0], **held: Any) -> Any:
    """What is read of a folder like that of macaque V4."""
    means = held.get("means", np.asarray(counts).mean(2) if np.ndim(counts) == 3 else counts)
    np.save(folder / "responses_9_raw.npy", counts)
    np.save(folder / "responses_9_avg.npy", means)
    with zipfile.ZipFile(folder / "images_9.zip", "w") as opened:
        for k, name in enumerate(held.get("names", ["im1.png", "im2.png", "im10.png", "im11.png"])):
            opened.writestr(name, held.get("picture", png)(k))
    if change is not None:
        change(folder)
    return MacaqueV4(str(folder), "9").read()


def png(gray: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """A picture of one gray, in color."""
    written = io.BytesIO()
    Image.new("RGB", size, (gray,) * 3).save(written, "png")
    return written.getvalue()


def folder_cases() -> Iterator[Case]:
    """Folders of macaque V4, of the 92 images, of videos."""
    grays = lambda r: np.allclose(r.stimuli.frames[:, 0, 0, 0, 0] * 255, range(4))  # noqa: E731
    right = lambda r: same(r, VALUES[..., :1]) and grays(r)  # noqa: E731
    yield Case("v4: right", v4, right)
    finder = ["im1.png", "im2.png", "im10.png", "im11.png", "__MACOSX/._im1.png"]
    yield Case("v4: files of the Finder", lambda f: v4(f, names=finder), right)
    yield Case(
        "v4: no folder", lambda f: MacaqueV4(str(f / "x")).read(), r"x is not a folder: give"
    )
    yield Case(
        "v4: no session", lambda f: MacaqueV4(str(f)).read(), r"210325_avg.npy is not a file"
    )
    fewer = lambda f: v4(f, names=["im1.png"])  # noqa: E731
    yield Case("v4: images lack", fewer, r"1 images of session 9, averages .*: take all from one")
    other = lambda f: v4(f, means=np.zeros((9, 4)))  # noqa: E731
    yield Case(
        "v4: other averages", other, r"averages \(9, 4\), single repeats .*: take all from one"
    )
    flat = lambda f: v4(f, counts=VALUES[..., 0, 0])  # noqa: E731
    yield Case(
        "v4: one repeat as a table", flat, r"raw.npy has shape \(3, 4\): it should be \[unit, ima"
    )
    no_zip = lambda w: (w / "images_9.zip").write_bytes(b"x")  # noqa: E731
    yield Case("v4: damaged zip", lambda f: v4(f, no_zip), r"images_9.zip is not a readable .zip")
    text = lambda w: (w / "responses_9_raw.npy").write_text("1, 2")  # noqa: E731
    yield Case(
        "v4: text named .npy", lambda f: v4(f, text), r"raw.npy is not an .npy of plain numbers"
    )
    torn = lambda f: v4(f, picture=lambda k: png(k)[:45])  # noqa: E731
    yield Case("v4: damaged picture", torn, r"im1.png is not a readable picture")
    sizes = lambda f: v4(f, picture=lambda k: png(k, (8 + k, 8)))  # noqa: E731
    yield Case("v4: sizes differ", sizes, r"im2.png has shape \(8, 9, 3\), the first \(8, 8, 3\)")
    yield Case(
        "92: no folder", lambda f: Images92(str(f / "x")).read(), r"x is not a folder: give the"
    )
    yield Case(
        "92: nothing in it", lambda f: Images92(str(f)).read(), r"92_brainRDMs.mat is not a file"
    )
    yield Case("92: another file", _other92, r"92_brainRDMs.mat: no variable 'RDMs.RDM': there are")
    yield Case("92: text", _text92, r"92_brainRDMs.mat is not a readable .mat file")
    yield from _video_cases()


def _other92(folder: Path) -> Any:
    savemat(folder / "92_brainRDMs.mat", {"x": 1})
    return Images92(str(folder)).read()


def _text92(folder: Path) -> Any:
    (folder / "92_brainRDMs.mat").write_text("x" * 600)
    return Images92(str(folder)).read()


def _video_cases() -> Iterator[Case]:
    for name, content in {
        "empty": b"",
        "text": b"no film" * 99,
        "pickled": pickle.dumps(1),
    }.items():
        yield Case(
            f"video: {name}", lambda f, c=content: film(f, c), r"cannot decode .*a.mp4 \(.*\): rem"
        )
    yield Case(
        "video: a folder", lambda f: film(f, None), r"a.mp4 \(is no file\): remove what is br"
    )
    yield Case("video: none", lambda f: find_videos(f), r"has no video: give one with files of")
    skipped = lambda f: film(f, b"", True)  # noqa: E731
    yield Case("video: none is left", skipped, r"cannot decode .*a.mp4 .*if others are left")


def film(folder: Path, content: bytes | None, skip_corrupt: bool = False) -> Any:
    """What is decoded of a file with this content, or of a folder."""
    where = folder / "videos"
    (where / "a.mp4").mkdir(parents=True) if content is None else where.mkdir()
    if content is not None:
        (where / "a.mp4").write_bytes(content)
    return load_films(find_videos(where), 24, 1, folder / "cache", skip_corrupt)


CASES = [*table_cases(), *netcdf_cases(), *folder_cases()]
