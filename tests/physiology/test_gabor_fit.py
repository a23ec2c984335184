"""Gabor functions that are fitted are those that were planted."""

import math

import numpy as np
import pytest
import torch

from brainmodel.physiology.gabor_fit import _basis, _named, fit_gabor
from brainmodel.physiology.phenomena import GaborReceptiveFields
from brainmodel.physiology.phenomena.gabor_receptive_fields import explained
from brainmodel.probing.array_types import Floats
from tests.physiology.hand_wired import gabor, wired

PLANTED = [
    # x, y, across, along, direction, frequency, phase, amplitude
    (0.0, 0.0, 2.0, 3.0, 0.0, 0.2, 0.0, 1.0),
    (0.7, -1.2, 1.5, 2.5, 1.0, 0.25, 1.1, 3.0),
    (-1.0, 0.4, 2.2, 1.8, 2.6, 0.15, -2.0, 0.01),
    (0.3, 0.3, 1.8, 2.4, math.pi / 2, 0.3, 2.9, 2.0),
]


def planted(numbers: tuple[float, ...], size: int = 15) -> Floats:
    """The function itself, written once more, with a phase in the place of a and b."""
    x0, y0, across, along, direction, frequency, phase, amplitude = numbers
    place = np.arange(size) - (size - 1) / 2
    x, y = place[None, :] - x0, place[:, None] - y0
    u = x * math.cos(direction) + y * math.sin(direction)
    v = y * math.cos(direction) - x * math.sin(direction)
    bell = np.exp(-0.5 * ((u / across) ** 2 + (v / along) ** 2))
    return amplitude * bell * np.cos(2 * math.pi * frequency * u + phase)


@pytest.mark.parametrize("numbers", PLANTED)
def test_a_planted_gabor_is_found(numbers: tuple[float, ...]) -> None:
    found = fit_gabor(planted(numbers))
    assert found.explained == pytest.approx(1, abs=1e-9)
    x0, y0, across, along, direction, frequency, phase, amplitude = numbers
    assert (found.x, found.y) == pytest.approx((x0, y0), abs=1e-3)
    assert (found.across, found.along) == pytest.approx((across, along), rel=1e-3)
    apart = (found.direction - direction + math.pi / 2) % math.pi - math.pi / 2
    assert apart == pytest.approx(0, abs=1e-3)
    assert found.frequency == pytest.approx(frequency, rel=1e-3)
    assert found.amplitude == pytest.approx(amplitude, rel=1e-2)
    assert math.cos(found.phase - phase) == pytest.approx(1, abs=1e-3)


def test_half_a_turn_more_is_the_same_function() -> None:
    """x' becomes -x', so that the sine changes its sign."""
    numbers, turned = np.array([1, 2, 3, 4, 0.5, 0.2]), np.array([1, 2, 3, 4, 0.5 + np.pi, 0.2])
    one = _named(numbers, np.array([0.6, 0.8]), 1.0)
    assert one == pytest.approx(_named(turned, np.array([0.6, -0.8]), 1.0))
    assert one.amplitude == pytest.approx(1) and 0 < one.direction < math.pi
    place = np.arange(9.0) - 4
    x, y = np.meshgrid(place, place)
    plain = _basis(numbers, x, y) @ [0.6, 0.8]
    assert plain == pytest.approx(_basis(turned, x, y) @ [0.6, -0.8])
    assert plain == pytest.approx(planted((*numbers, one.phase, one.amplitude), 9).ravel())


def test_noise_is_no_gabor_and_hides_its_share_of_one() -> None:
    random = np.random.default_rng(0)
    field, noise = planted(PLANTED[1]), random.normal(size=(15, 15))
    assert fit_gabor(noise).explained < 0.3
    noise *= np.sqrt((field**2).sum() / (noise**2).sum())  # as much noise as signal
    found = fit_gabor(field + noise)
    assert 0.4 < found.explained < 0.65
    assert found.direction == pytest.approx(1.0, abs=0.1)


def test_units_that_are_wired_as_gabors_are_explained_and_silent_ones_tell_nothing() -> None:
    brain = wired(torch.stack([gabor(), gabor(0.8), 0 * gabor()]), 16)
    shown = GaborReceptiveFields(frames=2000).measure(brain)["V1"]
    assert (shown.strength[:2] > 0.85).all() and shown.strength[2].isnan()
    assert shown.curve[0] == 1 and shown.curve[-1] == 0
    checks = torch.zeros(1, 1, 11, 11)
    checks[..., 3, 3], checks[..., 8, 4], checks[..., 4, 9] = 1.0, -1.0, 1.0
    assert float(explained(checks).strength) < 0.7, "a control: three spots are no Gabor"


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        (np.ones((4, 4)), "give a square of 5 pixels or more"),
        (np.ones((6, 7)), "give a square"),
        (np.zeros((7, 7)), "0 everywhere"),
        (np.full((7, 7), np.nan), "not finite"),
    ],
)
def test_what_is_no_field_is_refused(field: Floats, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit_gabor(field)
