"""Shapes that the signatures of objectives name; the tests check them.

    Float[Tensor, "time batch *drive"]      floating-point numbers, [time, batch, ...]

A name stands for one size throughout a call; `*drive` and `*units` for [unit], or [channel, height,
width] of maps.
"""

from jaxtyping import Bool, Float
from torch import Tensor

SampleLoss = Float[Tensor, "time batch"]
"""A loss of each step and sample."""

Rates = Float[Tensor, "time batch *units"]
Drives = Float[Tensor, "time batch *drive"]
Signals = Float[Tensor, "time batch ..."]
Features = Float[Tensor, "sample feature"]
Counted = Bool[Tensor, " sample"]
"""Which samples count."""

FeatureMatrix = Float[Tensor, "feature feature"]
"""A covariance or cross-correlation."""

Number = Float[Tensor, ""]
