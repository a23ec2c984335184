"""NWB files with imaging planes, and those in Zarr: wrong in one way each, or only look so."""

import shutil
from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.wrong.case import Case, same
from benchmarks.wrong.sessions import (
    ONSETS,
    SHOWN,
    Table,
    add_intervals,
    of_units,
    read,
    responses,
    right,
    session,
    units,
    write,
)
from brainmodel.probing.recordings import NwbRois

TRACES = np.random.default_rng(0).standard_normal((1800, 3))  # 30 frames/s for a minute


def of_rois(data: Any = TRACES, name: str = "DfOverF", **series: Any) -> Any:
    """Three ROIs in V1, and events that showed a picture each."""
    pynwb, file = import_module("pynwb"), session()
    device = file.create_device(name="scope")
    channel = pynwb.ophys.OpticalChannel(name="green", description="g", emission_lambda=520.0)
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="layer 2/3",
        device=device,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
        imaging_rate=30.0,
    )
    module = file.create_processing_module("ophys", "two-photon")
    segmentation, held = pynwb.ophys.ImageSegmentation(), pynwb.ophys.DfOverF(name=name)
    module.add(segmentation)
    module.add(held)
    cells = segmentation.create_plane_segmentation("cells", plane, "cells")
    for _ in range(3):
        cells.add_roi(image_mask=np.ones((2, 2)))
    rois = cells.create_roi_table_region("all", region=[0, 1, 2])
    usual: Table = {"name": "traces", "data": data, "rois": rois, "unit": "dF/F", "rate": 30.0}
    usual |= series
    if "timestamps" in series:
        del usual["rate"]
    held.create_roi_response_series(**usual)
    add_intervals(file, ONSETS, image=SHOWN)
    return file


def rois(folder: Path, file: Any = of_rois, zarr: bool = False, **options: Any) -> Any:
    """What is read of a file of ROIs."""
    name = "s.nwb.zarr" if zarr else "s.nwb"
    write(file(), folder / name, zarr)
    return read(folder, name, NwbRois, **options)


@cache
def means() -> Any:
    """[roi, stimulus, repeat, time] means of TRACES, frame by frame."""
    seconds = np.arange(1800) / 30
    found = [
        [
            TRACES[(seconds >= t + a - 1e-9) & (seconds < t + b - 1e-9)].mean(0)
            for a, b in ((0, 0.25), (0.25, 0.5))
        ]
        for t in ONSETS
    ]
    return np.array(found).reshape(10, 4, 2, 3).transpose(3, 1, 0, 2)


def roi_cases() -> Iterator[Case]:
    """Of two-photon ROIs."""
    yield Case("nwb: no units", lambda f: units(f, of_rois), r"no table of units: read_rois reads")
    yield Case("nwb rois: right", rois, lambda r: same(r, means()))
    scaled = partial(of_rois, (TRACES - 1) / 2, conversion=2.0, offset=1.0)
    yield Case("nwb rois: stored otherwise", lambda f: rois(f, scaled), lambda r: same(r, means()))
    other = partial(of_rois, name="dff")
    yield Case("nwb rois: another name", lambda f: rois(f, other), lambda r: same(r, means()))
    asked: Table = {"series": "Fluorescence"}
    yield Case(
        "nwb rois: no such series", lambda f: rois(f, **asked), r"no ROI response series 'Fluo"
    )
    falls = partial(of_rois, timestamps=np.arange(1800)[::-1] / 30)
    yield Case(
        "nwb rois: times fall", lambda f: rois(f, falls), r"timestamps of traces do not rise"
    )
    lacks = partial(
        of_rois, timestamps=np.where(np.arange(1800) == 9, np.nan, np.arange(1800) / 30)
    )
    yield Case(
        "nwb rois: times lack", lambda f: rois(f, lacks), r"timestamps of traces do not rise"
    )
    turned = partial(of_rois, TRACES[:900].T, rate=30.0)
    yield Case("nwb rois: turned", lambda f: rois(f, turned), r"write it as \[time, ROI\]")
    early = partial(of_rois, TRACES[:900])  # stops after 30 s
    yield Case("nwb rois: recording stopped", lambda f: rois(f, early), _stopped)
    never = partial(of_rois, starting_time=1e6)
    yield Case(
        "nwb rois: another clock", lambda f: rois(f, never), r"almost all of them are NaN|clock"
    )
    no_rois = of_units
    yield Case("nwb rois: of units", lambda f: rois(f, no_rois), r"no processing module 'ophys'")


def _stopped(found: Any) -> bool:
    held = responses(found)
    return np.allclose(held[:, :, :6], means()[:, :, :6]) and bool(np.isnan(held[:, 1, 6:]).all())


def zarr_cases() -> Iterator[Case]:
    """The same in Zarr."""
    yield Case("nwb zarr: units", lambda f: units(f, zarr=True), right)
    yield Case("nwb zarr: rois", lambda f: rois(f, zarr=True), lambda r: same(r, means()))
    yield Case(
        "nwb zarr: a folder", lambda f: read(f, "."), r"is a folder without Zarr: give an .nwb"
    )
    yield Case(
        "nwb zarr: of Zarr 3", _zarr3, r"s.nwb.zarr is of Zarr 3, which hdmf-zarr cannot read"
    )
    yield Case("nwb zarr: half of it", _half, r"chunks of \w+ are missing: fetch the file again")
    yield Case("nwb zarr: garbled", _garbled, r"s.nwb.zarr is not a (readable|whole) NWB file")


def _zarr3(folder: Path) -> Any:
    (folder / "s.nwb.zarr").mkdir()
    (folder / "s.nwb.zarr" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    return read(folder, "s.nwb.zarr")


def _half(folder: Path) -> Any:
    path = write(of_units(), folder / "s.nwb.zarr", zarr=True)
    shutil.rmtree(path / "intervals")
    shutil.rmtree(path / "units" / "spike_times")
    return read(folder, "s.nwb.zarr")


def _garbled(folder: Path) -> Any:
    path = write(of_units(), folder / "s.nwb.zarr", zarr=True)
    for chunk in (path / "units" / "spike_times").glob("[0-9]*"):
        chunk.write_bytes(b"\x02\x01!" + bytes(40))
    return read(folder, "s.nwb.zarr")


CASES = [*roi_cases(), *zarr_cases()]
