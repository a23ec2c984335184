"""Checks of arguments: each raises a ValueError of one sentence with field, value and remedy."""

import os
from numbers import Real
from pathlib import Path

LARGEST = 4096
"""Pixels along a side of what is shown, at the most."""
LONGEST = 30.0
"""Seconds that a stimulus, or gray between stimuli, lasts at the most: more are milliseconds."""


def require_whole(field: str, value: int, least: int, most: int | None = None) -> None:
    """Refuse anything but a whole number of at least `least` and, if given, at most `most`."""
    wanted = f"at least {least}" if most is None else f"from {least} to {most}"
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not fits or (most is not None and value > most):
        raise ValueError(f"{field} is {value!r}: give a whole number, {wanted}.")


def require_number(field: str, value: float, least: float, most: float, unit: str) -> None:
    """Refuse anything but a number between `least` and `most`, both included."""
    fits = isinstance(value, Real) and not isinstance(value, bool)
    if not fits or not least <= value <= most:
        raise ValueError(f"{field} is {value!r}: give {unit}, from {least:g} to {most:g}.")


def require_writable(field: str, folder: Path) -> None:
    """Refuse a folder that is not there and cannot be made, or cannot be written."""
    there = folder.absolute()
    while not (there.exists() or there.is_symlink()) and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        kind = "cannot be written" if there.is_dir() else "is no folder"
        raise ValueError(f"{field} is {str(folder)!r}: {there} {kind}; give another folder.")


def require_channels(value: int) -> None:
    """Refuse anything but 1 (gray) or 3 (RGB) channels."""
    if value not in (1, 3) or isinstance(value, bool):
        raise ValueError(f"channels is {value!r}: give 1 for gray or 3 for RGB.")
