"""Wrong .npz files, matrices and frames."""

import io
import pickle
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.wrong.case import EDGES, FRAMES, STIMULI, VALUES, Case, same
from brainmodel.probing.recordings import LeaveOut, NpzFiles, NpzMatrices, Recording, read_frames

HELD: dict[str, Any] = {
    "responses": VALUES,
    "areas": np.array(["V1", "V1", "V2"]),
    "stimuli": np.array([f"im{k}" for k in range(STIMULI)]),
    "edges": np.array(EDGES),
    "unit": np.array("spikes/s"),
}


def npz(folder: Path, *without: str, frames: Any = FRAMES, **changes: Any) -> Any:
    """What is read of a file with these arrays."""
    held = {name: value for name, value in (HELD | changes).items() if name not in without}
    leave_out = held.pop("leave_out", LeaveOut())
    shown = held.pop("frame_edges", [0.0, 0.25])
    np.savez(folder / "r.npz", **held)
    return read(folder, frames, shown, leave_out)


def read(folder: Path, frames: Any = FRAMES, shown: Any = (0.0, 0.25), leave: Any = None) -> Any:
    """What is read of r.npz in the folder."""
    np.save(folder / "f.npy", frames)
    paths = str(folder / "r.npz"), str(folder / "f.npy")
    return NpzFiles(*paths, shown, leave or LeaveOut()).read()


def damaged(folder: Path, content: bytes, name: str = "r.npz") -> Any:
    """What is read of a file with this content."""
    (folder / name).write_bytes(content)
    return read(folder)


def whole() -> bytes:
    """The content of a right file, compressed."""
    written = io.BytesIO()
    np.savez_compressed(written, **HELD)
    return written.getvalue()


def claiming(folder: Path, count: int) -> Any:
    """A file whose header claims so many numbers, and which has none."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1, 1, 1, count)}
    )
    np.savez(folder / "r.npz", **{n: v for n, v in HELD.items() if n != "responses"})
    with zipfile.ZipFile(folder / "r.npz", "a") as opened:
        opened.writestr("responses.npy", header.getvalue())
    return read(folder)


def npz_cases() -> Iterator[Case]:
    """Recordings in .npz."""
    yield Case("npz: right", npz, same)
    for name in ("responses", "areas", "stimuli", "edges", "unit"):
        yield Case(
            f"npz: without {name}", lambda f, n=name: npz(f, n), rf"r.npz: no array '{name}'"
        )
    yield Case("npz: no file", read, r"r.npz is not a file: give")
    yield Case("npz: empty", lambda f: damaged(f, b""), r"r.npz is not an .npz of plain arrays")
    yield Case("npz: text", lambda f: damaged(f, b"a,b\n1,2\n"), r"r.npz is not an .npz of plain")
    yield Case("npz: pickled", lambda f: damaged(f, pickle.dumps(HELD)), r"is not an .npz of plain")
    yield Case(
        "npz: an .npy", lambda f: damaged(f, _npy(VALUES)), r"is not an .npz of plain arrays"
    )
    yield Case(
        "npz: cut off", lambda f: damaged(f, whole()[:-200]), r"is not an .npz of plain arra"
    )
    yield Case("npz: garbled", lambda f: damaged(f, _garbled(whole())), r"is not an .npz of plain")
    yield Case("npz: a zip of text", lambda f: damaged(f, _zip(b"x")), r"is not an .npz of plain")
    yield Case(
        "npz: claims 10^12 numbers", lambda f: claiming(f, 10**12), r"responses .* GiB, more"
    )
    yield Case(
        "npz: claims 10^6 numbers", lambda f: claiming(f, 10**6), r"says that it has 8000000"
    )
    objects = np.array([None, {"a": 1}], object)
    yield Case("npz: areas of objects", lambda f: npz(f, areas=objects), r"is not an .npz of plain")
    yield Case(
        "npz: an unknown field", lambda f: npz(f, layer=np.ones(3)), r"called 'layer': there"
    )
    yield from _npz_values()


def _npz_values() -> Iterator[Case]:
    counts = np.random.default_rng(2).integers(0, 9, VALUES.shape)
    lost = counts.copy()
    lost[0, 1, 1] = -1
    expected = np.where(lost == -1, np.nan, lost)
    yield Case("npz: whole counts", lambda f: npz(f, responses=counts), lambda r: same(r, counts))
    yield Case("npz: -1 for none", lambda f: npz(f, responses=lost), lambda r: same(r, expected))
    yield Case("npz: big-endian", lambda f: npz(f, responses=VALUES.astype(">f4")), _native)
    yield Case(
        "npz: text for numbers", lambda f: npz(f, responses=VALUES.astype(str)), r"responses is <U"
    )
    yield Case("npz: complex", lambda f: npz(f, responses=VALUES * 1j), r"responses is complex128")
    yield Case(
        "npz: infinite", lambda f: npz(f, responses=VALUES + np.inf), r"infinite values: use NaN"
    )
    yield Case("npz: three axes", lambda f: npz(f, responses=VALUES[0]), r"shape \(4, 2, 5\): give")
    yield Case("npz: no neuron", lambda f: npz(f, responses=VALUES[:0], areas=[]), r"keep at least")
    yield Case(
        "npz: edges in ms", lambda f: npz(f, edges=np.array(EDGES) * 1e3), r"edges in seconds"
    )
    yield Case(
        "npz: frames in ms", lambda f: npz(f, frame_edges=[0, 250]), r"frame_edges in second"
    )
    yield Case(
        "npz: edges as text", lambda f: npz(f, edges=np.array(EDGES).astype(str)), r"edges mus"
    )
    yield Case(
        "npz: edges fall", lambda f: npz(f, edges=EDGES[::-1]), r"edges must rise, in seconds"
    )
    yield Case(
        "npz: edges hold NaN", lambda f: npz(f, edges=[*EDGES[:5], np.nan]), r"edges must rise"
    )
    yield Case(
        "npz: too few edges", lambda f: npz(f, edges=EDGES[:5]), r"edges has shape \(5,\): give"
    )
    yield Case(
        "npz: an area lacks", lambda f: npz(f, areas=["V1", "V2"]), r"areas has shape \(2,\)"
    )
    yield Case(
        "npz: a stimulus twice", lambda f: npz(f, stimuli=list("abca")), r"'a' stands 2 times"
    )
    yield Case(
        "npz: units of three", lambda f: npz(f, unit=np.array(list("abc"))), r"unit is .*: give"
    )
    yield Case("npz: unit in a list", lambda f: npz(f, unit=np.array(["dF/F"])), _unit)
    raw = {name: np.array(HELD[name]).astype("S") for name in ("areas", "stimuli")}
    text = lambda r: same(r) and r.recording.area_names == ["V1", "V2"]  # noqa: E731
    yield Case("npz: names as bytes", lambda f: npz(f, **raw), text)
    yield Case("npz: numbers for areas", lambda f: npz(f, areas=np.array([1, 1, 2])), _areas)
    yield Case(
        "npz: nothing but NaN", lambda f: npz(f, responses=VALUES * np.nan), r"almost all of"
    )
    yield Case("npz: bins lack at an end", lambda f: npz(f, responses=_without(3, 4)), _bins_fewer)
    yield Case("npz: a stimulus lacks", lambda f: npz(f, responses=_without(1, 0)), _stimulus_fewer)
    yield Case(
        "npz: each lacks one", lambda f: npz(f, responses=_diagonal()), r"lacks some stimulus"
    )
    yield Case("npz: lists in Python", lambda f: _by_lists(), lambda r: r.areas.tolist()[2] == "V2")
    hidden = np.ma.masked_array(VALUES, np.arange(VALUES.size).reshape(VALUES.shape) == 7)
    missing = lambda r: np.isnan(r.responses).sum() == 1 and np.isnan(r.responses.flat[7])  # noqa: E731
    yield Case("npz: masked in Python", lambda f: _by_lists(hidden), missing)
    yield Case(
        "npz: ragged in Python", lambda f: _by_lists([[1.0], [1.0, 2.0]]), r"different lengths"
    )


def _npy(values: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, values)
    return written.getvalue()


def _zip(content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        opened.writestr("readme.txt", content)
        opened.writestr("responses.npy", content)
    return written.getvalue()


def _garbled(content: bytes) -> bytes:
    """Zeros in the middle of the compressed numbers."""
    return content[:200] + bytes(200) + content[400:]


def _native(found: Any) -> bool:
    held = found.recording.responses
    return bool(held.dtype.isnative) and same(found, VALUES.astype(np.float32))


def _unit(found: Any) -> bool:
    return found.recording.unit == "dF/F" and "dF/F" in found.recording.facts


def _areas(found: Any) -> bool:
    return found.recording.area_names == ["1", "2"]


def _without(axis: int, place: int) -> Any:
    values = VALUES.copy()
    np.moveaxis(values, axis, 0)[place] = np.nan
    return values


def _bins_fewer(found: Any) -> bool:
    return same(found, VALUES[..., :4]) and len(found.recording.left_out) == 1


def _stimulus_fewer(found: Any) -> bool:
    return same(found, VALUES[:, 1:]) and len(found.stimuli.frames) == STIMULI - 1


def _diagonal() -> Any:
    values = VALUES.copy()
    for neuron in range(len(values)):
        values[neuron, neuron] = np.nan
    return values


def _by_lists(responses: Any = None) -> Recording:
    held = VALUES.tolist() if responses is None else responses
    stimuli: Any = [f"im{k}" for k in range(STIMULI)]
    areas: Any = ["V1", "V1", "V2"]
    edges: Any = EDGES
    return Recording(held, areas, stimuli, edges, "spikes/s")


def matrices(folder: Path, **changes: Any) -> Any:
    """What is read of matrices with these arrays."""
    random = np.random.default_rng(0).random((2, STIMULI, STIMULI))
    held: dict[str, Any] = {
        "matrices": random + random.swapaxes(1, 2) - 2 * random * np.eye(STIMULI),
        "areas": np.array(["IT", "IT"]),
        "stimuli": np.arange(STIMULI),
        "measure": np.array("1 - r"),
    }
    for name, change in changes.items():
        held[name] = change(held[name]) if callable(change) else change
    np.savez(folder / "m.npz", **held)
    np.save(folder / "f.npy", FRAMES)
    return NpzMatrices(str(folder / "m.npz"), str(folder / "f.npy"), [0.0, 0.3]).read()


def matrix_cases() -> Iterator[Case]:
    """Dissimilarity matrices."""
    yield Case("matrices: right", matrices, lambda found: len(found.recording.pairs) == 2)
    lean = np.triu(np.ones((STIMULI, STIMULI)), 1)
    for name, change, wanted in (
        ("similarities", lambda m: 1 - m, r"up to 1 on its diagonal: give dissimilarities"),
        ("upper triangles alone", lambda m: m * lean, r"is not symmetric or holds NaN"),
        (
            "NaN",
            lambda m: np.where(m == m[0, 0, 1], np.nan, m),
            r"not symmetric or holds NaN: aver",
        ),
        ("vectors", lambda m: m[:, 0], r"shape \(2, 4\): give \[matrix, stimulus, stimulus\]"),
        ("text", lambda m: m.astype(str), r"matrices is <U.*: give real numbers"),
        ("of nothing", lambda m: m[:, :0, :0], r"shape \(2, 0, 0\): give \[matrix"),
    ):
        yield Case(f"matrices: {name}", lambda f, c=change: matrices(f, matrices=c), wanted)
    twice = np.array([0, 1, 2, 2])
    yield Case(
        "matrices: one twice", lambda f: matrices(f, stimuli=twice), r"stands twice in stimuli"
    )
    yield Case(
        "matrices: areas lack", lambda f: matrices(f, areas=["IT"]), r"areas has shape \(1,\)"
    )


def pictures(folder: Path, names: Any, shape: Any = (8, 8), kind: str = "L") -> Path:
    """A folder of pictures of these names, each of one gray: its place in the list times ten."""
    where = folder / "pictures"
    where.mkdir()
    for k, name in enumerate(names):
        Image.new(kind, shape[::-1], 10 * k if kind == "L" else (10 * k,) * len(kind)).save(
            where / name
        )
    return where


def shown(folder: Path, change: Any, names: Any = ("im1.png", "im2.png", "im10.png")) -> Any:
    """The frames of a folder of pictures that was changed."""
    where = pictures(folder, names)
    change(where)
    return read_frames(where, [0.0, 0.1]).check("r", 3).frames[:, 0, 0, 0]


def array(folder: Path, content: Any) -> Any:
    """The frames of an .npy with this content."""
    if isinstance(content, bytes):
        (folder / "f.npy").write_bytes(content)
    else:
        np.save(folder / "f.npy", content)
    return read_frames(folder / "f.npy", [0.0, 0.1]).check("r", 3)


def frame_cases() -> Iterator[Case]:
    """What was shown."""

    def nothing(_: Path) -> None: ...

    in_order = [[0], [10], [20]]
    yield Case(
        "frames: im2 before im10", lambda f: shown(f, nothing), lambda v: v.tolist() == in_order
    )
    for name, change, wanted in _folders():
        yield Case(f"frames: {name}", lambda f, c=change: shown(f, c), wanted)
    for name, content, wanted in _arrays():
        yield Case(f"frames: {name}", lambda f, c=content: array(f, c), wanted)


def _save(name: str, picture: Any) -> Any:
    return lambda where: picture.save(where / name)


def _folders() -> Iterator[tuple[str, Any, Any]]:
    colors = lambda v: v.tolist() == [[0] * 3, [10, 20, 30], [20] * 3]  # noqa: E731
    deep = Image.fromarray(np.full((8, 8), 65535, np.uint16))
    yield (
        "another size",
        _save("im2.png", Image.new("L", (8, 9))),
        r"im2.png is 9 x 8 pixels, other",
    )
    yield "one in color", _save("im2.png", Image.new("RGB", (8, 8), (10, 20, 30))), colors
    clear = Image.new("RGBA", (8, 8), (1, 2, 3, 4))
    yield "transparent", _save("im2.png", clear), r"im2.png is transparent in parts: save it on"
    yield "16 bits", _save("im2.png", deep), lambda v: v[1, 0] == 1 and 0 < v[2, 0] < 0.08
    yield "noted as turned", _turned, r"im2.png is noted to be seen turned: save it upright"
    yield "text named .png", lambda w: (w / "im2.png").write_text("a"), r"im2.png is not a picture"
    yield "cut off", _cut, r"im2.png is not a picture that can be read"
    yield "hidden and other files", _beside, lambda v: len(v) == 3
    yield (
        "none",
        lambda w: [p.unlink() for p in w.iterdir()],
        r"pictures has no picture: give a fol",
    )
    pages = {"save_all": True, "append_images": [Image.new("L", (8, 8))]}
    many = lambda w: Image.new("L", (8, 8)).save(w / "im3.tif", **pages)  # noqa: E731
    yield "two in a file", many, r"im3.tif holds 2 pictures: save each as a file"
    yield (
        "one too few",
        lambda w: (w / "im1.png").unlink(),
        r"frames of 2 stimuli for a recording of",
    )
    yield "one an .npy", _as_npy, lambda v: v.tolist() == [[0], [77], [20]]
    yield "an .npy of two axes too many", _five, r"im2.npy has shape \(1, 1, 1, 8, 8\): give \[heig"


def _turned(where: Path) -> None:
    picture = Image.new("L", (8, 8), 10)
    noted = picture.getexif()
    noted[0x0112] = 6  # a quarter turn
    picture.save(where / "im2.png", exif=noted)


def _cut(where: Path) -> None:
    content = (where / "im2.png").read_bytes()
    (where / "im2.png").write_bytes(content[: len(content) // 2])


def _beside(where: Path) -> None:
    (where / "._im1.png").write_bytes(b"of the Finder's")
    (where / "list.txt").write_text("im1")


def _as_npy(where: Path) -> None:
    (where / "im2.png").unlink()
    np.save(where / "im2.npy", np.full((8, 8), 77, np.uint8))


def _five(where: Path) -> None:
    (where / "im2.png").unlink()
    np.save(where / "im2.npy", np.zeros((1, 1, 1, 8, 8), np.uint8))


def _arrays() -> Iterator[tuple[str, Any, Any]]:
    still = np.zeros((3, 8, 8))
    yield "text named .npy", b"im1, im2", r"f.npy is not an .npy of plain numbers"
    yield "a pickle named .npy", pickle.dumps(still), r"f.npy is not an .npy of plain numbers"
    yield "an .npz named .npy", whole(), r"f.npy holds several arrays: save the frames alone"
    yield "empty", b"", r"f.npy is not an .npy of plain numbers"
    yield "claims 10^12 numbers", _claim(), r"f.npy is not an .npy of plain numbers"
    yield "0 to 255 as floats", still + 255, r"frames run from 255 to 255: give floats in \[0, 1\]"
    yield "NaN", still * np.nan, r"frames run from nan to nan: give floats in \[0, 1\], or uint8"
    yield "whole numbers", still.astype(np.int64) + 3, r"frames run from 3 to 3: give floats"
    yield "text for numbers", still.astype(str), r"frames is <U.*: give pictures as uint8"
    yield "no pixels", np.zeros((3, 0, 8)), r"shape \(3, 1, 0, 8, 1\): give pictures"
    yield "channels first", np.zeros((3, 3, 8, 8)), r"shape \(3, 1, 3, 8, 8\): give \[stimulus"
    yield "one axis", np.zeros(9), r"frames has shape \(9,\): give \[stimulus, frame"


def _claim() -> bytes:
    content = _npy(np.zeros((3, 8, 8)))
    length = struct.unpack("<H", content[8:10])[0]
    header = content[10 : 10 + length].decode()
    claimed = header.replace("(3, 8, 8)", "(999999, 1000, 1000)").rstrip() + "\n"
    return content[:8] + struct.pack("<H", len(claimed)) + claimed.encode()


CASES = [*npz_cases(), *matrix_cases(), *frame_cases()]
