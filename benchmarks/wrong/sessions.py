"""Wrong NWB files with units; those with imaging planes are in `planes`."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.wrong.case import FRAMES, Case, same
from brainmodel.probing.recordings import LeaveOut, NwbUnits

EDGES = [0.0, 0.25, 0.5]
ONSETS = np.arange(5, 45, 1.0)  # s; 40 events, four pictures in turn
SHOWN = np.arange(40) % 4
TRAIN = np.sort(np.random.default_rng(0).uniform(0, 60, 600))
Table = dict[str, Any]


@cache
def counted() -> Any:
    """[1, stimulus, repeat, time] spikes/s of TRAIN, by looking at each spike."""
    rates = [
        [((t + a <= TRAIN) & (t + b > TRAIN)).sum() / (b - a) for a, b in ((0, 0.25), (0.25, 0.5))]
        for t in ONSETS
    ]
    return np.array(rates).reshape(-1, 4, 2).swapaxes(0, 1)[None]


def session() -> Any:
    """An empty file."""
    return import_module("pynwb").NWBFile("a", "session", datetime(2020, 1, 1, tzinfo=UTC))


def add_intervals(file: Any, onsets: Any, **columns: Any) -> None:
    """A table `scenes` of half a second each."""
    table = import_module("pynwb").epoch.TimeIntervals(name="scenes", description="scenes")
    for column in columns:
        table.add_column(column, column)
    for k, onset in enumerate(onsets):
        row = {column: held[k] for column, held in columns.items()}
        table.add_row(start_time=float(onset), stop_time=float(onset) + 0.5, **row)
    file.add_time_intervals(table)


def failing(start: float, stop: float, *given: Any) -> Any:
    """The same, where nothing was valid for a time."""
    file = of_units(*given)
    file.add_invalid_time_interval(start_time=start, stop_time=stop)
    return file


def referring() -> Any:
    """Events that name their picture by its row in a table of pictures."""
    pynwb, file = import_module("pynwb"), of_units(events={"kind": ["picture"] * 40})
    pictures = pynwb.core.DynamicTable(name="pictures", description="pictures")
    pictures.add_column("file", "file")
    for name in "abcd":
        pictures.add_row(file=name)
    file.add_scratch(pictures)
    file.intervals["scenes"].add_column(
        name="image", description="of pictures", data=SHOWN.tolist(), table=pictures
    )
    return file


def write(file: Any, path: Path, zarr: bool = False) -> Path:
    """Written as HDF5, or as Zarr."""
    kind = ("hdmf_zarr", "NWBZarrIO") if zarr else ("pynwb", "NWBHDF5IO")
    with getattr(import_module(kind[0]), kind[1])(str(path), "w") as io:
        io.write(file)
    return path


def of_units(
    trains: Sequence[Any] = (TRAIN,),
    onsets: Any = ONSETS,
    events: Table | None = None,
    **units: Any,
) -> Any:
    """Units in V1 that fired then, and events that showed a picture each."""
    file = session()
    columns = {"location": ["V1"] * len(trains)} | units
    for name in columns:
        if name != "obs_intervals":
            file.add_unit_column(name, name)
    for k, train in enumerate(trains):
        file.add_unit(spike_times=train, **{name: held[k] for name, held in columns.items()})
    add_intervals(file, onsets, **(events or {"image": SHOWN[: len(onsets)]}))
    return file


def units(folder: Path, file: Any = of_units, zarr: bool = False, **options: Any) -> Any:
    """What is read of a file of units."""
    name = "s.nwb.zarr" if zarr else "s.nwb"
    write(file(), folder / name, zarr)
    return read(folder, name, **options)


def read(folder: Path, name: str = "s.nwb", kind: Any = NwbUnits, **options: Any) -> Any:
    """What is read of a file that is there."""
    usual: Table = {"intervals": "scenes", "stimulus": "image", "edges": EDGES}
    usual |= {"frame_edges": [0.0, 0.5], "frames": str(folder / "f.npy")}
    np.save(folder / "f.npy", options.pop("shown", FRAMES))
    return kind(path=str(folder / name), **(usual | options)).read()


def right(found: Any) -> bool:
    """Whether the rates are those of TRAIN."""
    return same(found, counted())


def unit_cases() -> Iterator[Case]:
    """Of units."""
    yield Case("nwb: right", units, right)
    yield Case("nwb: no file", read, r"s.nwb is not a file: give the path")
    yield Case("nwb: text", lambda f: raw(f, b"start,stop\n"), r"s.nwb is not a readable NWB file")
    yield Case("nwb: empty", lambda f: raw(f, b""), r"s.nwb is not a readable NWB file")
    yield Case("nwb: cut off", lambda f: cut(f, 0.5), r"s.nwb is not a readable NWB file")
    yield Case("nwb: HDF5 of something else", _other, r"s.nwb is not a readable NWB file")
    yield Case(
        "nwb: of version 1", _old, r"s.nwb is of NWB-1.0.6, read by other software than NWB 2"
    )
    yield Case("nwb: damaged spikes", _damaged, r"s.nwb is not a whole NWB file|not a readable NWB")
    yield Case(
        "nwb: spikes cut off", _fewer, r"spike_times_index runs to 600 and should rise to 300"
    )
    for field, value, wanted in (
        ("intervals", "trials", r"no table of intervals 'trials': there are \['scenes'\]"),
        ("stimulus", "picture", r"no column of scenes called 'picture': there are"),
        ("onset", "onset", r"no column of scenes called 'onset': there are"),
        ("area", "region", r"no column of text of units or electrodes 'region': there are"),
        ("movie_frame", "frame", r"no column of scenes called 'frame'"),
        ("edges", [0, 250, 500], r"give edges in seconds, not milliseconds \(0 to 0.5\)"),
        ("edges", [0.5, 0.0], r"edges is \[0.5, 0.0\]: give two numbers or more, rising, in s"),
        ("edges", [0.0], r"edges is \[0.0\]: give two numbers or more"),
        ("edges", [0.0, float("nan")], r"edges is \[0.0, nan\]: give two numbers"),
        ("select", {"quality": ["good"]}, r"no column of units called 'quality'"),
    ):
        change = {field: value}
        yield Case(f"nwb: {field} is {value}", lambda f, c=change: units(f, **c), wanted)
    yield from _spikes()
    yield from _events()
    yield from _places()


def _spikes() -> Iterator[Case]:
    mixed = np.random.default_rng(1).permutation(TRAIN)
    for name, train in {
        "unsorted": mixed,
        "NaN": np.append(TRAIN, [np.nan] * 9),
        "-1 for none": np.append([-1.0] * 9, TRAIN),
        "before the session": np.append([-3.0, -2.0], TRAIN),
    }.items():
        yield Case(
            f"nwb: spikes {name}", lambda f, t=train: units(f, partial(of_units, [t])), right
        )
    samples = partial(of_units, [np.round(TRAIN * 30000)])
    yield Case(
        "nwb: spikes in samples", lambda f: units(f, samples), r"all spike times are whole num"
    )
    late = partial(of_units, [TRAIN + 1e6])
    yield Case("nwb: another clock", lambda f: units(f, late), r"give both in seconds of one clock")
    none = partial(of_units, [[], TRAIN])
    yield Case("nwb: a silent unit", lambda f: units(f, none), lambda r: not responses(r)[0].any())
    stopped = partial(
        of_units, [TRAIN], np.append(ONSETS, ONSETS + 1000), {"image": np.tile(SHOWN, 2)}
    )
    half = lambda r: same(r, np.concatenate([counted(), counted() * np.nan], 2))  # noqa: E731
    yield Case("nwb: recording stopped", lambda f: units(f, stopped), half)
    seen = partial(of_units, [TRAIN], obs_intervals=[[[0.0, 20.25], [20.25, 30.25]]])
    yield Case("nwb: obs_intervals", lambda f: units(f, seen), _observed)
    always = partial(
        of_units, [TRAIN, TRAIN], obs_intervals=[[[0.0, 20], [19, 60]], [[30.0, 60], [0, 30]]]
    )
    twice = lambda r: same(r, counted().repeat(2, 0))  # noqa: E731
    yield Case("nwb: obs_intervals that overlap", lambda f: units(f, always), twice)
    off: Table = {"leave_out": LeaveOut(invalid_times=False)}
    yield Case("nwb: obs_intervals kept", lambda f: units(f, seen, **off), right)


def responses(found: Any) -> Any:
    return found.recording.responses


def _observed(found: Any) -> bool:
    """The unit was observed until 30.25 s: of the event at 30 s in its first bin."""
    events = counted()[0].swapaxes(0, 1).reshape(40, 2).copy()
    events[26:] = np.nan
    events[25, 1] = np.nan
    expected = events.reshape(10, 4, 2).swapaxes(0, 1)[None]
    expected = expected[:, :, ~np.isnan(expected).all((0, 1, 3))]
    held = responses(found)[:, :, : expected.shape[2]]
    said = "29 of 80 responses of units in a bin, outside their obs_intervals"
    return np.allclose(held, expected, equal_nan=True) and said in found.recording.left_out


def _events() -> Iterator[Case]:
    order = np.random.default_rng(0).permutation(40)
    mixed = partial(of_units, [TRAIN], ONSETS[order], {"image": SHOWN[order]})
    in_order = lambda r: np.allclose(np.sort(responses(r), 2), np.sort(counted(), 2))  # noqa: E731
    yield Case("nwb: shuffled events", lambda f: units(f, mixed), in_order)
    for name, values in {
        "text": [f"im{(2, 3, 10, 11)[k]}" for k in SHOWN],
        "numbers in text": [f"{(2, 3, 10, 11)[k]}.0" for k in SHOWN],
        "negative numbers": SHOWN - 30.0,
    }.items():
        file = partial(of_units, [TRAIN], ONSETS, {"image": values})
        yield Case(f"nwb: stimuli as {name}", lambda f, x=file: units(f, x), right)
    for name, blank in {"-1": -1.0, "NaN": np.nan}.items():
        file = partial(of_units, [TRAIN], ONSETS, {"image": np.where(SHOWN == 3, blank, SHOWN)})
        fewer = lambda r: same(r, counted()[:, :3]) and len(r.recording.left_out) == 1  # noqa: E731
        yield Case(f"nwb: {name} blank", lambda f, x=file: units(f, x, shown=FRAMES[:3]), fewer)
    gray = partial(of_units, [TRAIN], ONSETS, {"image": ["gray screen"] * 40})
    yield Case("nwb: all blank", lambda f: units(f, gray), r"every value of image is a blank: name")
    several = partial(of_units, [TRAIN], ONSETS, {"image": [[1, 2]] * 40})
    yield Case(
        "nwb: two names", lambda f: units(f, several), r"image holds several values in a row"
    )
    late = partial(of_units, [TRAIN], ONSETS - 0.7, {"image": SHOWN, "on": ONSETS})
    yield Case("nwb: another onset", lambda f: units(f, late, onset="on"), right)
    no_onset = partial(
        of_units, [TRAIN], np.append(ONSETS, [np.nan] * 4), {"image": [*SHOWN, 0, 1, 2, 3]}
    )
    yield Case("nwb: events at no time", lambda f: units(f, no_onset), right)
    as_text = partial(of_units, [TRAIN], ONSETS, {"image": SHOWN, "on": [f"{t}s" for t in ONSETS]})
    yield Case("nwb: onsets as text", lambda f: units(f, as_text, onset="on"), r"not one time in s")
    yield Case("nwb: pictures of another table", lambda f: units(f, referring), right)
    failed = partial(failing, 0.0, 100.0)
    yield Case("nwb: all times invalid", lambda f: units(f, failed), r"no event of scenes is left")
    part = partial(
        failing,
        49.0,
        54.0,
        [TRAIN],
        np.append(ONSETS, [50, 51, 52, 53]),
        {"image": [*SHOWN, 0, 1, 2, 3]},
    )
    yield Case("nwb: some times invalid", lambda f: units(f, part), right)
    few = lambda f: units(f, shown=FRAMES[:3])  # noqa: E731
    yield Case("nwb: a frame lacks", few, r"frames of 3 stimuli for a recording of 4: give one")


def _places() -> Iterator[Case]:
    for name, place in {"dictionary": "{'area': 'V1', 'depth': 3}", "blanks": " V1 "}.items():
        file = partial(of_units, [TRAIN], location=[place])
        wanted = lambda r: right(r) and r.recording.area_names == ["V1"]  # noqa: E731
        yield Case(f"nwb: area as {name}", lambda f, x=file: units(f, x), wanted)
    own = partial(of_units, [TRAIN], location=[""], acronym=["V1"])
    yield Case(
        "nwb: own column", lambda f: units(f, own), lambda r: r.recording.area_names == ["V1"]
    )
    bad = partial(of_units, [TRAIN], quality=["noise"])
    yield Case(
        "nwb: noise alone", lambda f: units(f, bad), r"no units are left \(1 of 1 units of bad"
    )
    nowhere = partial(of_units, [TRAIN, TRAIN], location=["", ""])
    unknown = lambda r: r.recording.area_names == ["unknown"]  # noqa: E731
    yield Case("nwb: nowhere", lambda f: units(f, nowhere), unknown)


def raw(folder: Path, content: bytes) -> Any:
    """What is read of a file with this content."""
    (folder / "s.nwb").write_bytes(content)
    return read(folder)


def cut(folder: Path, keep: float) -> Any:
    """What is read of a right file, of which so much is kept."""
    content = write(of_units(), folder / "s.nwb").read_bytes()
    return raw(folder, content[: int(len(content) * keep)])


def _other(folder: Path) -> Any:
    with h5py.File(folder / "s.nwb", "w") as file:
        file["spikes"] = TRAIN
    return read(folder)


def _old(folder: Path) -> Any:
    with h5py.File(folder / "s.nwb", "w") as file:
        file["nwb_version"] = "NWB-1.0.6"
    return read(folder)


def _fewer(folder: Path) -> Any:
    path = write(of_units(), folder / "s.nwb")
    with h5py.File(path, "r+") as opened:
        file: Any = opened
        attributes = dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        file["units"].create_dataset("spike_times", data=TRAIN[:300]).attrs.update(attributes)
    return read(folder)


def _damaged(folder: Path) -> Any:
    """Compressed spikes of which the last bytes are zeros."""
    path = write(of_units(), folder / "s.nwb")
    with h5py.File(path, "r+") as opened:
        file: Any = opened
        held = file["units/spike_times"][()]
        attributes = dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        made = file["units"].create_dataset("spike_times", data=held, chunks=(600,), compression=9)
        made.attrs.update(attributes)
        place = made.id.get_chunk_info(0)
        offset, size = place.byte_offset, place.size
    content = bytearray(path.read_bytes())
    content[offset + 20 : offset + size] = bytes(size - 20)
    return raw(folder, bytes(content))


CASES = [*unit_cases()]
