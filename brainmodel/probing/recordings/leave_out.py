"""What is left out of a recording before it is compared; `Recording.left_out` counts it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeaveOut:
    """What to leave out; how much of it there was stands in `Recording.left_out`.

    Bins at either end and stimuli without any response are always left out.

    Args:
        blanks: events that showed nothing: NaN, no text, a word such as "gray", "blank" or "null",
            or -1 where the others are numbers of pictures (0, 1, 2, ..., not 0 and 1 alone). Kept,
            they are one stimulus, "blank", the last. Where -1 is a stimulus, that is told.
        invalid_times: what was not recorded: events at times that an NWB file calls invalid, of the
            neurons concerned; bins outside of a unit's `obs_intervals`; events long before the
            first or after the last spike of all units.
        bad_units: units whose `quality` an NWB file calls "noise", "bad" or the like.
        missing_bins: time bins at either end that some responses lack.
        missing_stimuli: stimuli of which some neurons lack a whole repeat.
    """

    blanks: bool = True
    invalid_times: bool = True
    bad_units: bool = True
    missing_bins: bool = False
    missing_stimuli: bool = False


USUAL = LeaveOut()
