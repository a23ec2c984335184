"""Tasks: classes, quantities and rewards that labels of the data give."""

import math

import pytest
import torch
from torch import Tensor

from objectives import Activity, CrossEntropy, Objective, Regression, Reinforce
from objectives.reinforce import reinforce
from tests.objectives.activities import MAPS, dense, make_activity


def built(objective: Objective, units: tuple[int, ...] = (5,)) -> Objective:
    objective.build((6,), units)
    return objective.double()


def silent(objective: Objective) -> Objective:
    """The objective with read-outs that say nothing."""
    for parameter in objective.parameters():
        parameter.data.zero_()
    return objective


@pytest.mark.parametrize("units", [(5,), MAPS[1]])
def test_the_cross_entropy_is_the_surprise_at_the_right_class(units: tuple[int, ...]) -> None:
    activity, objective = make_activity((6,), units), built(CrossEntropy("identity", 10), units)
    assert isinstance(objective, CrossEntropy)
    loss = objective(activity)
    for t, b in ((0, 0), (3, 2)):
        logits = objective.readout(activity.rate)[t, b].tolist()
        right = activity.labels["identity"][t, b]
        total = sum(math.exp(x) for x in logits)
        assert loss[t, b].item() == pytest.approx(-math.log(math.exp(logits[right]) / total))


def test_who_knows_nothing_pays_the_logarithm_of_the_classes() -> None:
    activity, objective = make_activity(), silent(built(CrossEntropy("identity", 10)))
    torch.testing.assert_close(objective(activity), torch.full((7, 4), math.log(10)).double())


def test_accuracy_counts_valid_steps_only() -> None:
    activity, objective = make_activity(), silent(built(CrossEntropy("identity", 10)))
    assert isinstance(objective, CrossEntropy)
    dense(objective.readout).bias.data[3] = 1.0  # always says 3
    identity = torch.where(activity.valid, torch.arange(7)[:, None], 3)
    said = objective.terms(activity._replace(labels={"identity": identity}))
    expected = ((identity == 3) & activity.valid).sum() / activity.valid.sum()
    assert said["accuracy"].item() == pytest.approx(expected.item()) and 0 < expected < 1


def test_regression_is_the_squared_distance_from_the_label() -> None:
    activity, objective = make_activity(), built(Regression("position", 2))
    assert isinstance(objective, Regression)
    guess, wanted = objective.readout(activity.rate), activity.labels["position"]
    expected = sum((guess[..., k] - wanted[..., k]) ** 2 for k in (0, 1)) / 2
    torch.testing.assert_close(objective(activity), expected)
    perfect = activity._replace(labels={"position": guess.detach()})
    assert not objective(perfect).any()
    assert objective.terms(perfect)["explained"] == 1


def test_regression_explains_nothing_by_the_mean() -> None:
    activity, objective = make_activity(), silent(built(Regression("position", 2)))
    assert isinstance(objective, Regression)
    mean = activity.labels["position"][activity.valid].mean(0)
    dense(objective.readout).bias.data.copy_(mean)
    assert objective.terms(activity)["explained"].item() == pytest.approx(0, abs=1e-6)


def expected_gradient(logits: Tensor, reward: Tensor, baseline: float) -> Tensor:
    """The gradient of REINFORCE by the logits, on average over actions, each in its turn."""
    total = torch.zeros_like(logits)
    for action, likely in enumerate(logits.softmax(0).tolist()):
        leaf = logits.clone().requires_grad_()
        chosen = torch.tensor(action)
        loss = reinforce(leaf, chosen, reward[action], torch.tensor(baseline).double())
        total = total + likely * torch.autograd.grad(loss, leaf)[0]
    return total


@pytest.mark.parametrize("baseline", [0.0, 0.4, -3.0])
def test_reinforce_climbs_the_expected_reward_whatever_the_baseline(baseline: float) -> None:
    logits, reward = torch.randn(4).double(), torch.tensor([0.0, 1.0, 0.0, 0.0]).double()
    leaf = logits.clone().requires_grad_()
    (slope,) = torch.autograd.grad(-(leaf.softmax(0) @ reward), leaf)
    assert slope.abs().min() > 1e-3
    torch.testing.assert_close(expected_gradient(logits, reward, baseline), slope)


def test_a_baseline_that_knows_what_to_expect_makes_it_less_noisy() -> None:
    logits, reward = torch.zeros(4).double(), torch.tensor([1.0, 1.0, 1.0, 0.0]).double()
    noise = {}
    for baseline in (0.0, 0.75):
        found = []
        for action in range(4):
            leaf = logits.clone().requires_grad_()
            loss = reinforce(leaf, torch.tensor(action), reward[action], torch.tensor(baseline))
            found.append(torch.autograd.grad(loss, leaf)[0])
        noise[baseline] = torch.stack(found).var(0).sum()
    assert noise[0.75] < 0.5 * noise[0.0]


def test_the_baseline_learns_the_reward_and_does_not_teach_the_area() -> None:
    activity, objective = make_activity(), built(Reinforce("identity", 10))
    assert isinstance(objective, Reinforce)
    policy, baseline = dense(objective.policy), dense(objective.baseline)
    policy.weight.data.zero_()
    (signal,) = torch.autograd.grad(objective(activity).sum(), activity.rate)
    assert baseline.weight.any() and not signal.any()
    baseline.weight.data.zero_()
    baseline.bias.data.zero_()
    (slope,) = torch.autograd.grad(objective(activity).sum(), baseline.bias)
    rewards = -slope.item()  # d/db of 1/2 (r - b)^2 at b = 0
    assert rewards == pytest.approx(round(rewards)) and 0 <= rewards <= 28


def test_reward_alone_teaches_which_action_to_take() -> None:
    objective = Reinforce("identity", 3)
    objective.build((1,), (3,))
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.05)

    def trial() -> Activity:
        identity = torch.randint(3, (5, 40))
        rate, valid = torch.eye(3)[identity], torch.ones(5, 40).bool()
        return Activity(rate, rate, rate, rate, valid, {"identity": identity})

    for _ in range(150):
        loss = objective(trial()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    activity = trial()
    assert objective.terms(activity)["reward"] > 0.9
    shuffled = activity._replace(labels={"identity": activity.labels["identity"].roll(1, 1)})
    assert objective.terms(shuffled)["reward"] < 0.6  # the control: it is about this label


def test_a_label_that_the_data_do_not_give_is_named() -> None:
    activity = make_activity()
    with pytest.raises(
        ValueError,
        match="label: the data give no 'color'; there are action, acts, bids, ends, identity",
    ):
        built(CrossEntropy("color", 3))(activity)
    with pytest.raises(ValueError, match="there are none"):
        built(CrossEntropy("color", 3))(activity._replace(labels={}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CrossEntropy("identity", 1), "classes: need 2 or more, got 1"),
        (lambda: Regression("position", 0), "size: need 1 or more, got 0"),
        (lambda: Reinforce("identity", 1), "actions: need 2 or more, got 1"),
    ],
)
def test_a_task_without_a_choice_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
