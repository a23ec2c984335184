"""Wrong .mat files of versions 5 and 7.3, and wrong .rds files."""

import gzip
import pickle
import struct
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat
from scipy.sparse import csc_array

from benchmarks.wrong.case import EDGES, FRAMES, STIMULI, VALUES, Case, same
from brainmodel.probing.recordings import LeaveOut, MatFile, RdsFile
from brainmodel.probing.recordings.readers.arrays import Layout

PLACES = np.array(["V1", "V1", "V2"], object)
AXES = "neuron stimulus repeat time"
TRIALS = VALUES.transpose(1, 2, 0, 3).reshape(8, 3, 5)  # [trial, neuron, time], repeats together
SHOWN = np.repeat(np.arange(STIMULI), 2)  # of the trials


def opened(kind: str, folder: Path, axes: str, changes: dict[str, Any]) -> Any:
    """What is read of r.mat or r.rds, with this layout."""
    usual: dict[str, Any] = {"responses": "spikes", "axes": axes, "edges": EDGES, "unit": "spikes"}
    usual |= {"areas": "area"} | changes
    leave_out = usual.pop("leave_out", LeaveOut())
    np.save(folder / "f.npy", usual.pop("frames", FRAMES))
    experiment = MatFile if kind == "mat" else RdsFile
    shown = str(folder / "f.npy"), usual.pop("frame_edges", [0.0, 0.25])
    return experiment(str(folder / f"r.{kind}"), Layout(**usual), *shown, leave_out).read()


def mat5(folder: Path, held: dict[str, Any] | None = None, axes: str = AXES, **layout: Any) -> Any:
    """Of a file of version 5."""
    savemat(folder / "r.mat", {"spikes": VALUES, "area": PLACES} if held is None else held)
    return opened("mat", folder, axes, layout)


def trials5(folder: Path, side: Any, values: Any = TRIALS, **layout: Any) -> Any:
    """Of trials in a file of version 5 that `side` names."""
    held = {"spikes": values, "area": PLACES, "side": side}
    return mat5(folder, held, "trial neuron time", stimulus=["side"], **layout)


def mat73(folder: Path, values: Any = VALUES, change: Any = None, **layout: Any) -> Any:
    """Of a file of version 7.3."""
    with h5py.File(folder / "r.mat", "w", userblock_size=512) as file:
        file["spikes"] = np.asarray(values).T
        if change is not None:
            change(file)
    with (folder / "r.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return opened("mat", folder, AXES, {"areas": "V1"} | layout)


def raw(kind: str, content: bytes, folder: Path) -> Any:
    """Of a file with this content."""
    (folder / f"r.{kind}").write_bytes(content)
    return opened(kind, folder, AXES, {})


def cut(write: Any, kind: str, keep: float, folder: Path) -> Any:
    """Of a right file, of which so much is kept."""
    write(folder)
    content = (folder / f"r.{kind}").read_bytes()
    return raw(kind, content[: int(len(content) * keep)], folder)


def mat5_cases() -> Iterator[Case]:
    """Version 5."""
    yield Case("mat: right", mat5, same)
    yield Case("mat: no file", lambda f: opened("mat", f, AXES, {}), r"r.mat is not a file")
    for name, content in {
        "empty": b"",
        "text": b"spikes,area\n1,2\n" * 40,
        "pickled": pickle.dumps(VALUES),
        "zeros": bytes(4000),
        "a wrong head": b"MATLAB 7.3 MAT-file".ljust(600),
    }.items():
        yield Case(
            f"mat: {name}", lambda f, c=content: raw("mat", c, f), r"not a readable .mat file"
        )
    yield Case("mat: cut off", lambda f: cut(mat5, "mat", 0.6, f), r"r.mat is not a readable .mat")
    yield Case("mat: claims 10^12 numbers", _claims5, r"r.mat is not a readable .mat|GiB")
    yield Case(
        "mat: no such variable", lambda f: mat5(f, responses="rates"), r"no variable 'rates'"
    )
    yield Case(
        "mat: nearly an area", lambda f: mat5(f, areas="areas"), r"no 'areas', but .* 'area'"
    )
    yield Case(
        "mat: three axes named", lambda f: mat5(f, axes="neuron stimulus time"), r"but axes is"
    )
    yield Case(
        "mat: an axis twice", lambda f: mat5(f, axes="neuron neuron time"), r"name each axis o"
    )
    held = {"spikes": VALUES * 1j, "area": PLACES}
    yield Case(
        "mat: complex", lambda f: mat5(f, held), r"spikes holds no numbers: name the variable"
    )
    text = {"spikes": "abc", "area": PLACES}
    yield Case("mat: text for numbers", lambda f: mat5(f, text), r"spikes holds no numbers")
    empty = {"spikes": np.zeros((0, 0)), "area": PLACES}
    yield Case("mat: empty variable", lambda f: mat5(f, empty), r"shape \(0, 0\)|shape \(0,\)")
    in_s = lambda f: mat5(f, edges=[e * 1000 for e in EDGES])  # noqa: E731
    yield Case("mat: edges in ms", in_s, r"give edges in seconds, not milliseconds")
    one = {"spikes": VALUES[:1, :, :1], "area": "V1"}
    yield Case("mat: one neuron, one repeat", lambda f: mat5(f, one), r"but none of length one, if")
    sparse = {"spikes": csc_array(VALUES[:, :, 0, 0]), "area": PLACES}
    asked = {"axes": "neuron stimulus", "edges": [0, 0.25]}
    whole = VALUES[:, :, :1, :1]
    yield Case("mat: sparse", lambda f: mat5(f, sparse, **asked), lambda r: same(r, whole))
    gap = {"spikes": VALUES, "area": np.array(["V1", "", "V2"], object)}
    unknown = lambda r: r.recording.areas.tolist() == ["V1", "unknown", "V2"]  # noqa: E731
    yield Case("mat: no area of one", lambda f: mat5(f, gap), unknown)
    few = {"spikes": VALUES, "area": np.array(["V1", "V2"], object)}
    yield Case("mat: an area lacks", lambda f: mat5(f, few), r"areas has shape \(2,\): give 3")
    yield from _mat5_trials()


def _mat5_trials() -> Iterator[Case]:
    shuffled = np.random.default_rng(0).permutation(8)
    mixed = lambda r: np.allclose(np.sort(r.recording.responses, 2), np.sort(VALUES, 2))  # noqa: E731
    yield Case("mat: trials", lambda f: trials5(f, SHOWN), same)
    of_mixed = SHOWN[shuffled], TRIALS[shuffled]
    yield Case("mat: shuffled trials", lambda f: trials5(f, *of_mixed), mixed)
    names = np.array([f"im{k}" for k in (1, 2, 10, 11)], object)[SHOWN]
    order = ["im1", "im2", "im10", "im11"]
    named = lambda r: same(r) and r.recording.stimuli.tolist() == order  # noqa: E731
    yield Case("mat: named by text", lambda f: trials5(f, names), named)
    blank = np.where(SHOWN == 3, -1, SHOWN)
    fewer = lambda r: same(r, VALUES[:, :3]) and len(r.recording.left_out) == 1  # noqa: E731
    yield Case("mat: blanks", lambda f: trials5(f, blank, frames=FRAMES[:3]), fewer)
    nan = np.where(SHOWN == 3, np.nan, SHOWN)
    yield Case("mat: NaN for a blank", lambda f: trials5(f, nan, frames=FRAMES[:3]), fewer)
    yield Case(
        "mat: blanks with frames", lambda f: trials5(f, blank), r"left out: 2 of 8 events, bla"
    )
    yield Case(
        "mat: all blank", lambda f: trials5(f, SHOWN * np.nan), r"every value of side is a bla"
    )
    yield Case(
        "mat: a name lacks", lambda f: trials5(f, SHOWN[:7]), r"side has shape \(7,\): give 8"
    )
    pairs = np.stack([SHOWN, SHOWN], 1)
    yield Case("mat: two names a trial", lambda f: trials5(f, pairs), r"side has shape \(8, 2\)")
    without = lambda f: mat5(f, axes="trial neuron time")  # noqa: E731
    yield Case(
        "mat: trials without names", without, r"say which variables tell what each trial sho"
    )


def _claims5(folder: Path) -> Any:
    """A header of version 5 with a matrix of 10^12 numbers, and none of them."""
    dims = struct.pack("<IIIIII", 5, 8, 1000000, 1000000, 1, 0)[:16]
    flags = struct.pack("<IIII", 6, 8, 6, 0)
    name = struct.pack("<II", 1, 6) + b"spikes\x00\x00"
    data = struct.pack("<II", 9, 0xFFFFFFF0)
    body = flags + dims + name + data
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    return raw("mat", head + struct.pack("<II", 14, len(body)) + body, folder)


def mat73_cases() -> Iterator[Case]:
    """Version 7.3."""
    yield Case("mat 7.3: right", mat73, same)
    yield Case("mat 7.3: cut off", lambda f: cut(mat73, "mat", 0.3, f), r"not a readable .mat file")
    yield Case("mat 7.3: garbled", _garbled73, r"not a readable .mat file")
    yield Case("mat 7.3: claims 10^12 numbers", _claims73, r"/more takes .* GiB, more memory than")
    yield Case(
        "mat 7.3: a table", _table73, r"spikes is a MATLAB table, which cannot be read: save"
    )
    yield Case("mat 7.3: plain HDF5", _plain73, same)
    counts = np.random.default_rng(2).integers(0, 9, VALUES.shape)
    yield Case("mat 7.3: counts", lambda f: mat73(f, counts), lambda r: same(r, counts))
    dangling = lambda f: mat73(f, change=_dangling, areas="names")  # noqa: E731
    yield Case("mat 7.3: a cell of nothing", dangling, r"not a readable .mat file|names")


def _garbled73(folder: Path) -> Any:
    mat73(folder)
    content = (folder / "r.mat").read_bytes()
    return raw("mat", content[:560] + b"\xff" * 300 + content[860:], folder)


def _claims73(folder: Path) -> Any:
    def more(file: Any) -> None:
        file.create_dataset("more", (10**6, 10**6), "f8", chunks=(100, 100))

    return mat73(folder, change=more)


def _table73(folder: Path) -> Any:
    def table(file: Any) -> None:
        file["spikes"].attrs["MATLAB_object_decode"] = 3
        file["spikes"].attrs["MATLAB_class"] = np.bytes_("table")

    return mat73(folder, change=table)


def _plain73(folder: Path) -> Any:
    with h5py.File(folder / "r.mat", "w") as file:
        file["spikes"] = VALUES.T
    return opened("mat", folder, AXES, {"areas": "V1"})


def _dangling(file: Any) -> None:
    file.create_dataset("names", (1, 3), h5py.ref_dtype)
    file["names"].attrs["MATLAB_class"] = np.bytes_("cell")


def rds(folder: Path, held: Any = None, axes: str = AXES, **layout: Any) -> Any:
    """Of an .rds file."""
    rdata = import_module("rdata")
    usual = {"spikes": VALUES, "area": PLACES.astype(str)}
    rdata.write_rds(folder / "r.rds", usual if held is None else held)
    return opened("rds", folder, axes, layout)


def rds_cases() -> Iterator[Case]:
    """R's format."""
    yield Case("rds: right", rds, same)
    yield Case("rds: no file", lambda f: opened("rds", f, AXES, {}), r"r.rds is not a file")
    for name, content in {
        "empty": b"",
        "text": b"spikes,area\n1,2\n",
        "pickled": pickle.dumps(VALUES),
        "zeros, compressed": gzip.compress(bytes(4000)),
    }.items():
        yield Case(
            f"rds: {name}", lambda f, c=content: raw("rds", c, f), r"r.rds is not a readable .rd"
        )
    yield Case("rds: cut off", lambda f: cut(rds, "rds", 0.5, f), r"r.rds is not a readable .rds")
    yield Case(
        "rds: one vector", lambda f: rds(f, np.arange(3.0)), r"r.rds holds a .*: save one named"
    )
    yield Case("rds: no such entry", lambda f: rds(f, responses="x"), r"no variable 'x': there are")
    text = {"spikes": np.array(["a", "b"]), "area": "V1"}
    yield Case(
        "rds: text for numbers",
        lambda f: rds(f, text),
        r"spikes holds no numbers: name the variable",
    )
    ragged = {"spikes": [VALUES[0, 0], VALUES[0, 0, :, :3]], "area": "V1"}
    named = lambda f: rds(f, ragged, "stimulus repeat time")  # noqa: E731
    yield Case(
        "rds: ragged", named, r"spikes holds arrays of 2 shapes, such as .*: fill them up to"
    )


CASES = [*mat5_cases(), *mat73_cases(), *rds_cases()]
