"""An NWB file, opened: as HDF5 or as Zarr; and its tables of events and of invalid times."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.optional import optional
from brainmodel.probing.recordings.readers.conditions import as_text
from brainmodel.probing.recordings.readers.events import (
    NEVER,
    Asked,
    InvalidTimes,
    ShownEvents,
    read_events,
)
from brainmodel.probing.recordings.readers.files import readable, require_field, require_file
from brainmodel.probing.recordings.readers.movies import Table


@contextmanager
def opened(path: str | Path) -> Iterator[tuple[Path, Any]]:
    """An open NWB file; damage is told in one sentence.

    Raises:
        FileNotFoundError: if there is no such file.
        ModuleNotFoundError: if the library for its kind is not installed.
        ValueError: if it is damaged, or of another version of NWB or Zarr.
    """
    source = Path(path) if Path(path).is_dir() else require_file(path)
    io = _zarr(source) if source.is_dir() else _hdf5(source)
    with io:
        with readable(source, "a readable NWB file", "fetch it again"):
            file = io.read()
        try:
            yield source, file
        except (OSError, RuntimeError) as damage:  # in what is read only when it is asked for
            with readable(source, "a whole NWB file", "fetch it again"):
                raise damage


def _hdf5(source: Path) -> Any:
    pynwb = optional("pynwb")
    if version := _old_version(source):
        raise ValueError(
            f"{source} is of {version}, read by other software than NWB 2: convert it or fetch "
            "the data set's release in NWB 2."
        )
    with readable(source, "a readable NWB file", "fetch it again"):
        return pynwb.NWBHDF5IO(str(source), "r", load_namespaces=True)


def _old_version(source: Path) -> str | None:
    """The version of NWB 1 that a file is of; None where it is of none."""
    h5py = optional("h5py")
    try:
        with h5py.File(source, "r") as held:
            version = held.get("nwb_version")
            found = as_text(version[()]) if isinstance(version, h5py.Dataset) else ""
    except (OSError, RuntimeError, KeyError):  # damaged: told when it is opened as NWB 2
        return None
    return found if found.upper().startswith("NWB-1") else None


def _zarr(source: Path) -> Any:
    if not any((source / name).is_file() for name in (".zgroup", ".zmetadata", "zarr.json")):
        raise FileNotFoundError(
            f"{source} is a folder without Zarr: give an .nwb, or an .nwb.zarr."
        )
    if (source / "zarr.json").is_file() and not (source / ".zgroup").is_file():
        raise ValueError(f"{source} is of Zarr 3, which hdmf-zarr cannot read: write it in Zarr 2.")
    hdmf_zarr = optional("hdmf_zarr", "zarr")
    with readable(source, "a readable NWB file in Zarr", "fetch it again"):
        return hdmf_zarr.NWBZarrIO(str(source), "r", load_namespaces=True)


def columns_of(source: Path, table: Any) -> Table:
    """The columns of a table of NWB by name; none is read yet.

    Of a column that refers to rows of another table, what is read are the numbers of these rows.
    """
    columns = {name: table[name] for name in table.colnames}
    found = {name: held.data if hasattr(held, "table") else held for name, held in columns.items()}
    for name, column in columns.items():
        require_chunks(source, name, column.data)
        require_chunks(source, name, getattr(getattr(column, "target", None), "data", None))
    return found


def require_chunks(source: Path, name: str, data: Any) -> None:
    """Refuse an array of Zarr of which chunks are missing: they would be read as zeros."""
    if (count := getattr(data, "nchunks", None)) and (there := data.nchunks_initialized) < count:
        raise ValueError(
            f"{source}: {count - there} of {count} chunks of {name} are missing: fetch the file "
            "again."
        )


def shown_events(source: Path, file: Any, asked: Asked) -> ShownEvents:
    """The events of a table of intervals; errors as of `read_events`."""
    tables = dict(file.intervals or {})
    if not tables:
        raise ValueError(f"{source}: no table of intervals: it says nothing of stimuli.")
    require_field(source, "table of intervals", asked.intervals, tables)
    return read_events(
        source, columns_of(source, tables[asked.intervals]), asked, invalid_times(file)
    )


def invalid_times(file: Any) -> InvalidTimes:
    """The table `invalid_times` of a file; its tags may name electrode groups, planes, devices."""
    table = file.invalid_times
    if table is None or len(table) == 0:
        return NEVER
    known = {*file.electrode_groups, *file.imaging_planes, *file.devices}
    tags = table["tags"] if "tags" in table.colnames else [()] * len(table)
    stops = np.asarray(table["stop_time"][:], float)
    return InvalidTimes(
        np.asarray(table["start_time"][:], float),
        np.where(np.isnan(stops), np.inf, stops),
        [frozenset(map(str, tags[row])) & known for row in range(len(table))],
    )
