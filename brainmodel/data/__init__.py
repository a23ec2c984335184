"""Data sets: windows of continuing streams, one file per data set.

Classes are imported when first used, so that naming one data set does not load the libraries of
the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainmodel.data.digits import MovingDigits
    from brainmodel.data.eye_movements import EyeMovements
    from brainmodel.data.fixation import Fixation
    from brainmodel.data.gabors import GaborSequences
    from brainmodel.data.gratings import DriftingGratings
    from brainmodel.data.photographs import Photographs
    from brainmodel.data.streams import StreamModule
    from brainmodel.data.torchvision_files import MovingMNIST, VideoClasses
    from brainmodel.data.videos import NaturalVideo, VideoFolder
    from brainmodel.data.window import Window

_HOMES = {
    "DriftingGratings": "gratings",
    "EyeMovements": "eye_movements",
    "Fixation": "fixation",
    "GaborSequences": "gabors",
    "MovingDigits": "digits",
    "MovingMNIST": "torchvision_files",
    "NaturalVideo": "videos",
    "Photographs": "photographs",
    "StreamModule": "streams",
    "VideoClasses": "torchvision_files",
    "VideoFolder": "videos",
    "Window": "window",
}

__all__ = [
    "DriftingGratings",
    "EyeMovements",
    "Fixation",
    "GaborSequences",
    "MovingDigits",
    "MovingMNIST",
    "NaturalVideo",
    "Photographs",
    "StreamModule",
    "VideoClasses",
    "VideoFolder",
    "Window",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
