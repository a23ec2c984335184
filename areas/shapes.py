"""Shapes that signatures name: what a tensor holds along each of its dimensions.

    Float[Tensor, "time batch *units"]      floating-point numbers, [time, batch, ...]

A name stands for one size throughout a call; `*units` for any number of dimensions, [unit] of dense
areas, [channel, height, width] of maps. The tests check calls (`tests/checked.py`).
"""

from jaxtyping import Float
from torch import Tensor

PerUnit = Float[Tensor, "batch *units"]
"""A number for each unit at one step."""

PerUnitSteps = Float[Tensor, "time batch *units"]
"""A number for each unit at each step of a window."""

PerDrive = Float[Tensor, "batch *drive"]
"""A number for each value of an area's drive at one step."""

PerDriveSteps = Float[Tensor, "time batch *drive"]
"""A number for each value of an area's drive at each step of a window."""

PerErrors = Float[Tensor, "batch errors ..."]
"""A number for each error at one step: [kind * drive], of maps [kind * channel, height, width]."""

PerErrorSteps = Float[Tensor, "time batch errors ..."]
"""A number for each error at each step of a window."""

PerCurrent = Float[Tensor, "batch currents ..."]
"""A number for each current of each unit at one step, laid as in `PerCurrentSteps`."""

PerCurrentSteps = Float[Tensor, "time batch currents ..."]
"""A number for each current of each unit at each step of a window. The currents lie one behind the
other in one dimension: [current * unit], of maps [current * channel, height, width]."""

PerStream = Float[Tensor, " batch"]
"""One number for each stream at one step."""

PerStreamSteps = Float[Tensor, "time batch"]
"""One number for each stream at each step of a window."""

Presynaptic = Float[Tensor, "batch source ..."]
Postsynaptic = Float[Tensor, "batch target ..."]
SynapticWeight = Float[Tensor, "target source ..."]
"""[target, source]; between maps [target channel, source channel, height, width] of a window."""

Anything = Float[Tensor, "*shape"]
"""Numbers of any shape, the same throughout a call."""

SignalSteps = Float[Tensor, "time batch ..."]
"""A signal of any shape at each step of a window, such as what a source sends."""
