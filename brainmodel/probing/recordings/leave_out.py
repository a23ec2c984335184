"""What is left out of a recording before it is compared; `Recording.left_out` counts it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeaveOut:
    """What to leave out; how much of it there was stands in `Recording.left_out`.

    Args:
        blanks: events that showed nothing: NaN, no text, a word such as "gray", "blank" or "null",
            or -1 where the others are numbers of pictures (0, 1, 2, ...). Kept, they are one
            stimulus, "blank", the last.
        invalid_times: events at times that an NWB file calls invalid, of the neurons concerned.
        bad_units: units whose `quality` an NWB file calls "noise", "bad" or the like.
    """

    blanks: bool = True
    invalid_times: bool = True
    bad_units: bool = True


USUAL = LeaveOut()
