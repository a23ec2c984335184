"""R's .rds: a list as a dictionary of plain arrays (package rdata)."""

from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.probing.optional import optional
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import Layout, recording_of
from brainmodel.probing.recordings.readers.files import require_file
from brainmodel.probing.recordings.recording import Recording


def read_rds_recording(path: str | Path, layout: Layout, leave_out: LeaveOut = USUAL) -> Recording:
    """Read the recording that entries of a named list in an .rds hold; errors as of `read_rds`."""
    return recording_of(read_rds(path), layout, Path(path).name, leave_out)


def read_rds(path: str | Path) -> dict[str, Any]:
    """Read an .rds that holds one named list.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read or holds no named list.
    """
    source = require_file(path)
    rdata = optional("rdata")
    try:
        held = rdata.read_rds(source)
    except Exception as damage:  # rdata raises what its decompressors and parsers do
        raise ValueError(f"{source} is not a readable .rds ({damage}): save it again.") from damage
    if not isinstance(held, dict):
        raise ValueError(f"{source} holds a {type(held).__name__}: save one named list.")
    return {str(name): _array(value) for name, value in held.items()}


def _array(value: Any) -> Any:
    """R's vectors and matrices as arrays, its lists as lists of arrays."""
    return [np.asarray(item) for item in value] if isinstance(value, list) else np.asarray(value)
