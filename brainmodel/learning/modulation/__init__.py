"""Neuromodulators: what multiplies the learning signal of an area, one file each."""

from brainmodel.learning.modulation.after_development import AfterDevelopment
from brainmodel.learning.modulation.cell_types import CellType, CellTypes
from brainmodel.learning.modulation.constant import Constant
from brainmodel.learning.modulation.modulator import Modulator, Moments
from brainmodel.learning.modulation.reward import Reward
from brainmodel.learning.modulation.surprise import Surprise

__all__ = [
    "AfterDevelopment",
    "CellType",
    "CellTypes",
    "Constant",
    "Modulator",
    "Moments",
    "Reward",
    "Surprise",
]
