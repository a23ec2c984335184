"""Branches: amplification by hand, cooperation, and what takes two layers without them."""

from math import exp

import pytest
import torch
from torch import Tensor

from areas import Branches, Leaky
from tests import toy


def number(value: float) -> Tensor:
    return torch.full((1, 1), value, dtype=torch.float64)


def rate(cell: Branches, *currents: float, steps: int = 1) -> float:
    state = cell.initial_state(number(0.0))
    for _ in range(steps):
        state = cell.step([number(current) for current in currents], state)
    return state.rate.item()


def identity(x: Tensor) -> Tensor:
    return x * 1.0


def test_a_branch_sends_what_the_equation_says() -> None:
    """By hand: sigma(2) = .8807970779778823 at twice the width beyond the threshold."""
    cell = Branches(2, threshold=1.0, width=0.25, gain=3.0, activation=identity)
    one, other = 1.5 * (1 + 3 * 0.8807970779778823), -0.5 / (1 + exp(6.0)) * 3 - 0.5
    assert rate(cell, 1.5, -0.5) == pytest.approx(one + other, rel=1e-13)


def test_potentials_approach_their_currents() -> None:
    cell = Branches(2, tau=3.0, gain=0.0, activation=identity)
    for t in (1, 2, 7):
        expected = (0.4 - 1.0) * (1 - exp(-t / 3))
        assert rate(cell, 0.4, -1.0, steps=t) == pytest.approx(expected, rel=1e-12)


def test_inputs_on_one_branch_drive_more_than_the_same_inputs_on_two() -> None:
    cell = Branches(2, activation=identity)
    assert rate(cell, 1.6, 0.0) > 1.5 * rate(cell, 0.8, 0.8)
    linear = Branches(2, gain=0.0, activation=identity)
    assert rate(linear, 1.6, 0.0) == pytest.approx(rate(linear, 0.8, 0.8), rel=1e-12)


def test_one_unit_binds_features_as_no_unit_without_branches_can() -> None:
    """A with B or C with D, but not A with C or B with D: sums over pairs are all the same."""
    cell = Branches(2, threshold=1.5, width=0.05, gain=4.0, activation=identity)
    weights = torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]], dtype=torch.float64)

    def driven(*features: int) -> float:
        return rate(cell, *weights[:, list(features)].sum(1).tolist())

    bound, apart = (driven(0, 1), driven(2, 3)), (driven(0, 2), driven(1, 3))
    assert min(bound) > 4 * max(apart)
    plain = weights.sum(0)  # of a unit without branches: monotone in a sum that is 2 for all four
    assert {float(plain[list(pair)].sum()) for pair in ((0, 1), (2, 3), (0, 2), (1, 3))} == {2.0}


def test_without_gain_and_of_one_branch_it_is_a_unit_that_follows_its_current() -> None:
    inputs, reset = toy.stream(toy.lone(Branches(1, gain=0.0)))
    found = [
        toy.lone(cell)(inputs, reset)[0]["V1"].rate for cell in (Branches(1, gain=0.0), Leaky(1.0))
    ]
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"branches": 0}, "branches: need 1 or more, got 0"),
        ({"tau": -1.0}, "tau: need 0 steps or more, got -1.0"),
        ({"width": 0.0}, "width: need a number above 0, got 0.0"),
        ({"gain": float("nan")}, "gain: need a number of 0 or more, got nan"),
    ],
)
def test_numbers_out_of_range_are_refused(option: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Branches(**option)
