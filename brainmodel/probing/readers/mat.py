"""Recordings in MATLAB's .mat, versions 4 to 7.2 (scipy) and 7.3 (h5py)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.optional import optional
from brainmodel.probing.readers.files import require_field, require_file
from brainmodel.probing.recording import Recording


def read_mat(
    path: str | Path, responses: str, axes: str, edges: NDArray[Any], unit: str, areas: str
) -> Recording:
    """Read one array of responses from a .mat file.

    Args:
        path: of the file.
        responses: name of the variable.
        axes: its axes in order, among "neuron stimulus repeat time"; those not named have length
            one. E.g. "stimulus neuron".
        edges: of the time bins, s from stimulus onset.
        unit: of the responses.
        areas: name of a variable with one area per neuron or, if there is none, the area itself.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or a variable is missing or has other axes.
    """
    source = require_file(path)
    held = load_mat(source)
    require_field(source, "variable", responses, held)
    values = to_axes(np.asarray(held[responses], float), axes, f"{source}: {responses}")
    names = np.atleast_1d(held[areas]) if areas in held else np.array([areas] * len(values))
    stimuli = np.array([f"{k:04d}" for k in range(values.shape[1])])
    return Recording(
        values, names.astype(str), stimuli, np.asarray(edges, float), unit, source.name
    )


def to_axes(values: NDArray[Any], axes: str, name: str) -> NDArray[Any]:
    """An array with named axes as [neuron, stimulus, repeat, time]; absent axes get length one."""
    order, given = ["neuron", "stimulus", "repeat", "time"], axes.split()
    if len(given) != values.ndim or not set(given) <= set(order) or len(set(given)) != len(given):
        raise ValueError(
            f"{name} has shape {values.shape} but axes is {axes!r}: name each axis once, "
            f"among {' '.join(order)}."
        )
    present = values.transpose([given.index(axis) for axis in order if axis in given])
    return present.reshape([values.shape[given.index(a)] if a in given else 1 for a in order])


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
