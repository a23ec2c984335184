"""What an area learns from a bandit is the gradient of the reward that it can expect."""

from itertools import product

import pytest
import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.environments import Bandit
from brainmodel.environments.choosing import choose
from brainmodel.pathways import Pathway
from brainmodel.scopes import Global, Local, Scope
from objectives import ActorCritic
from tests import lessons, toy

PAYS = [0.1, 0.5, 0.9]


def brain_of(scope: Scope | None = None, bidders: int = 1, delay: int = 1) -> Brain:
    names = "AB"[:bidders]
    plans = {
        n: toy.plan(units=[3], objectives={"do": ActorCritic(3, discount=0.7, delay=delay)})
        for n in names
    }
    pathways = {f"see_{n}": Pathway("world", n) for n in names}
    pathways |= {f"act_{n}": Pathway(n, "world", read_out="do", delay=delay) for n in names}
    return toy.brain(plans, pathways, {}, scope, environments={"world": Bandit(PAYS)})


def bids_of(brain: Brain, rates: dict[str, Tensor]) -> Tensor:
    """Sum of the read-outs of rates, by hand."""
    total = torch.zeros(())
    for name, rate in rates.items():
        own = dict(brain.named_parameters(prefix=""))
        place = f"objectives.{name}.do.actor.synapses.1"
        total = total + rate @ own[f"{place}.weight"].T + own[f"{place}.bias"]
    return total


def each_fate(likely: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers that make each arm be pulled, and pay or not, once; how likely each is."""
    edges = torch.cat([torch.zeros(1).double(), likely.cumsum(0)])
    drawn, weight = [], []
    for arm, pays in product(range(3), (True, False)):
        p = PAYS[arm]
        drawn.append([float(edges[arm] + edges[arm + 1]) / 2, p / 2 if pays else (1 + p) / 2])
        weight.append(float(likely[arm]) * (p if pays else 1 - p))
    return torch.tensor(drawn, dtype=torch.float64), torch.tensor(weight, dtype=torch.float64)


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("bidders", [1, 2])
@pytest.mark.parametrize("delay", [1, 2])
def test_the_expected_gradient_is_that_of_the_expected_reward(
    delay: int, bidders: int, scope: type[Scope]
) -> None:
    brain = brain_of(scope(), bidders, delay)
    reset = torch.zeros(delay + 1, 6, dtype=torch.bool)
    reset[0] = True
    state = brain.initial_state(1)
    nothing, one = {"world": torch.zeros(1, 2).double()}, torch.ones(1, dtype=torch.bool)
    did, _ = brain.step(nothing, one, state)  # by its definition, under autograd
    bids = bids_of(brain, {name: did[name].rate[0] for name in brain.areas})
    likely = bids.softmax(-1)
    expected = (likely * torch.tensor(PAYS, dtype=torch.float64)).sum()
    learnt = {
        n: p for n, p in brain.named_parameters() if "critic" not in n and "predictor" not in n
    }
    wanted = torch.autograd.grad(-expected, list(learnt.values()), allow_unused=True)
    drawn, weight = each_fate(likely.detach())
    inputs = {"world": torch.zeros(delay + 1, 6, 2).double()}
    inputs["world"][delay] = drawn
    activities, _ = brain(inputs, reset)
    assert activities["A"].labels["action"][delay].tolist() == [0, 0, 1, 1, 2, 2]
    losses = [brain.objectives[n]["do"](activities[n])[delay] for n in brain.areas]  # type: ignore
    total = torch.stack([(weight * loss).sum() for loss in losses]).sum()
    found = torch.autograd.grad(total, list(learnt.values()), allow_unused=True)
    for name, made, exact in zip(learnt, found, wanted, strict=True):
        exact = torch.zeros_like(made) if exact is None else exact
        if "recurrent" not in name:
            torch.testing.assert_close(made, exact, rtol=1e-9, atol=1e-12, msg=name)
    assert max(float(g.abs().max()) for g in wanted if g is not None) > 1e-3, "a control"


def test_the_critic_comes_to_expect_what_is_paid() -> None:
    objective = brain_of().objectives["A"]["do"]  # type: ignore[index]
    assert isinstance(objective, ActorCritic)
    torch.manual_seed(0)
    drawn = torch.rand(2000, 2).double()
    bids = torch.tensor([0.0, 1.0, 0.5]).double()
    state = Bandit(PAYS).begin(drawn)._replace(begun=torch.ones(2000, dtype=torch.bool))
    paid = Bandit(PAYS).step(state, bids.expand(2000, 3), drawn).reward.mean()
    assert abs(float(paid - (bids.softmax(0) * torch.tensor(PAYS)).sum())) < 0.03


def test_actions_are_as_likely_as_their_bids_say() -> None:
    uniform = (torch.arange(10_000) + 0.5) / 10_000
    bids = torch.tensor([0.3, -1.0, 2.0])
    action = choose(bids.expand(10_000, 3), uniform)
    share = torch.bincount(action, minlength=3) / 10_000
    torch.testing.assert_close(share, bids.softmax(0), atol=1e-4, rtol=0)
    almost = torch.tensor([1 - 2**-24])
    assert choose(torch.zeros(1, 3), almost).item() == 2, "the last is the last"


def test_an_area_learns_to_pull_the_arm_that_pays() -> None:
    torch.manual_seed(0)
    brain = brain_of().float()
    optimizer = torch.optim.Adam(brain.parameters(), 0.02)
    draw, state, paid = torch.Generator().manual_seed(0), None, []
    for index in range(60):
        inputs = {"world": torch.rand(5, 32, 2, generator=draw)}
        reset = torch.zeros(5, 32, dtype=torch.bool)
        reset[0] = index == 0
        activities, state = brain(inputs, reset, state)
        loss = lessons.mean(brain, activities)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        paid.append(float(activities["A"].labels["reward"].mean()))
    assert sum(paid[:5]) / 5 < 0.6 and sum(paid[-10:]) / 10 > 0.8
