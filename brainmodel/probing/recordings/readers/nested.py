"""Structures within structures as arrays by paths: `data.responses`, `units.area`."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Unreadable(NamedTuple):
    """What a file holds, but only the program that wrote it can read."""

    kind: str  # e.g. "table"
    remedy: str  # what to do instead


def flatten(held: Mapping[str, Any]) -> dict[str, Any]:
    """All that is no structure, by its path.

    Of an array (or cell, or list) of structures each field is one array whose first axis is that of
    the structures, if the values are arrays of one shape; an array of objects otherwise.

    Args:
        held: values by name; structures are dictionaries, arrays of them lists of dictionaries.
    """
    found = {}
    for name, value in held.items():
        for path, leaf in _fields(value).items():
            found[f"{name}.{path}" if path else name] = leaf
    return found


def _fields(value: Any) -> dict[str, Any]:
    """What is in a value by its path within it; the path of a value that holds no other is ""."""
    if isinstance(value, Mapping):
        return flatten({str(name): inner for name, inner in value.items()})
    if not _is_list_of_structures(value):
        return {"": value}
    each = [flatten(inner) for inner in value]
    shared = [path for path in each[0] if all(path in inner for inner in each)]
    return {path: _joined([inner[path] for inner in each]) for path in shared}


def _is_list_of_structures(value: Any) -> bool:
    objects = isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 1
    return (
        (objects or isinstance(value, list))
        and len(value) > 0
        and all(isinstance(inner, Mapping) for inner in value)
    )


def _joined(values: Sequence[Any]) -> Any:
    """One array of values of one shape, a list of them otherwise."""
    for value in values:
        if isinstance(value, Unreadable):
            return value
    if len({np.shape(value) for value in values}) == 1:
        return np.array(values)
    found = np.empty(len(values), object)
    found[:] = list(values)
    return found
