"""Data sets refuse milliseconds where seconds are meant, and say so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brainmodel.data import DriftingGratings, GaborSequences, OddballGratings, VideoFolder
from brainmodel.data.eye_movements import EyeMovements


@pytest.mark.parametrize(
    ("make", "field", "meant"),
    [
        (lambda value: DriftingGratings(shown=value), "shown", 0.25),
        (lambda value: DriftingGratings(gray=value), "gray", 0.3),
        (lambda value: GaborSequences(shown=value), "shown", 0.3),
        (lambda value: OddballGratings(shown=value), "shown", 0.1),
        (lambda value: OddballGratings(gray=value), "gray", 0.05),
        (lambda value: EyeMovements(inertia=value), "inertia", 0.5),
        (lambda value: EyeMovements(saccade_duration=value), "saccade_duration", 0.03),
        (lambda value: VideoFolder(folder=Path("nowhere"), gap=value), "gap", 1.0),
    ],
)
def test_milliseconds_are_refused_with_the_seconds_that_were_meant(
    make: Callable[[float], Any], field: str, meant: float
) -> None:
    said = rf"^{field} is {1000 * meant:g} s: give seconds, not milliseconds \({meant:g}\), from"
    with pytest.raises(ValueError, match=said):
        make(1000 * meant)
    try:
        make(meant)
    except FileNotFoundError:  # the control: of the folder alone
        assert field == "gap"


def test_a_rate_of_saccades_is_none_of_milliseconds_between_them() -> None:
    with pytest.raises(ValueError, match=r"saccade_rate is 250: give saccades per second, from 0"):
        EyeMovements(saccade_rate=250)
