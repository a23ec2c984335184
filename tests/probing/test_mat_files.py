"""MATLAB's files as labs write them: cells, characters, structures, tables; either version, cut."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_array

from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.readers.mat import load_mat, read_mat
from brainmodel.probing.recordings.readers.rds import read_rds_recording

VALUES = np.random.default_rng(0).random((3, 4, 6, 5))
AREAS = ["VISp", "VISp", "VISl"]
LAYOUT = Layout(
    "responses",
    "neuron stimulus repeat time",
    np.linspace(0, 0.25, 6).tolist(),
    "spikes/s",
    "areas",
)


class Modern:
    """A file of version 7.3 as MATLAB lays it out, field by field."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, h5py.File(path, "w", userblock_size=512)
        self.refs = 0

    def __enter__(self) -> "Modern":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        with self.path.open("r+b") as opened:
            opened.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")

    def put(self, where: Any, name: str, value: Any, kind: str) -> Any:
        """A data set, its axes in reverse, with MATLAB's name of its class."""
        held = where.create_dataset(name, data=value)
        held.attrs["MATLAB_class"] = np.bytes_(kind)
        return held

    def char(self, where: Any, name: str, rows: list[str]) -> Any:
        """A matrix of characters, one text a row."""
        width = max(map(len, rows))
        codes = np.array([[ord(c) for c in row.ljust(width)] for row in rows], np.uint16)
        if not width:
            held = self.put(where, name, np.array([0, 0], np.uint64), "char")
            held.attrs["MATLAB_empty"] = np.uint8(1)
            return held
        return self.put(where, name, codes.T, "char")

    def refer(self, put: Callable[[Any, str], Any]) -> Any:
        """A reference to what is put among those of cells."""
        self.refs += 1
        return put(self.file.require_group("#refs#"), str(self.refs)).ref

    def cell(self, where: Any, name: str, texts: list[str]) -> Any:
        refs = [self.refer(lambda g, n, t=text: self.char(g, n, [t])) for text in texts]
        return self.put(where, name, np.array([refs], h5py.ref_dtype), "cell")

    def struct(self, name: str) -> Any:
        group = self.file.create_group(name)
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        return group


@pytest.mark.parametrize("kind", ["cell", "char"])
def test_names_of_areas_are_cells_or_rows_of_characters(kind: str, tmp_path: Path) -> None:
    names = ["VISp", "VISpm", ""]
    old, new = tmp_path / "old.mat", tmp_path / "new.mat"
    savemat(
        old, {"responses": VALUES, "areas": np.array(names, object if kind == "cell" else "U5")}
    )
    with Modern(new) as file:
        file.put(file.file, "responses", VALUES.T, "double")
        getattr(file, kind)(file.file, "areas", names)
    for path in (old, new):
        found = read_mat(path, LAYOUT)
        assert found.areas.tolist() == ["VISp", "VISpm", "unknown"]
        assert np.array_equal(found.responses, VALUES)


def test_fields_of_structures_have_paths_and_one_area_holds_for_all(tmp_path: Path) -> None:
    old, new = tmp_path / "old.mat", tmp_path / "new.mat"
    savemat(
        old,
        {"data": {"responses": VALUES, "where": {"areas": np.array(AREAS, object)}, "lab": "V4"}},
    )
    with Modern(new) as file:
        data = file.struct("data")
        file.put(data, "responses", VALUES.T, "double")
        where = data.create_group("where")
        where.attrs["MATLAB_class"] = np.bytes_("struct")
        file.cell(where, "areas", AREAS)
        file.char(data, "lab", ["V4"])
    layout = replace(LAYOUT, responses="data.responses", areas="data.where.areas")
    for path in (old, new):
        found = read_mat(path, layout)
        assert np.array_equal(found.responses, VALUES) and found.areas.tolist() == AREAS
        assert read_mat(path, replace(layout, areas="data.lab")).areas.tolist() == ["V4"] * 3
        there = r"there are \['data.lab', 'data.responses', 'data.where.areas'\]"
        for wrong in (
            replace(layout, responses="data"),
            replace(layout, responses="responses"),
            replace(layout, areas="data.where.area"),
        ):
            with pytest.raises(ValueError, match=rf"{path.name}: no variable '.*': {there}"):
                read_mat(path, wrong)


def test_arrays_of_structures_are_read_field_by_field(tmp_path: Path) -> None:
    old, new = tmp_path / "old.mat", tmp_path / "new.mat"
    fields = [("area", object), ("responses", object)]
    savemat(old, {"units": np.array(list(zip(AREAS, VALUES, strict=True)), fields)})
    with Modern(new) as file:
        units = file.struct("units")
        areas = [file.refer(lambda g, n, a=a: file.char(g, n, [a])) for a in AREAS]
        values = [file.refer(lambda g, n, v=v: file.put(g, n, v.T, "double")) for v in VALUES]
        units.create_dataset("area", data=np.array([areas], h5py.ref_dtype))
        units.create_dataset("responses", data=np.array([values], h5py.ref_dtype))
    for path in (old, new):
        found = read_mat(path, replace(LAYOUT, responses="units.responses", areas="units.area"))
        assert np.array_equal(found.responses, VALUES) and found.areas.tolist() == AREAS
        with pytest.raises(
            ValueError, match=r"no variable 'units': there are \['units.area', 'unit"
        ):
            read_mat(path, replace(LAYOUT, responses="units"))


def test_trials_in_a_cell_count_as_one_array_if_they_have_one_shape(tmp_path: Path) -> None:
    trials = np.empty(4, object)
    trials[:] = list(VALUES[0])  # each [6, 5]
    shown = np.empty(4, object)
    shown[:] = ["a", np.array(["b"], object), "", "a"]
    savemat(tmp_path / "t.mat", {"trials": trials, "shown": shown})
    layout = replace(
        LAYOUT, responses="trials", axes="trial neuron time", stimulus=["shown"], areas="V1"
    )
    found = read_mat(tmp_path / "t.mat", layout)
    assert found.stimuli.tolist() == ["a", "b"] and found.left_out == ("1 of 4 events, blank ('')",)
    assert np.array_equal(found.responses[:, 0, 1], VALUES[0, 3])
    with pytest.raises(
        ValueError, match=r"t.mat: trials holds several values in a row: name a col"
    ):
        read_mat(tmp_path / "t.mat", replace(layout, stimulus=["trials"]))
    trials[2] = VALUES[0, 2, :4]
    savemat(tmp_path / "t.mat", {"trials": trials, "shown": shown, "text": "abc"})
    with pytest.raises(
        ValueError, match=r"t.mat: trials holds arrays of 2 shapes, such as \[\(4, 5"
    ):
        read_mat(tmp_path / "t.mat", layout)
    with pytest.raises(ValueError, match=r"t.mat: text holds no numbers"):
        read_mat(tmp_path / "t.mat", replace(layout, responses="text"))


@pytest.mark.parametrize("modern", [False, True])
def test_sparse_matrices_truths_and_whole_numbers_are_numbers(tmp_path: Path, modern: bool) -> None:
    counts = np.array([[0, 2, 0], [1, 0, 0]])
    path, sparse = tmp_path / "s.mat", csc_array(counts.astype(float))
    if modern:
        with Modern(path) as file:
            group = file.struct("sparse")
            group.attrs["MATLAB_class"] = np.bytes_("double")
            group.attrs["MATLAB_sparse"] = np.uint64(2)
            for name, value in (
                ("data", sparse.data),
                ("ir", sparse.indices),
                ("jc", sparse.indptr),
            ):
                group.create_dataset(name, data=value)
            file.put(file.file, "truth", (counts > 0).astype(np.uint8).T, "logical")
            file.put(file.file, "whole", counts.astype(np.int16).T, "int16")
    else:
        savemat(path, {"sparse": sparse, "truth": counts > 0, "whole": counts.astype(np.int16)})
    layout = Layout("sparse", "neuron stimulus", [0, 1], "spikes", "V1")
    for name, wanted in (("sparse", counts), ("truth", counts > 0), ("whole", counts)):
        found = read_mat(path, replace(layout, responses=name)).responses
        assert np.array_equal(found[..., 0, 0], wanted)


def test_tables_and_strings_of_matlab_are_refused_where_they_are_asked_for(tmp_path: Path) -> None:
    new, old = tmp_path / "new.mat", tmp_path / "old.mat"
    with Modern(new) as file:
        file.put(file.file, "responses", VALUES.T, "double")
        for name, kind in (("trials", "table"), ("areas", "string")):
            held = file.put(file.file, name, np.zeros((1, 6), np.uint32), kind)
            held.attrs["MATLAB_object_decode"] = np.int32(3)
    assert np.array_equal(read_mat(new, replace(LAYOUT, areas="V1")).responses, VALUES)
    with pytest.raises(
        ValueError, match=r"new.mat: areas is a MATLAB string, which cannot be read: sav"
    ):
        read_mat(new, LAYOUT)
    savemat(old, {"responses": VALUES, "areas": np.array(AREAS, object)})
    with old.open("ab") as opened:
        opened.write(_opaque(b"trials", b"table"))
    assert np.array_equal(read_mat(old, LAYOUT).responses, VALUES)
    for path in (old, new):
        with pytest.raises(
            ValueError, match=r"trials is a MATLAB table, which cannot be read: save its"
        ):
            read_mat(path, replace(LAYOUT, responses="trials"))


def _opaque(name: bytes, kind: bytes) -> bytes:
    """An object of MATLAB's as versions to 7.2 write it: name, system and class, then numbers."""

    def element(code: int, body: bytes) -> bytes:
        padded = body.ljust(-(-len(body) // 8) * 8, b"\x00")
        return np.array([code, len(body)], "<u4").tobytes() + padded

    numbers = element(6, np.array([13, 0], "<u4").tobytes())  # a uint32 array ...
    numbers += element(5, np.array([1, 1], "<i4").tobytes()) + element(1, b"")
    numbers += element(6, np.array([7], "<u4").tobytes())
    flags = element(6, np.array([17, 0], "<u4").tobytes())  # ... in an object
    texts = element(1, name) + element(1, b"MCOS") + element(1, kind)
    return element(14, flags + texts + element(14, numbers))


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize("compress", [False, True])
def test_a_file_that_was_cut_off_is_refused_wherever_it_was_cut(
    tmp_path: Path, modern: bool, compress: bool
) -> None:
    whole, cut = tmp_path / "whole.mat", tmp_path / "cut.mat"
    if modern:
        with Modern(whole) as file:
            file.put(file.file, "responses", VALUES.T, "double")
            file.cell(file.file, "areas", AREAS)
    else:
        savemat(whole, {"responses": VALUES}, do_compression=compress)
    content = whole.read_bytes()
    for size in np.linspace(0, len(content) - 9, 25).astype(int):
        cut.write_bytes(content[:size])
        with pytest.raises(
            ValueError, match=r"cut.mat(: no variable| is not a readable .mat file)"
        ) as told:
            read_mat(cut, LAYOUT)
        assert "\n" not in str(told.value)


def test_what_matlab_itself_wrote_is_read_alike(tmp_path: Path) -> None:
    data = Path(pytest.importorskip("scipy.io.matlab").__file__).parent / "tests" / "data"
    if not data.is_dir():
        pytest.skip("scipy's own test files are not installed")
    new, old = (load_mat(data / f"test{kind}_7.4_GLNX86.mat") for kind in ("hdf5", "double"))
    assert new["testdouble"].shape == (9,) and np.array_equal(new["testdouble"], old["testdouble"])
    many = load_mat(data / "teststructarr_7.4_GLNX86.mat")
    assert many["teststructarr.one"].tolist() == ["1", "number 1"]  # says scipy
    assert load_mat(data / "teststringarray_7.4_GLNX86.mat")["teststringarray"].tolist() == [
        "one  ",
        "two  ",
        "three",
    ]


def test_lists_within_lists_and_frames_of_r_have_paths_too(tmp_path: Path) -> None:
    rdata: Any = pytest.importorskip("rdata")
    pandas: Any = pytest.importorskip("pandas")
    held = {"data": {"rates": VALUES[:, :, 0, 0], "area": np.array(AREAS)}}
    held["trials"] = pandas.DataFrame({"frame": [10.0, 2.0, 1.0, 2.0]})
    rdata.write_rds(tmp_path / "l.rds", held)
    layout = Layout("data.rates", "neuron trial", [0, 1], "spikes", "data.area", ["trials.frame"])
    found = read_rds_recording(tmp_path / "l.rds", layout)
    assert found.stimuli.tolist() == ["1.0", "2.0", "10.0"] and found.areas.tolist() == AREAS
    assert np.array_equal(found.responses[:, 1, :, 0], VALUES[:, [1, 3], 0, 0])
