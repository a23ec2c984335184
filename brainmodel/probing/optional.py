"""Modules that come with the extra `probing`, imported when they are needed."""

from importlib import import_module
from typing import Any


def optional(module: str) -> Any:
    """Import a module of the extra; ModuleNotFoundError in one sentence where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{module} needs the package {missing.name!r}, which is not installed: "
            "pip install 'brainmodel[probing]'."
        ) from missing
