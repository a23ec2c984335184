"""Homeostatic and economic objectives: set points, closed forms, the rules they stand for."""

import pytest
import torch
from torch import Tensor

from objectives import (
    Activity,
    Balance,
    Energy,
    IntrinsicPlasticity,
    LateralInhibition,
    PopulationRate,
    Sparseness,
    TargetRate,
)
from tests.objectives.activities import MAPS, make_activity


def at_rate(rate: Tensor) -> Activity:
    """An activity of valid steps with these rates [time, batch, *units]."""
    return Activity(rate, rate, rate, rate, torch.ones(rate.shape[:2]).bool())


def test_the_target_is_for_the_mean_of_each_unit_over_valid_steps() -> None:
    rate = torch.tensor([[[9.0, 9.0]], [[0.0, 1.0]], [[0.4, 3.0]]])  # means .2 and 2 where valid
    activity = at_rate(rate)._replace(valid=torch.tensor([[False], [True], [True]]))
    expected = ((0.2 - 0.5) ** 2 + (2 - 0.5) ** 2) / 2
    loss = TargetRate(0.5)(activity)
    torch.testing.assert_close(loss, torch.tensor([[0.0], [expected], [expected]]))
    # where the mean is right, fluctuations cost nothing, and they do where it is for each moment
    steady = at_rate(torch.tensor([[[0.0]], [[1.0]]]))
    assert not TargetRate(0.5)(steady).any() and PopulationRate(0.5)(steady).all()


@pytest.mark.parametrize("start", [0.0, 0.9])
def test_rates_reach_the_set_point_from_below_and_above(start: float) -> None:
    rate = torch.full((4, 3, 5), start).double() + 0.05 * torch.rand(4, 3, 5).double()
    for _ in range(200):
        rate.requires_grad_()
        (signal,) = torch.autograd.grad(TargetRate(0.3)(at_rate(rate)).sum(), rate)
        rate = (rate - 0.5 * signal).detach()
    torch.testing.assert_close(rate.mean((0, 1)), torch.full((5,), 0.3).double())
    assert rate.std() > 0.01


def test_the_population_rate_is_that_of_each_moment() -> None:
    rate = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]])
    loss = PopulationRate(0.25)(at_rate(rate))
    torch.testing.assert_close(loss, torch.tensor([[0.25**2, 0.75**2]]))


def test_energy_is_the_mean_absolute_rate() -> None:
    activity = make_activity(*MAPS)
    torch.testing.assert_close(Energy()(activity), activity.rate.sum((2, 3, 4)) / 48)
    assert Energy()(at_rate(torch.tensor([[[-1.0, 0.5]]]))).item() == 0.75


def test_the_energy_of_squares_is_the_mean_square_and_its_power_is_looked_at() -> None:
    assert Energy(2.0)(at_rate(torch.tensor([[[-1.0, 0.5]]]))).item() == 0.625
    for power in (0.5, 5.0):
        with pytest.raises(ValueError, match=r"power: need 1 \(the sum of rates\) to 4, got"):
            Energy(power)


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 4, 2, 3), (2, 3, 1), (2, 3, 1, 2, 2)])
def test_lateral_inhibition_is_the_mean_product_of_two_rivals(shape: tuple[int, ...]) -> None:
    rate = torch.randn(shape, dtype=torch.float64)
    loss = LateralInhibition()(at_rate(rate))
    for t in range(shape[0]):
        for stream in range(shape[1]):
            places = rate[t, stream].abs().reshape(shape[2], -1).T.tolist()
            pairs = [
                place[i] * place[j]
                for place in places
                for i in range(shape[2])
                for j in range(shape[2])
                if i != j
            ]
            expected = sum(pairs) / len(pairs) if pairs else 0
            assert loss[t, stream].item() == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_rivals_inhibit_each_other_until_one_of_them_is_left() -> None:
    rate = torch.tensor([[[0.5, 0.4, 0.0]]], dtype=torch.float64)
    for _ in range(1000):
        rate.requires_grad_()
        (signal,) = torch.autograd.grad(LateralInhibition()(at_rate(rate)).sum(), rate)
        rate = (rate - 0.1 * signal).detach().clamp(min=0)  # rectified
    winner, loser, silent = rate[0, 0].tolist()
    # winner^2 - loser^2 stays .09 on a continuous way; steps this large lose less than .01 of it
    assert winner == pytest.approx(0.3, abs=0.01) and loser < 1e-3 and silent == 0


def test_sparseness_is_one_over_the_units_if_one_is_active_and_one_if_all_are() -> None:
    single, all_ = torch.zeros(1, 1, 8).double(), torch.full((1, 1, 8), 0.3).double()
    single[0, 0, 3] = 0.3
    assert Sparseness(1e-12)(at_rate(single)).item() == pytest.approx(1 / 8)
    assert Sparseness(1e-12)(at_rate(all_)).item() == pytest.approx(1)
    assert Sparseness()(at_rate(torch.zeros(1, 1, 8))).item() == 0


def test_sparseness_does_not_silence_and_energy_does() -> None:
    rate = torch.rand(1, 1, 8).double().requires_grad_()
    (sparser,) = torch.autograd.grad(Sparseness(1e-12)(at_rate(rate)).sum(), rate)
    assert (sparser * rate).sum().item() == pytest.approx(0, abs=1e-9)  # along the rate itself
    (cheaper,) = torch.autograd.grad(Energy()(at_rate(rate)).sum(), rate)
    assert (cheaper * rate).sum() > 0.01


def test_balance_is_equal_activity_of_both_populations_at_each_moment() -> None:
    balance = Balance(excitatory=0.75, ratio=2.0)
    balance.build((1,), (4,))
    rate = torch.tensor([[[1.0, 2.0, 3.0, 1.0]], [[0.0, 0.0, 0.0, 0.5]]])  # E: 2, 0; I: 1, 1/2
    torch.testing.assert_close(balance(at_rate(rate)), torch.tensor([[0.0], [1.0]]))


def test_balance_lets_inhibition_follow_excitation_and_not_the_mean_alone() -> None:
    """Inhibition w x has to follow excitation x: the best weight is the ratio's, not a constant."""
    balance, weight, bias = Balance(0.5), torch.zeros(()), torch.zeros(())
    balance.build((1,), (2,))
    optimizer = torch.optim.Adam([weight.requires_grad_(), bias.requires_grad_()], lr=0.05)
    for _ in range(300):
        x = torch.rand(5, 8)
        loss = balance(at_rate(torch.stack([x, weight * x + bias], 2))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert weight.item() == pytest.approx(1, abs=0.05) and bias.item() == pytest.approx(0, abs=0.05)


def test_both_populations_have_units_and_one_unit_alone_cannot_balance() -> None:
    for share, first in ((0.01, 1), (0.99, 2), (0.5, 2)):
        balance = Balance(share)
        balance.build((1,), (3,))
        assert balance.first == first
    with pytest.raises(ValueError, match="units: need 2 or more"):
        Balance().build((1,), (1,))
    with pytest.raises(ValueError, match="excitatory: need a share"):
        Balance(1.0)
    with pytest.raises(ValueError, match="ratio: need > 0"):
        Balance(ratio=0.0)


def test_intrinsic_plasticity_is_the_rule_of_triesch_by_the_bias() -> None:
    x = torch.randn(4, 3, 5).double()
    bias = torch.zeros(5).double().requires_grad_()
    rate = torch.sigmoid(x + bias)
    (slope,) = torch.autograd.grad(IntrinsicPlasticity(mean=0.2)(at_rate(rate)).sum(), bias)
    h, mean = rate.detach(), 0.2
    rule = 1 - (2 + 1 / mean) * h + h.square() / mean
    torch.testing.assert_close(-slope, rule.sum((0, 1)) / 5)


def test_intrinsic_plasticity_makes_the_mean_rate_of_a_unit_what_it_is_told() -> None:
    """With gain and bias (and the gain's own term, log |a|) a unit nears an exponential."""
    x = torch.randn(2000, 1, 1).double()
    gain = torch.ones(()).double().requires_grad_()
    bias = torch.zeros(()).double().requires_grad_()
    objective = IntrinsicPlasticity(mean=0.1)
    optimizer = torch.optim.Adam([gain, bias], lr=0.05)
    start = torch.sigmoid(x).std() / torch.sigmoid(x).mean()
    for _ in range(300):
        loss = objective(at_rate(torch.sigmoid(gain * x + bias))).mean() - gain.abs().log()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    rate = torch.sigmoid(gain * x + bias)
    assert rate.mean().item() == pytest.approx(0.1, abs=0.02)
    variation = rate.std() / rate.mean()  # 1 for an exponential distribution
    assert start < 0.5 and variation.item() == pytest.approx(1, abs=0.15)


def test_a_rate_that_is_stuck_at_an_end_is_called_back() -> None:
    rate = torch.tensor([[[-0.2, 0.0, 1.0, 1.3]]]).double().requires_grad_()
    (signal,) = torch.autograd.grad(IntrinsicPlasticity()(at_rate(rate)).sum(), rate)
    assert (signal[..., :2] < -100).all() and (signal[..., 2:] > 100).all()


@pytest.mark.parametrize("wrong", [{"mean": 0.0}, {"mean": 0.5}, {"margin": 0.0}, {"margin": 1.0}])
def test_a_distribution_that_does_not_fit_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: need 0 <"):
        IntrinsicPlasticity(**wrong)
    with pytest.raises(ValueError, match="epsilon: need > 0"):
        Sparseness(epsilon=0.0)
