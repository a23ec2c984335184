"""Data sets: windows of continuing streams, one file per data set.

Classes are imported when first used, so that naming one data set does not load the libraries of
the others.
"""

from typing import TYPE_CHECKING

from brainmodel.lazy import lazily

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

__getattr__, __dir__ = lazily(__name__, _HOMES)
