"""What an area can be made of: shapes and afferents, held against the area."""

from collections.abc import Collection, Sequence
from typing import Literal

from areas.predictor import Predictor

Afferent = Literal["drive", "error"]


def check_shape(units: Sequence[int]) -> None:
    """Refuse what is neither dense units nor maps, with a ValueError."""
    if len(units) not in (1, 3) or min(units) < 1:
        raise ValueError(f"units: need [unit] or [channel, height, width], got {list(units)}")


def check_afferents(
    afferents: Sequence[Afferent], messages: Collection[str], predictor: Predictor | None
) -> None:
    """Refuse afferents that are none, twice the same or not there, with a ValueError.

    Args:
        afferents: of an area.
        messages: names of those that end on its units.
        predictor: of the area.
    """
    if not afferents and not messages:
        raise ValueError(
            "afferents: are none, and no message ends here: nothing would reach the units; "
            "give drive, error or both"
        )
    if len(set(afferents)) < len(afferents):
        raise ValueError(f"afferents: need each once, got {list(afferents)}")
    if "error" in afferents and predictor is None:
        raise ValueError("afferents: an area without a predictor has no error; use [drive]")
