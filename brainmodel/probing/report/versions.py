"""Versions of what decides the scores."""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("brainmodel", "torch", "numpy", "scipy", "scikit-learn", "rsatoolbox", "pynwb")


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the scores, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
