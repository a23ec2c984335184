"""Contrastive objectives and latent predictive learning against their published formulas."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from objectives import CLAPP, Activity, ContrastivePrediction, InfoNCE, LatentPredictiveLearning
from objectives.info_nce import info_nce
from objectives.latent_predictive_learning import decorrelation, hebbian
from objectives.parts.moments import covariance, mean_of_counted
from tests.objectives.activities import MAPS, make_activity


def test_info_nce_is_the_cross_entropy_of_picking_the_right_one() -> None:
    guess, code = torch.randn(6, 3).double(), torch.randn(6, 3).double()
    everyone = torch.ones(6).bool()
    expected = F.cross_entropy(guess @ code.T, torch.arange(6), reduction="none")
    torch.testing.assert_close(info_nce(guess, code, everyone), expected)
    some = torch.tensor([1, 0, 1, 1, 0, 1]).bool()
    kept = F.cross_entropy(guess[some] @ code[some].T, torch.arange(4), reduction="none")
    torch.testing.assert_close(info_nce(guess, code, some)[some], kept)


def test_info_nce_is_at_chance_where_nothing_is_known_and_above_where_all_is_wrong() -> None:
    code = 10 * torch.eye(8).double()
    everyone = torch.ones(8).bool()
    chance = torch.full((8,), math.log(8)).double()
    torch.testing.assert_close(info_nce(torch.zeros(8, 8).double(), code, everyone), chance)
    assert (info_nce(code, code, everyone) < 1e-9).all()
    assert (info_nce(code.roll(1, 0), code, everyone) > chance).all()


def test_a_shuffled_pairing_does_not_beat_chance() -> None:
    """Guesses and codes that are independent cost log n at least, in expectation (Jensen)."""
    guess, code = torch.randn(2, 400, 64, 5).double()
    everyone = torch.ones(64).bool()
    for strength in (0.1, 1.0):
        pairs = zip(guess, code, strict=True)
        losses = torch.stack([info_nce(strength * g, c, everyone) for g, c in pairs])
        error = losses.mean(1).std() / 400**0.5
        assert losses.mean() > math.log(64) - 3 * error
    true = torch.stack([info_nce(c, c, everyone) for c in code])
    assert true.mean() < math.log(64) - 1  # the control: paired rightly they do


def test_info_nce_of_an_area_takes_its_candidates_from_unbroken_pairs() -> None:
    activity = make_activity(*MAPS)
    objective = InfoNCE([1, 2])
    objective.build(*MAPS)
    objective.double()
    code = activity.rate.flatten(3).mean(3)
    expected = torch.zeros(7, 4).double()
    for k, weight in zip((1, 2), objective.parameters(), strict=True):
        pairs = [
            (t, b)
            for t in range(k, 7)
            for b in range(4)
            if all(activity.valid[s, b] for s in range(t - k + 1, t + 1))
        ]
        assert len(pairs) < (7 - k) * 4
        for t, b in pairs:
            scores = torch.stack([code[s, c] @ weight @ code[t - k, b] for s, c in pairs])
            expected[t, b] += (scores.logsumexp(0) - scores[pairs.index((t, b))]) / 2
    torch.testing.assert_close(objective(activity), expected)


def test_contrastive_prediction_is_the_cross_entropy_of_picking_the_drive_that_came() -> None:
    activity, objective = make_activity(*MAPS), ContrastivePrediction([1, 2], features=6)
    objective.build(*MAPS)
    objective.double()
    code = objective.encoder(activity.drive)
    expected = torch.zeros(7, 4).double()
    for k, readout in zip((1, 2), objective.readouts, strict=True):
        guess = readout(activity.rate)
        pairs = [
            (t, b)
            for t in range(k, 7)
            for b in range(4)
            if all(activity.valid[s, b] for s in range(t - k + 1, t + 1))
        ]
        for t, b in pairs:
            scores = torch.stack([code[s, c] @ guess[t - k, b] for s, c in pairs])
            target = torch.tensor(pairs.index((t, b)))
            expected[t, b] += F.cross_entropy(scores, target) / 2
    torch.testing.assert_close(objective(activity), expected)
    (moved,) = torch.autograd.grad(objective(activity).sum(), activity.drive, allow_unused=True)
    assert moved is None  # what comes in is not the area's to change
    with pytest.raises(ValueError, match="features: need 1 or more"):
        ContrastivePrediction([1], features=0)


def test_holding_a_rate_for_each_stream_wins_info_nce_and_not_contrastive_prediction() -> None:
    """Streams of noise, and rates that tell which stream it is by memory alone."""
    name = torch.eye(8).double().expand(6, 8, 8)
    noise = torch.randn(6, 8, 8).double()
    activity = Activity(noise, noise, noise, name, torch.ones(6, 8).bool())
    held = InfoNCE([1])
    held.build((8,), (8,))
    held.double().bilinear[0].weight.data = 20 * torch.eye(8).double()
    assert held(activity)[1:].mean().item() == pytest.approx(math.log(5), abs=1e-3)  # other times
    seen = ContrastivePrediction([1], features=8)
    seen.build((8,), (8,))
    seen.double()
    optimizer = torch.optim.Adam(seen.parameters(), lr=0.02)
    for _ in range(60):
        drive = torch.randn(6, 8, 8).double()
        loss = seen(activity._replace(drive=drive))[1:].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fresh = torch.randn(6, 8, 8).double()
    assert seen(activity._replace(drive=fresh))[1:].mean() > math.log(5 * 8) - 0.2


def clapp(expectation: Tensor, rate: Tensor) -> Tensor:
    objective = CLAPP()
    objective.build((1,), (2,))
    objective.double().expectation.weight = torch.nn.Parameter(expectation)
    return objective(Activity(rate, rate, rate, rate, torch.ones(rate.shape[:2]).bool()))


def test_clapp_is_the_hinge_of_the_own_stream_and_of_another() -> None:
    before = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    after = torch.tensor([[0.5, 0.2], [0.3, 2.0]])
    loss = clapp(torch.eye(2).double(), torch.stack([before, after]).double())
    # own: .5, 2; the other's: .3, .2
    expected = torch.tensor([[0, 0], [0.5 + 1.3, 0 + 1.2]]).double()
    torch.testing.assert_close(loss, expected)


def test_the_gradient_of_clapp_is_its_broadcast_times_the_expectation() -> None:
    expectation, rate = torch.randn(2, 2).double(), torch.randn(2, 3, 2).double()
    signal = rate.clone().requires_grad_()
    clapp(expectation, signal)[1].sum().backward()
    assert signal.grad is not None
    expected = rate[0] @ expectation.T
    same = ((expected * rate[1]).sum(1) < 1).double().unsqueeze(1)
    other = ((expected * rate[1].roll(1, 0)).sum(1) > -1).double().unsqueeze(1)
    assert same.any() and other.any()
    torch.testing.assert_close(-signal.grad[1], same * expected - (other * expected).roll(-1, 0))


@pytest.mark.parametrize("horizon", [1, 2])
def test_where_saccades_are_told_of_they_are_the_broadcast(horizon: int) -> None:
    """Pair by pair, as the file's head defines it; streams then do not meet."""
    activity = make_activity((1,), (3,))
    saccade = torch.zeros(7, 4).bool()
    saccade[3, 0] = saccade[5, 2] = True
    activity = activity._replace(labels={"saccade": saccade})
    objective = CLAPP(horizon, "saccade")
    objective.build((1,), (3,))
    (weight,) = objective.double().parameters()
    expected, signs = torch.zeros(7, 4).double(), set()
    for t in range(horizon, 7):
        for b in range(4):
            between = range(t - horizon + 1, t + 1)
            if not all(activity.valid[s, b] for s in between):
                continue
            y = -1 if any(saccade[s, b] for s in between) else 1
            score = activity.rate[t, b] @ weight @ activity.rate[t - horizon, b]
            expected[t, b] = max(1 - y * score, 0)
            signs.add((y, b))
    assert (-1, 0) in signs and (1, 1) in signs and (-1, 2) in signs
    torch.testing.assert_close(objective(activity), expected)
    assert not objective.couples_batch and CLAPP(horizon).couples_batch
    (alone,) = torch.autograd.grad(objective(activity)[:, 0].sum(), activity.rate)
    assert alone[:, 0].any() and not alone[:, 1:].any()


def test_the_covariance_is_that_of_torch_over_the_samples_that_count() -> None:
    values, counted = torch.randn(9, 3).double(), torch.rand(9) > 0.3
    assert not counted.all()
    found = covariance(values, counted, mean_of_counted(values, counted))
    torch.testing.assert_close(found, values[counted].T.cov())
    none = torch.zeros(9).bool()
    assert not covariance(values, none, mean_of_counted(values, none)).any()


def test_latent_predictive_learning_is_its_three_terms() -> None:
    activity = make_activity((1,), (3,))
    objective = LatentPredictiveLearning(1, variance=0.7, decorrelation=5.0, epsilon=1e-3)
    pairs = [(t, b) for t in range(1, 7) for b in range(4) if activity.valid[t, b]]
    z = torch.stack([activity.rate[t, b] for t, b in pairs]).detach()
    n, around = len(pairs), z - z.mean(0)
    spread = torch.stack([torch.outer(row, row) for row in around]).sum(0) / (n - 1)
    pushed = -torch.log(around.square().sum(0) / (n - 1) + 1e-3).sum() / 3
    unlike = sum(spread[i, j] ** 2 for i in range(3) for j in range(3) if i != j) / (3 * 2)
    expected = torch.zeros(7, 4).double()
    for t, b in pairs:
        change = activity.rate[t, b] - activity.rate[t - 1, b]
        expected[t, b] = change.square().sum() / (2 * 3) + 0.7 * pushed + 5.0 * unlike
    torch.testing.assert_close(objective(activity), expected)


def test_the_gradient_of_latent_predictive_learning_is_its_learning_rule() -> None:
    """Erratum to Halvagal & Zenke (2023), before the synapse: up to factors of its lambdas."""
    before, now = torch.randn(1, 8, 3).double(), torch.randn(1, 8, 3).double()
    rate = torch.cat([before, now]).requires_grad_()
    objective = LatentPredictiveLearning(1, variance=0.5, decorrelation=2.0, epsilon=1e-12)
    valid = torch.ones(2, 8).bool()
    (signal,) = torch.autograd.grad(
        objective(Activity(rate, rate, rate, rate, valid))[1].mean(), rate
    )
    around = (now - now.mean(1))[0]
    spread = now[0].T.cov()
    apart = spread - spread.diag().diag()
    rule = -(now - before)[0] / (3 * 8)
    rule = rule + 0.5 * 2 * around / spread.diag() / (3 * 7)
    rule = rule - 2.0 * 4 * around @ apart / (3 * 2 * 7)
    torch.testing.assert_close(-signal[1], rule)
    assert not signal[0].any()  # the past does not move


def test_silence_is_dear_and_so_is_saying_the_same_twice() -> None:
    free = torch.randn(200, 3).double()
    everyone = torch.ones(200).bool()
    spread = covariance(free, everyone, free.mean(0))
    assert hebbian(0.01 * spread, 1e-4) > hebbian(spread, 1e-4) + 1
    same = free[:, :1].expand(-1, 3)
    copied = covariance(same, everyone, same.mean(0))
    assert decorrelation(copied) > 0.5 > 0.05 > decorrelation(spread)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"horizon": 0}, "horizon: need >= 1"),
        ({"variance": -1.0}, "variance, decorrelation: need weights >= 0"),
        ({"epsilon": 0.0}, "epsilon: need > 0"),
    ],
)
def test_constants_that_mean_nothing_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LatentPredictiveLearning(**wrong)
    with pytest.raises(ValueError, match="horizon"):
        CLAPP(horizon=0)
