"""Receptive fields as gradients, of units whose filters and non-linearities are known."""

import pytest
import torch

from brainmodel.physiology import gradient_fields
from tests.physiology.hand_wired import REACH, gabor, wired

SIZE, MIDDLE = 16, 8
AROUND = slice(MIDDLE - REACH, MIDDLE + REACH + 1)


def test_of_linear_units_they_are_the_filters_and_nothing_else() -> None:
    filters = torch.stack([gabor(), gabor(1.0), 0 * gabor()])
    (found,) = gradient_fields(wired(filters, SIZE, lambda x: x), lags=2).values()
    expected = torch.zeros(2, 3, SIZE, SIZE)
    expected[0, :, AROUND, AROUND] = filters
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_a_unit_with_memory_has_its_filter_at_later_lags() -> None:
    (found,) = gradient_fields(wired(gabor()[None], SIZE, lambda x: x, 0.25), lags=3).values()
    for lag in range(3):
        near = found[lag, 0, AROUND, AROUND]
        torch.testing.assert_close(near, 0.25 * 0.75**lag * gabor(), rtol=0, atol=1e-4)


def test_of_a_squaring_unit_they_are_those_around_the_picture() -> None:
    """d (F s)^2 / ds = 2 (F s) F."""
    picture = torch.rand(SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    brain = wired(gabor()[None], SIZE, torch.square)
    (found,) = gradient_fields(brain, lags=1, around=picture).values()
    drive = (gabor() * picture[AROUND, AROUND]).sum()
    near = found[0, 0, AROUND, AROUND]
    torch.testing.assert_close(near, 2 * drive * gabor(), rtol=0, atol=1e-3)


def test_what_makes_no_sense_is_refused() -> None:
    brain = wired(gabor()[None], SIZE)
    with pytest.raises(ValueError, match="lags: need 1 or more, got 0"):
        gradient_fields(brain, lags=0)
    with pytest.raises(ValueError, match="difference: need a number above 0 and 0.5 at most"):
        gradient_fields(brain, difference=0.0)
    with pytest.raises(ValueError, match="around: need a picture of 16 x 16 pixels, as the eye"):
        gradient_fields(brain, around=torch.zeros(8, 8))
