"""R's .rds: a list as a dictionary of plain arrays (package rdata)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.optional import optional
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import Layout, recording_of
from brainmodel.probing.recordings.readers.files import readable, require_file
from brainmodel.probing.recordings.readers.nested import flatten
from brainmodel.probing.recordings.recording import Recording


def read_rds_recording(path: str | Path, layout: Layout, leave_out: LeaveOut = USUAL) -> Recording:
    """Read the recording that entries of a named list in an .rds hold; errors as of `read_rds`."""
    return recording_of(read_rds(path), layout, Path(path).name, leave_out)


def read_rds(path: str | Path) -> dict[str, Any]:
    """Read an .rds that holds one named list (or data frame); lists in it by path, `data.rates`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read or holds no named list.
    """
    source = require_file(path)
    rdata = optional("rdata")
    with readable(source, "a readable .rds", "save it again"):
        held = rdata.read_rds(source)
    held = _array(held)
    if not isinstance(held, dict):
        raise ValueError(f"{source} holds a {type(held).__name__}: save one named list.")
    return flatten(held)


def _array(value: Any) -> Any:
    """R's vectors and matrices as arrays, its lists as lists of arrays, named ones by name."""
    if isinstance(value, Mapping) or hasattr(value, "columns"):  # or a data frame
        return {str(name): _array(value[name]) for name in value}
    if isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
        return [_array(item) for item in value]
    return [np.asarray(item) for item in value] if isinstance(value, list) else np.asarray(value)
