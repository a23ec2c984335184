"""Selectivity for the unexpected, and curvature, against closed forms."""

import numpy as np
import pytest

from brainmodel.probing.curvature import curvature, straightening
from brainmodel.probing.unexpected import selectivity, unexpected_effect


def events(shift: float, neurons: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.standard_normal((neurons, 300)), shift + random.standard_normal((neurons, 40))


def test_the_index_is_the_shift_in_deviations() -> None:
    expected, unexpected = events(0.8, 1000)
    found = selectivity(expected, 2 * unexpected - 0.8, shuffles=10)
    assert found.indices.mean() == pytest.approx(0.8 / np.sqrt((1 + 4) / 2), abs=0.02)
    by_hand = (unexpected[3].mean() - expected[3].mean()) / np.sqrt(
        (unexpected[3].var(ddof=1) + expected[3].var(ddof=1)) / 2
    )
    plain = selectivity(expected, unexpected, shuffles=10)
    assert plain.indices[3] == pytest.approx(by_hand)


def test_without_an_effect_one_neuron_in_forty_is_selective_on_either_side() -> None:
    low, high = selectivity(*events(0.0, 2000)).share()
    assert low == pytest.approx(2.5, abs=1.2)
    assert high == pytest.approx(2.5, abs=1.2)
    assert selectivity(*events(1.0)).share()[1] > 90  # the control


def test_neurons_that_never_vary_are_counted() -> None:
    expected, unexpected = events(0.5, 10)
    expected[4], unexpected[4] = 2.0, 2.0
    found = selectivity(expected, unexpected)
    assert found.constant == 1
    assert np.isnan(found.indices[4])
    assert np.isfinite(np.delete(found.indices, 4)).all()


def test_effects_leave_missing_events_out() -> None:
    expected = np.array([[1.0, 2.0, np.nan], [0.0, 0.0, 3.0]])
    unexpected = np.array([[4.0, np.nan], [1.0, 2.0]])
    assert unexpected_effect(expected, unexpected).tolist() == [2.5, 0.5]


def test_too_few_or_missing_events_are_refused() -> None:
    expected, unexpected = events(0.0, 5)
    with pytest.raises(ValueError, match=r"300 expected and 1 unexpected events"):
        selectivity(expected, unexpected[:, :1])
    expected[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"compare only events that every neuron has"):
        selectivity(expected, unexpected)


def test_a_line_is_straight_and_a_polygon_turns_by_its_angle() -> None:
    line = np.linspace(0, 1, 9)[:, None] * np.array([1.0, -2, 3])
    angle = np.arange(9) * 2 * np.pi / 12
    polygon = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    found = curvature(np.stack([line, 5 * polygon + 1]))
    assert found == pytest.approx([0, 30], abs=1e-4)
    assert straightening(polygon.reshape(1, 9, 3, 1), line[None]) == pytest.approx([30], abs=1e-4)


def test_trajectories_that_stand_still_or_are_short_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 of 2 trajectories stand still"):
        still = np.random.default_rng(0).random((2, 5, 3))
        still[1, 3] = still[1, 2]
        curvature(still)
    with pytest.raises(ValueError, match=r"with 3 times or more"):
        curvature(np.zeros((2, 2, 3)))
