"""What a label is: what data and environments say of a step to objectives, and to no area."""

from typing import NamedTuple


class Label(NamedTuple):
    """What a label is at one step of one stream."""

    whole: tuple[int, int] | None = None
    """Between which whole numbers it lies, 0 and 1 if it is true or false; None for others."""
    shape: tuple[int, ...] = ()
