"""Actor and critic: the forward view is the backward view, and REINFORCE is one end of it."""

import pytest
import torch
from torch import Tensor

from objectives import Activity, ActorCritic, Outcome
from objectives.actor_critic import advantages
from tests.objectives.activities import dense, make_activity

G, L = 0.8, 0.6


def told(activity: Activity) -> tuple[Tensor, Tensor, Tensor]:
    """Reward, ends and valid as numbers."""
    labels = activity.labels
    return labels["reward"], labels["ends"].double(), activity.valid.double()


def objective(**options: float) -> ActorCritic:
    torch.manual_seed(0)
    made = ActorCritic(2, discount=G, **{"trace": L} | options)  # type: ignore[arg-type]
    made.build((6,), (5,))
    return made.double()


def test_the_loss_is_that_of_traces_that_run_forward_in_time() -> None:
    activity, made = make_activity(time=12, batch=3), objective()
    made(activity).sum().backward()
    found = dense(made.actor).weight.grad
    assert found is not None
    reward, ends, valid = told(activity)
    value = made.critic(activity.rate.detach()).squeeze(2).detach()
    wanted = torch.zeros_like(found)
    for b in range(3):  # the backward view, stream by stream, step by step
        trace = torch.zeros_like(found)
        for t in range(1, 12):
            if not valid[t, b]:
                trace = torch.zeros_like(found)
                continue
            trace = G * L * (1 - ends[t - 1, b]) * trace
            if activity.labels["acts"][t, b]:
                bids = activity.labels["bids"][t, b]
                miss = torch.eye(2).double()[activity.labels["action"][t, b]] - bids.softmax(0)
                trace = trace + torch.outer(miss, activity.rate[t - 1, b].detach())
            delta = reward[t, b] + G * (1 - ends[t, b]) * value[t, b] - value[t - 1, b]
            wanted -= delta * trace
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def test_with_traces_that_last_it_is_the_return_less_what_was_expected() -> None:
    activity = make_activity(time=9, batch=4)
    reward, ends, _ = told(activity)
    value = torch.rand(9, 4).double()
    found = advantages(reward, value, ends, torch.ones(9, 4).double(), G, 1.0)
    for t in range(1, 9):
        for b in range(4):
            paid, worth, goes_on = 0.0, 1.0, True
            for s in range(t, 9):
                paid += worth * float(reward[s, b])
                worth *= G
                if ends[s, b]:
                    goes_on = False
                    break
            paid += worth * float(value[8, b]) if goes_on else 0.0
            assert float(found[t, b]) == pytest.approx(paid - float(value[t - 1, b]), abs=1e-9)


def test_the_critic_follows_what_is_paid_and_the_area_is_left_out_of_it() -> None:
    activity, made = make_activity(time=12, batch=3), objective()
    made(activity).sum().backward()
    reward, ends, valid = told(activity)
    value = made.critic(activity.rate.detach()).squeeze(2).detach()
    advantage = advantages(reward, value, ends, valid, G, L)
    wanted = -torch.einsum("tb,tbi->i", advantage[1:], activity.rate[:-1].detach())
    (found,) = dense(made.critic).weight.grad  # type: ignore[misc]
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)
    dense(made.actor).weight.data.zero_()
    (by_rate,) = torch.autograd.grad(made(activity).sum(), activity.rate)
    assert not by_rate.any(), "only by way of the actor"


def test_reward_is_told_until_each_end() -> None:
    activity = make_activity(time=12, batch=3)
    valid, labels = activity.valid, activity.labels
    paid = float((labels["reward"] * valid).sum()) / int((labels["ends"] & valid).sum())
    assert float(objective().terms(activity)["reward"]) == pytest.approx(paid)


def test_an_outcome_is_the_label_and_what_effort_costs() -> None:
    activity, made = make_activity(), Outcome("miss", 3, 0.5)
    made.build((6,), (5,))
    made.double()
    done = torch.stack([made.read_out(rate) for rate in activity.rate])
    wanted = activity.labels["miss"] + 0.5 * done.square().mean(2)
    torch.testing.assert_close(made(activity), wanted)
    assert float(made.terms(activity)["miss"]) > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"actions": 1}, "actions: need 2 or more, got 1"),
        ({"actions": 2, "discount": 1.5}, "discount: need a number in \\[0, 1\\], got 1.5"),
        ({"actions": 2, "trace": -1.0}, "trace: need a number"),
        ({"actions": 2, "delay": 0}, "delay: need 1 step or more"),
        ({"actions": 2, "entropy": -0.1}, "entropy: need 0 or more"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ActorCritic(**options)
    with pytest.raises(ValueError, match="size: need 1 or more"):
        Outcome("miss", 0)
    with pytest.raises(ValueError, match="effort: need 0 or more"):
        Outcome("miss", 2, -1.0)
