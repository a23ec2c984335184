"""Adversarial games: hand-computed cases, equilibria, reversed gradients, the penalty R1."""

import math

import pytest
import torch
from torch.nn import functional as F

from objectives.parts.adversarial import (
    hinge_discriminator,
    hinge_predictor,
    least_squares_discriminator,
    least_squares_predictor,
    non_saturating_discriminator,
    non_saturating_predictor,
    r1_penalty,
)
from objectives.parts.gradient_reversal import reverse_gradient

GAMES = {
    "non-saturating": (non_saturating_discriminator, non_saturating_predictor, 0.0),
    "hinge": (hinge_discriminator, hinge_predictor, 0.0),
    "least squares": (least_squares_discriminator, least_squares_predictor, 0.5),
}


def test_a_discriminator_that_cannot_tell_pays_log_two() -> None:
    unsure = torch.zeros(2, 3).double()
    expected = torch.full((2, 3), math.log(2)).double()
    torch.testing.assert_close(non_saturating_discriminator(unsure, unsure), expected)
    torch.testing.assert_close(non_saturating_predictor(unsure), expected)
    torch.testing.assert_close(hinge_discriminator(unsure, unsure), torch.ones(2, 3).double())
    half = unsure + 0.5
    torch.testing.assert_close(least_squares_discriminator(half, half), half / 2)


def test_the_non_saturating_game_is_the_binary_cross_entropy() -> None:
    real, predicted = torch.randn(2, 5, 4).double()
    reality = F.binary_cross_entropy_with_logits(real, torch.ones(5, 4).double(), reduction="none")
    dream = F.binary_cross_entropy_with_logits(
        predicted, torch.zeros(5, 4).double(), reduction="none"
    )
    found = non_saturating_discriminator(real, predicted)
    torch.testing.assert_close(found, (reality + dream) / 2)


def test_hinge_and_least_squares_equal_the_values_worked_out_by_hand() -> None:
    real, predicted = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.5])
    torch.testing.assert_close(hinge_discriminator(real, predicted), torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(hinge_predictor(predicted), torch.tensor([3.0, -0.5]))
    squares = least_squares_discriminator(real, predicted)
    torch.testing.assert_close(squares, torch.tensor([5.0, 0.25]))
    torch.testing.assert_close(least_squares_predictor(predicted), torch.tensor([8.0, 0.125]))


@pytest.mark.parametrize("name", GAMES)
def test_the_players_pull_the_score_of_a_prediction_apart(name: str) -> None:
    discriminator, predictor, unsure = GAMES[name]
    score = torch.full((3,), unsure).requires_grad_()
    (down,) = torch.autograd.grad(discriminator(score.detach(), score).sum(), score)
    (up,) = torch.autograd.grad(predictor(score).sum(), score)
    assert (down > 0).all() and (up < 0).all()  # gradients, which the optimizer subtracts


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_gradient_reversal_flips_exactly_and_only_backwards(strength: float) -> None:
    x = torch.randn(4, 3).double().requires_grad_()
    y = reverse_gradient(x, strength)
    assert torch.equal(x, y)
    (plain,) = torch.autograd.grad((x.square() * x).sum(), x)
    (flipped,) = torch.autograd.grad((y.square() * y).sum(), x)
    assert plain.any() and torch.equal(flipped, -strength * plain)


def test_one_backward_pass_trains_the_discriminator_down_and_the_predictor_up() -> None:
    weight = torch.randn(3).double().requires_grad_()
    predicted = torch.randn(5, 3).double().requires_grad_()
    loss = non_saturating_discriminator(torch.zeros(5), predicted @ weight).sum()
    before = torch.autograd.grad(loss, (weight, predicted))
    bordered = reverse_gradient(predicted, 0.1) @ weight
    loss = non_saturating_discriminator(torch.zeros(5), bordered).sum()
    after = torch.autograd.grad(loss, (weight, predicted))
    assert torch.equal(after[0], before[0])
    torch.testing.assert_close(after[1], -0.1 * before[1])


def test_the_penalty_is_the_squared_slope_of_the_score_at_each_sample() -> None:
    weight = torch.randn(2, 4, 4).double().requires_grad_()
    real = torch.randn(5, 3, 2, 4, 4).double().requires_grad_()
    linear = (weight * real).sum((2, 3, 4))
    expected = (0.5 * weight.square().sum()).expand(5, 3)
    torch.testing.assert_close(r1_penalty(linear, real), expected)
    penalty = r1_penalty((weight * real.square()).sum((2, 3, 4)), real)
    torch.testing.assert_close(penalty, 2 * (weight * real).square().sum((2, 3, 4)))
    (slope,) = torch.autograd.grad(penalty.sum(), weight)  # it teaches the discriminator
    torch.testing.assert_close(slope, 4 * (weight * real.square()).sum((0, 1)))
