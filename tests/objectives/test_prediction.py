"""Losses of the next-step prediction: hand-computed cases, torch's distributions, minima."""

import math

import pytest
import torch
from torch import distributions

from objectives import (
    AbsoluteError,
    Bernoulli,
    Gaussian,
    Objective,
    Poisson,
    SquaredError,
)
from objectives.gaussian import gaussian
from tests.objectives.activities import DENSE, MAPS, from_numbers, from_tensors, make_activity

LOSSES = [SquaredError(), AbsoluteError(), Poisson(), Bernoulli(), Gaussian()]


@pytest.mark.parametrize(
    ("objective", "drive", "prediction", "loss"),
    [
        (SquaredError(), [1.0, 5.0], [0.0, 2.0], (1 + 9) / 2),
        (AbsoluteError(), [1.0, 5.0], [2.0, 2.0], (1 + 3) / 2),
        (Poisson(), [0.0, 3.0], [1.0, math.e], (1 + math.e - 3 + math.log(6)) / 2),
        (Bernoulli(), [1.0, 0.0], [0.5, 0.5], math.log(2)),
        (Bernoulli(), [1.0, 0.0], [0.75, 0.75], math.log(4 / 3) / 2 + math.log(2)),
        (Gaussian(), [1.0, 5.0], [0.0, 2.0], (math.log(2 * math.pi) + 5) / 2),
    ],
)
def test_the_loss_equals_the_one_worked_out_by_hand(
    objective: Objective, drive: list[float], prediction: list[float], loss: float
) -> None:
    found = objective.double()(from_numbers(drive, prediction))
    torch.testing.assert_close(found, torch.tensor([[loss]]).double())


@pytest.mark.parametrize("shapes", [DENSE, MAPS])
@pytest.mark.parametrize("name", ["poisson", "bernoulli", "gaussian"])
def test_a_likelihood_is_that_of_torch(name: str, shapes: tuple) -> None:
    activity = make_activity(*shapes)
    drive, prediction = activity.drive.detach(), activity.prediction.detach()
    mean = prediction.sigmoid()
    channel = (shapes[0][0], *[1] * (len(shapes[0]) - 1))
    log_precision = torch.randn(shapes[0][0]).double()
    scale = (-log_precision / 2).exp().view(channel)
    drive, objective, distribution = {
        "poisson": (
            (5 * drive).round(),
            Poisson(),
            distributions.Poisson(mean),
        ),
        "bernoulli": (drive.round(), Bernoulli(), distributions.Bernoulli(mean)),
        "gaussian": (drive, Gaussian(), distributions.Normal(prediction, scale)),
    }[name]
    objective.build(*shapes)
    if isinstance(objective, Gaussian):
        objective.log_precision = torch.nn.Parameter(log_precision)
    expected = -distribution.log_prob(drive).flatten(2).mean(2)
    shown = prediction if name == "gaussian" else mean
    torch.testing.assert_close(objective(from_tensors(drive, shown)), expected)


@pytest.mark.parametrize("objective", LOSSES, ids=lambda objective: type(objective).__name__)
def test_the_loss_is_least_where_the_prediction_is_perfect(objective: Objective) -> None:
    drive = 0.1 + 0.8 * torch.rand(3, 4, 6).double()
    best = drive.clone().requires_grad_()
    least = objective.double()(from_tensors(drive, best))
    (slope,) = torch.autograd.grad(least.sum(), best)
    torch.testing.assert_close(slope, torch.zeros_like(slope))
    for size in (-1e-2, 1e-2, -0.09, 0.09):  # means stay means
        aside = best + size * torch.rand_like(best)
        assert (objective(from_tensors(drive, aside)) > least).all()


@pytest.mark.parametrize("objective", [SquaredError(), AbsoluteError()])
def test_a_perfect_prediction_costs_nothing_where_the_loss_is_an_error(objective) -> None:
    drive = torch.rand(3, 4, 6).double()
    assert not objective(from_tensors(drive, drive)).any()
    assert objective(from_tensors(drive, drive + 1)).all()


def test_the_gaussian_learns_the_precision_of_each_channel() -> None:
    error = torch.randn(50, 4, 2, 3, 3).double() * torch.tensor([0.1, 3.0]).view(2, 1, 1)
    best = -error.square().mean((0, 1, 3, 4)).log()
    zero = torch.zeros_like(error)
    log_precision = best.clone().requires_grad_()
    least = gaussian(error, zero, log_precision).mean()
    (slope,) = torch.autograd.grad(least, log_precision)
    torch.testing.assert_close(slope, torch.zeros(2).double())
    assert gaussian(error, zero, best.flip(0)).mean() > least  # the channels are not confused


def test_the_gaussian_has_one_precision_until_it_is_built() -> None:
    objective = Gaussian()
    assert objective.log_precision.shape == (1,)
    objective.build(*MAPS)
    assert objective.log_precision.shape == (MAPS[0][0],)
    assert [name for name, _ in objective.named_parameters()] == ["log_precision"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("objective", [Bernoulli(), Poisson()])
def test_the_loss_of_a_sure_prediction_is_finite_and_that_of_a_right_one_small(
    objective: Objective, dtype: torch.dtype
) -> None:
    sure = torch.tensor([[[0.0, 1.0]]], dtype=dtype)
    wrong = (1 - sure).requires_grad_()
    loss = objective(from_tensors(sure, wrong))
    assert loss.isfinite().all() and float(loss.detach()) > 7
    (slope,) = torch.autograd.grad(loss.sum(), wrong)
    assert slope.isfinite().all()
    right = objective(from_tensors(sure, sure))
    assert float(right) < (1e-5 if isinstance(objective, Bernoulli) else 0.51)


def test_the_gradient_by_the_potential_is_the_error_of_the_mean() -> None:
    """Bernoulli behind the logistic, Poisson behind exp: canonical links."""
    drive, potential = torch.rand(3, 4, 6).double(), torch.randn(3, 4, 6).double().requires_grad_()
    for objective, link in ((Bernoulli(), torch.sigmoid), (Poisson(), torch.exp)):
        mean = link(potential)
        (slope,) = torch.autograd.grad(objective(from_tensors(drive, mean)).sum(), potential)
        torch.testing.assert_close(slope, (mean - drive).detach() / 6)


def test_units_are_averaged_so_that_areas_of_different_sizes_compare() -> None:
    drive, prediction = (0.1 + 0.4 * torch.rand(2, 2, 1, 3).double() for _ in range(2))
    for objective in LOSSES:
        one = objective(from_tensors(drive[:, :, 0], prediction[:, :, 0]))
        many = [x.expand(-1, -1, 5, -1).flatten(2) for x in (drive, prediction)]
        torch.testing.assert_close(one, objective(from_tensors(*many)))
        assert not torch.allclose(one, objective(from_tensors(2 * many[0], many[1])))
