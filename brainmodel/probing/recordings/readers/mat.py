"""Recordings in MATLAB's .mat, versions 4 to 7.2 (scipy) and 7.3 (h5py)."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.optional import optional
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import Layout, recording_of
from brainmodel.probing.recordings.readers.files import readable, require_file
from brainmodel.probing.recordings.readers.mat_hdf5 import read_hdf5, unreadable
from brainmodel.probing.recordings.readers.nested import flatten
from brainmodel.probing.recordings.recording import Recording

KIND = ("a readable .mat file", "save it again")


def read_mat(path: str | Path, layout: Layout, leave_out: LeaveOut = USUAL) -> Recording:
    """Read the recording that variables of a .mat file hold.

    Args:
        path: of the file.
        layout: which variable is what.
        leave_out: what to leave out.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or a variable is missing or has other axes.
    """
    source = require_file(path)
    return recording_of(load_mat(source), layout, source.name, leave_out)


def load_mat(source: Path) -> Mapping[str, Any]:
    """The variables of a .mat file by name, singletons squeezed; what is in structures by its path.

    Arrays of version 7.3 come with MATLAB's order of axes, as those of the older versions do.

    Raises:
        ValueError: in one sentence, if the file is damaged.
    """
    from scipy.io import loadmat

    if _is_hdf5(require_file(source)):
        optional("h5py")
        with readable(source, *KIND):
            return flatten(read_hdf5(source))
    with readable(source, *KIND), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of several objects of MATLAB's own classes
        held = loadmat(source, squeeze_me=True, struct_as_record=False)
    plain = dict(_named(name, value) for name, value in held.items() if not name.startswith("__"))
    return flatten(plain)


def _is_hdf5(source: Path) -> bool:
    """Whether it is of version 7.3: HDF5, after a head of MATLAB's of 512 bytes."""
    with source.open("rb") as opened:
        head = opened.read(520)
    return b"\x89HDF" in (head[:4], head[512:516]) or head.startswith(b"MATLAB 7.3")


def _named(name: str, value: Any) -> tuple[str, Any]:
    """A variable of an old version; of objects of MATLAB's classes scipy keeps the name apart."""
    from scipy.io.matlab import MatlabOpaque

    if isinstance(value, MatlabOpaque):
        known = np.atleast_1d(value)[0]
        return _decoded(known["s0"]), unreadable(_decoded(known["s2"]))
    return name, _plain(value)


def _decoded(text: Any) -> str:
    return text.decode() if isinstance(text, bytes) else str(text)


def _plain(value: Any) -> Any:
    """Structures as dictionaries, arrays of them as lists, sparse matrices as arrays."""
    from scipy.io.matlab import MatlabFunction, mat_struct

    if isinstance(value, MatlabFunction):
        return unreadable("function_handle")
    if isinstance(value, mat_struct):
        held: Any = value
        return {field: _plain(getattr(held, field)) for field in held._fieldnames}
    if hasattr(value, "toarray"):
        return np.squeeze(value.toarray())
    cell = isinstance(value, np.ndarray) and value.dtype == object and value.size
    if cell and all(isinstance(inner, mat_struct) for inner in value.ravel()):
        return [_plain(inner) for inner in value.ravel()]
    return value
