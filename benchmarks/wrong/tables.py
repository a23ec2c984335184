"""Wrong tables, netCDF files, folders of macaque V4 and of the 92 images, and folders of videos."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.wrong.case import FRAMES, Case, same
from benchmarks.wrong.sessions import EDGES, ONSETS, SHOWN, TRAIN, counted
from brainmodel.probing.recordings import Tables
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
    twice = b"start_time,stimulus,stimulus\n1.0,a,b\n2.0,b,a\n"
    yield Case(
        "tables: a column twice", lambda f: _raw(f, twice), r"'stimulus' stands there more t"
    )
    both = lambda f: read(f, pd.concat([trials(), trials()], axis=1), spikes())  # noqa: E731
    yield Case("tables: columns joined twice", both, r"trials: the column 'start_time' stands the")
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


CASES = [*table_cases()]
