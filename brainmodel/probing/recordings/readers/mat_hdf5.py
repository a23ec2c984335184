"""MATLAB's files of version 7.3: HDF5 with MATLAB's classes in attributes, axes in reverse."""

from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.optional import optional
from brainmodel.probing.recordings.readers.files import require_room
from brainmodel.probing.recordings.readers.nested import Unreadable

REMEDY = {
    "table": "save its columns as arrays, or table2struct(X, 'ToScalar', true)",
    "timetable": "save its columns as arrays",
    "string": "save cellstr(X)",
    "categorical": "save cellstr(X)",
    "datetime": "save seconds as numbers",
    "function_handle": "save what it returns",
}


def unreadable(kind: str) -> Unreadable:
    """An object of a class of MATLAB's, and what to save instead."""
    return Unreadable(f"MATLAB {kind}", REMEDY.get(kind, "save its properties as arrays"))


def read_hdf5(source: Path) -> dict[str, Any]:
    """The variables of a file; structures as dictionaries, cells as arrays of objects.

    Numbers have MATLAB's order of axes, without axes of length one; rows of characters are texts.
    """
    h5py = optional("h5py")
    with h5py.File(source, "r") as opened:
        names = [name for name in opened if not name.startswith("#")]
        return {name: _value(opened[name], opened) for name in names}


def _value(item: Any, opened: Any, within_cell: bool = False) -> Any:
    kind = _class_of(item)
    if hasattr(item, "keys"):
        if "MATLAB_sparse" in item.attrs:
            return _sparse(item)
        return _structures({name: _value(item[name], opened) for name in item}, item)
    if "MATLAB_object_decode" in item.attrs or kind == "function_handle":
        return unreadable(kind)
    if "MATLAB_empty" in item.attrs and item.attrs["MATLAB_empty"]:
        return "" if kind == "char" else np.empty(0)
    if item.dtype == optional("h5py").ref_dtype:
        return _referred(item, opened)
    require_room(opened.filename, item.name, item.size * item.dtype.itemsize)
    values = np.asarray(item[()])
    if kind == "char" or (within_cell and not kind and values.dtype == np.uint16):
        return _text(values)
    values = np.squeeze(values).T
    return values.astype(bool) if kind == "logical" else values


def _class_of(item: Any) -> str:
    """MATLAB's name of its class; "" where the file was not written by MATLAB."""
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def _referred(item: Any, opened: Any) -> Any:
    """What a cell, or a field of an array of structures, refers to."""
    refs = np.atleast_1d(np.squeeze(item[()]).T)
    found = np.empty(refs.shape, object)
    for place, ref in np.ndenumerate(refs):
        found[place] = _value(opened[ref], opened, within_cell=True)
    return found


def _structures(fields: dict[str, Any], item: Any) -> Any:
    """One structure, or a list of them where each field is an array of references."""
    h5py = optional("h5py")
    many = [
        name
        for name in fields
        if isinstance(item[name], h5py.Dataset)
        and item[name].dtype == h5py.ref_dtype
        and not _class_of(item[name])
    ]
    if not fields or len(many) < len(fields):
        return fields
    columns = {name: np.ravel(fields[name]) for name in fields}
    count = min(len(values) for values in columns.values())
    return [{name: columns[name][k] for name in columns} for k in range(count)]


def _text(codes: Any) -> Any:
    """Rows of a matrix of characters as texts; one text where there is one row."""
    rows = codes.T if codes.ndim > 1 else codes[None]
    texts = [row.astype("<u2").tobytes().decode("utf-16-le", "replace").rstrip() for row in rows]
    return texts[0] if len(texts) == 1 else np.array(texts)


def _sparse(item: Any) -> Any:
    from scipy.sparse import csc_array

    starts = item["jc"][()]
    rows = int(item.attrs["MATLAB_sparse"])
    if "data" not in item:
        return np.zeros((rows, len(starts) - 1)).squeeze()
    parts = (item["data"][()], item["ir"][()], starts)
    return np.squeeze(csc_array(parts, shape=(rows, len(starts) - 1)).toarray())
