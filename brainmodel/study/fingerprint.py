"""The fingerprint of a study: of its settings and of the code that runs it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import areas
import brainmodel
import objectives

CODE = (".py", ".pyi", ".c", ".h", ".cpp")
"""Endings of the files that decide what is computed."""


def fingerprint(settings: Mapping[str, Any], own_files: Iterable[Path] = ()) -> dict[str, str]:
    """What two runs of a study have in common if their results may stand in one table.

    Args:
        settings: all that the study was asked, resolved.
        own_files: files of the user's own that it names parts of.
    """
    return {"settings": digest(settings), "code": _code(own_files)}


def digest(settings: Any) -> str:
    """Of settings, in whatever order mappings have their keys."""
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _code(own_files: Iterable[Path]) -> str:
    """Of every source file of the three packages, of own files, and of the version of torch."""
    found = hashlib.sha256(version("torch").encode())
    for package in (areas, brainmodel, objectives):
        root = Path(str(package.__file__)).parent
        for path in sorted(p for p in root.rglob("*") if p.suffix in CODE):
            found.update(path.relative_to(root.parent).as_posix().encode())
            found.update(path.read_bytes())
    for path in sorted(own_files):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]
