"""Shapes that signatures name: what a tensor holds along each of its dimensions.

    Float[Tensor, "time batch *units"]      floating-point numbers, [time, batch, ...]

A name stands for one size throughout a call; `*units` for any number of dimensions, [unit] of dense
areas, [channel, height, width] of maps. The tests check every call (`tests/checked.py`).
"""

from jaxtyping import Float
from torch import Tensor

PerUnit = Float[Tensor, "batch *units"]
"""A number for each unit at one step."""

PerUnitSteps = Float[Tensor, "time batch *units"]
"""A number for each unit at each step of a window."""
