"""Modules that come with an extra, imported when they are needed."""

from importlib import import_module
from typing import Any


def optional(module: str, extra: str = "probing") -> Any:
    """Import a module of an extra; ModuleNotFoundError in one sentence where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{module} needs the package {missing.name!r}, which is not installed: "
            f"pip install 'brainmodel[{extra}]'."
        ) from missing
