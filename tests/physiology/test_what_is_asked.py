"""Stimuli that there cannot be, and brains that cannot be shown them, are refused beforehand."""

from collections.abc import Callable

import pytest
import torch

from brainmodel.physiology.phenomena import (
    FlashLag,
    GaborReceptiveFields,
    IllusoryContours,
    Mismatch,
    MismatchOfOwnMovement,
    MissingFlash,
    OrientationSelectivity,
    PathStraightening,
    Phenomenon,
    Postdiction,
    SizeTuning,
)
from tests.physiology.hand_wired import gabor, wired


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: SizeTuning(cycles=[]), "cycles: is empty; give one spatial frequency or more"),
        (lambda: SizeTuning(cycles=[3, -1]), "cycles: need a number above 0, per frame width, got"),
        (lambda: MissingFlash(cycles=0), "cycles: need a number above 0, per frame width, got 0"),
        (lambda: Mismatch(contrast=5), "contrast: need a number above 0 and 1 at most, of black"),
        (lambda: FlashLag(contrast=0), "contrast: need a number above 0 and 1 at most, of black"),
        (lambda: FlashLag(speed=0), "speed: need a number above 0 and 4 at most, pixels per step"),
        (lambda: FlashLag(speed=float("nan")), "speed: need a number above 0 and 4 at most"),
        (lambda: Postdiction(speed=3), "speed: need a number above 0 and 2 at most, pixels per"),
        (lambda: PathStraightening(movies=0), "movies is 0: give a whole number, at least 1"),
        (lambda: PathStraightening(speed=0), "speed: need a number above 0, pixels per step"),
        (lambda: GaborReceptiveFields(frames=3), "frames is 3: give a whole number, at least 100"),
        (lambda: GaborReceptiveFields(reach=0), "reach is 0: give a whole number, at least 2"),
        (lambda: MismatchOfOwnMovement(lead=-1), "lead is -1: give a whole number, from 0 to 12"),
    ],
)
def test_stimuli_that_there_cannot_be_are_refused(
    make: Callable[[], Phenomenon], told: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        make()
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("phenomenon", "size", "told"),
    [
        (SizeTuning(cycles=[3, 9]), 16, "an eye of 16 pixels shows 8 cycles per frame width at"),
        (Mismatch(cycles=20), 24, "an eye of 24 pixels shows 12 cycles per frame width at most"),
        (OrientationSelectivity(), 8, "shows 4 cycles per frame width at most, and this asks for"),
        (IllusoryContours(), 16, "its stimuli need an eye of 24 pixels or more"),
        (GaborReceptiveFields(reach=9), 16, "reach: 9 pixels to each side are more than an eye"),
        (MismatchOfOwnMovement(), 16, "this brain has no input 'motion', the efference copy of"),
    ],
)
def test_a_brain_that_cannot_be_shown_them_is_refused(
    phenomenon: Phenomenon, size: int, told: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        phenomenon.require(wired(torch.stack([gabor()]), size))
    assert told in str(refusal.value)


def test_a_grating_at_the_limit_is_shown() -> None:
    SizeTuning(cycles=[8]).require(wired(torch.stack([gabor()]), 16))
    GaborReceptiveFields(reach=8).require(wired(torch.stack([gabor()]), 16))
