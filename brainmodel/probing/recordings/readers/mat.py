"""Recordings in MATLAB's .mat, versions 4 to 7.2 (scipy) and 7.3 (h5py)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.probing.optional import optional
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import Layout, recording_of
from brainmodel.probing.recordings.readers.files import require_file
from brainmodel.probing.recordings.recording import Recording


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
    """The variables of a .mat file; structures as objects with attributes, singletons squeezed.

    Arrays of version 7.3 come with MATLAB's order of axes, as those of the older versions do.
    """
    from scipy.io import loadmat

    try:
        held = loadmat(source, squeeze_me=True, struct_as_record=False)
    except NotImplementedError:
        return _load_hdf5(source)
    except Exception as damage:  # scipy raises many kinds
        raise ValueError(
            f"{source} is not a readable .mat file ({damage}): save it again."
        ) from damage
    return {name: value for name, value in held.items() if not name.startswith("__")}


def _load_hdf5(source: Path) -> Mapping[str, Any]:
    h5py = optional("h5py")
    with h5py.File(source, "r") as opened:
        datasets = {k: v for k, v in opened.items() if isinstance(v, h5py.Dataset)}
        return {name: np.squeeze(value[()]).T for name, value in datasets.items()}
