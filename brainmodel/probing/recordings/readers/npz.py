"""Recordings in NumPy's .npz: one array per field of Recording, and a lossless round trip."""

import math
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.missing import as_responses
from brainmodel.probing.recordings.readers.conditions import as_text
from brainmodel.probing.recordings.readers.files import (
    readable,
    require_field,
    require_file,
    require_room,
)
from brainmodel.probing.recordings.recording import Recording

NEEDED = ("responses", "areas", "stimuli", "edges", "unit")
TEXTS = ("unit", "source", "measure")
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: str | Path) -> Recording:
    """Read a recording whose arrays are named like the fields of Recording.

    Needed: responses [neuron, stimulus, repeat, time], areas, stimuli, edges (s), unit. Whole
    numbers are read as floats, -1 among counts as missing.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not an .npz, or an array is missing or does not fit.
    """
    arrays = read_arrays(path, Recording, NEEDED)
    left_out = tuple(str(sentence) for sentence in arrays.pop("left_out", ()))
    if arrays["responses"].dtype.kind in "iub":
        arrays["responses"], said = as_responses(arrays["responses"])
        left_out += said
    return Recording(**arrays, left_out=left_out)


def write_npz(recording: Recording, path: str | Path) -> None:
    """Write a recording for `read_npz`; under its final name only once it is complete."""
    write_arrays(recording, path)


def read_arrays(path: str | Path, into: type[Any], needed: Sequence[str]) -> dict[str, Any]:
    """The arrays of an .npz that are fields of a dataclass, single texts as text.

    `source` is the file's name if it is absent.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not an .npz, an array is missing, or one is no such field.
    """
    source = require_file(path)
    arrays: dict[str, Any] = {}
    damaged = readable(source, "an .npz of plain arrays", "write it with numpy.savez")
    with damaged, np.load(source, allow_pickle=False) as opened:
        for name in opened.files:
            arrays[name] = _array(source, opened, name)
    for name in needed:
        require_field(source, "array", name, arrays)
    known = {field.name for field in fields(into)}
    for name in arrays:
        require_field(source, "field of a recording called", name, known)
    single = [name for name in TEXTS if name in arrays and arrays[name].size == 1]
    texts = {name: as_text(arrays[name]) for name in single}
    return {"source": source.name} | arrays | texts


def _array(source: Path, opened: Any, name: str) -> NDArray[Any]:
    """One array, in this machine's order of bytes; what it says of its size is looked at first."""
    with opened.zip.open(name + ".npy") as member:
        if header := HEADERS.get(np.lib.format.read_magic(member)):
            shape, _, dtype = header(member)
            size, there = math.prod(shape) * dtype.itemsize, opened.zip.getinfo(member.name)
            require_room(source, name, size)
            if size > there.file_size:
                raise ValueError(f"{name} says that it has {size} bytes, and has fewer")
    found = opened[name]
    return found.astype(found.dtype.newbyteorder("="), copy=False)


def write_arrays(held: Any, path: str | Path) -> None:
    """The fields of a dataclass as arrays; the file gets its name once it is complete."""
    values = {field.name: getattr(held, field.name) for field in fields(held)}
    values = {name: value for name, value in values.items() if not _is_empty(value)}
    target = Path(path)
    part = target.with_name(target.name + ".part")
    with part.open("wb") as opened:
        np.savez_compressed(opened, **{k: _plain(v) for k, v in values.items()})
    os.replace(part, target)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and not value)


def _plain(value: Any) -> Any:
    """As an array that needs no pickle: texts of fixed width."""
    array = np.asarray(value)
    return array.astype(str) if array.dtype == object else array
