"""What stimuli of phenomena cannot be, in one sentence, before any brain is asked."""

from collections.abc import Sequence
from math import inf


def frequencies(cycles: float | Sequence[float]) -> tuple[float, ...]:
    """Spatial frequencies of gratings, per frame width.

    Raises:
        ValueError: if there are none, or one is not above 0.
    """
    several = (cycles,) if isinstance(cycles, (int, float)) else tuple(cycles)
    if not several:
        raise ValueError("cycles: is empty; give one spatial frequency or more, per frame width")
    for one in several:
        require_above_zero("cycles", one, inf, "per frame width")
    return several


def contrast_of(contrast: float) -> float:
    """The contrast of a stimulus.

    Raises:
        ValueError: if it is not above 0, or more than 1.
    """
    require_above_zero("contrast", contrast, 1, "of black and white")
    return contrast


def require_above_zero(field: str, value: float, most: float, unit: str) -> None:
    """Refuse anything but a finite number above 0 and, at most, `most`.

    Raises:
        ValueError: in one sentence.
    """
    if not (0 < value <= most and value < inf):
        wanted = "a number above 0" + ("" if most == inf else f" and {most:g} at most")
        raise ValueError(f"{field}: need {wanted}, {unit}, got {value!r}")


def require_seen(cycles: Sequence[float], size: int) -> None:
    """Refuse gratings that are too fine for an eye: its pixels would show coarser ones.

    Args:
        cycles: per frame width.
        size: pixels of the eye.

    Raises:
        ValueError: in one sentence.
    """
    finest = max(cycles)
    if finest > size / 2:
        raise ValueError(
            f"cycles: an eye of {size} pixels shows {size // 2} cycles per frame width at most, "
            f"and this asks for {finest:g}; give coarser gratings, or leave it out"
        )
