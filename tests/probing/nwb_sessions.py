"""Sessions of NWB written in a few lines, for tests of what stands in them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pynwb: Any = pytest.importorskip("pynwb")


def session() -> Any:
    """An empty file."""
    return pynwb.NWBFile("a test", "session 1", datetime(2020, 1, 1, tzinfo=UTC))


def add_electrodes(file: Any, places: Sequence[str], groups: Sequence[str] = ()) -> None:
    """Electrodes 850, 852, ... at these places, each in the group (probe) of that name."""
    device = file.create_device("probes")
    names = list(groups) or ["probe"] * len(places)
    made = {
        name: file.create_electrode_group(name, "a probe", "cortex", device)
        for name in dict.fromkeys(names)
    }
    for row, (place, name) in enumerate(zip(places, names, strict=True)):
        file.add_electrode(id=850 + 2 * row, location=place, group=made[name])


def add_units(file: Any, trains: Sequence[Any], **columns: Sequence[Any]) -> None:
    """Units with spike times and further columns; on electrode 850 unless they say where."""
    if not {"peak_channel_id", "electrodes", "electrode_group"} & set(columns):
        columns["peak_channel_id"] = [850] * len(trains)
    for column in columns:
        if column not in ("electrodes", "electrode_group"):
            file.add_unit_column(column, column)
    for k, train in enumerate(trains):
        file.add_unit(spike_times=train, **{name: held[k] for name, held in columns.items()})


def add_intervals(file: Any, name: str, onsets: Any, last: float = 0.25, **columns: Any) -> None:
    """A table of intervals that begin at these onsets and last so many seconds."""
    table = pynwb.epoch.TimeIntervals(name=name, description=name)
    for column in columns:
        table.add_column(column, column)
    for k, onset in enumerate(onsets):
        row = {column: held[k] for column, held in columns.items()}
        table.add_row(start_time=float(onset), stop_time=float(onset) + last, **row)
    file.add_time_intervals(table)


def save(file: Any, path: Path) -> Path:
    """Write the file."""
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path
