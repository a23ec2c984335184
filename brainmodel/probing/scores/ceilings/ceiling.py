"""What noise leaves to be explained."""

from typing import NamedTuple


class Ceiling(NamedTuple):
    """What noise leaves to be explained, on the scale of a metric."""

    low: float  # how well one half of the repeats agrees with the other half
    high: float  # how well the noiseless responses would agree with the mean over repeats
