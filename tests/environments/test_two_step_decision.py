"""Statistics of the two-step decision, and what its steps show."""

from typing import Any

import pytest
import torch
from torch import Tensor

from brainmodel.environments import TwoStepDecision
from brainmodel.environments.two_step_decision import TwoStepState


def play(
    world: TwoStepDecision, steps: int, batch: int, bids: Tensor | None = None, seed: int = 0
) -> tuple[dict[str, Tensor], Tensor, TwoStepState]:
    """Labels [time, batch], observations and the last state of streams that hear constant bids."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(steps, batch, 7, generator=generator)
    heard = (torch.zeros(2) if bids is None else bids).expand(batch, 2)
    state, told, seen = world.begin(drawn[0]), [], []
    for t in range(steps):
        found = world.step(state, heard, drawn[t])
        state = found.state
        told.append(found.labels | {"reward": found.reward})
        seen.append(found.observation)
    return {n: torch.stack([one[n] for one in told]) for n in told[0]}, torch.stack(seen), state


def near(share: Tensor, wanted: float, count: int) -> bool:
    """Whether a share is as wanted, within four standard errors."""
    return abs(float(share) - wanted) < 4 * (wanted * (1 - wanted) / count) ** 0.5 + 1e-9


def test_transitions_are_as_common_as_is_said_after_both_choices() -> None:
    labels, _, _ = play(TwoStepDecision(common=0.7), 300, 200)
    ends = labels["ends"]
    assert torch.equal(ends.sum(0), torch.full((200,), 100))
    for first in (0, 1):
        which = ends & (labels["first"] == first)
        assert near(labels["common"][which].double().mean(), 0.7, int(which.sum()))
        assert near(which.sum() / ends.sum(), 0.5, int(ends.sum()))


def test_who_chooses_at_random_is_paid_by_chance() -> None:
    world = TwoStepDecision()
    labels, _, _ = play(world, 300, 400)
    paid = labels["reward"].sum() / labels["ends"].sum()
    assert abs(float(paid) - world.chance["reward"]) < 0.01
    assert not labels["reward"][~labels["ends"]].any()


def test_what_choices_pay_drifts_as_far_as_is_said_and_stays_between_its_bounds() -> None:
    world = TwoStepDecision(drift=0.05)
    pays = [play(world, steps, 3000)[2].pays for steps in (3, 6)]
    change = pays[1] - pays[0]
    inner = (pays[0] - 0.5).abs() < 0.1
    assert (
        abs(float(change[inner].std()) - 0.05) < 0.002 and abs(float(change[inner].mean())) < 2e-3
    )
    far = play(TwoStepDecision(drift=0.2), 300, 500)[2].pays
    assert float(far.min()) >= 0.25 and float(far.max()) <= 0.75
    assert abs(float(far.mean()) - 0.5) < 0.02, "uniform between the bounds"
    assert abs(float(far.std()) - 0.5 / 12**0.5) < 0.01
    still = [play(TwoStepDecision(drift=0.0), steps, 9)[2].pays for steps in (3, 60)]
    torch.testing.assert_close(still[0], still[1])


def test_rewards_come_with_the_probability_of_what_was_chosen() -> None:
    world = TwoStepDecision(drift=0.0, bounds=(0.0, 1.0))
    labels, _, state = play(world, 600, 300)
    ends, place = (
        labels["ends"],
        torch.where(labels["common"], labels["first"], 1 - labels["first"]),
    )
    which = 2 * place + labels["action"]
    for option in range(4):
        for stream in range(0, 300, 60):
            chosen = ends[:, stream] & (which[:, stream] == option)
            paid = labels["reward"][chosen, stream].double().mean()
            assert near(paid, float(state.pays[stream, option]), int(chosen.sum()))


def test_bids_choose() -> None:
    labels, _, _ = play(TwoStepDecision(), 90, 20, torch.tensor([-20.0, 20.0]))
    assert bool((labels["action"][labels["acts"]] == 1).all())
    assert int(labels["acts"].sum()) == 2 * 30 * 20


def test_steps_show_the_stage_the_reward_and_the_last_choice() -> None:
    labels, seen, _ = play(TwoStepDecision(steps=2), 60, 30)
    step = torch.arange(60) % 6
    stage = labels["stage"][:, 0]
    assert torch.equal(stage, step // 2)
    assert torch.equal(labels["acts"][:, 0], (step == 2) | (step == 4))
    assert bool((seen[:, :, :3].sum(2) == 1).all())
    place = torch.where(labels["common"], labels["first"], 1 - labels["first"])
    assert bool(seen[stage == 0][:, :, 0].all())
    assert torch.equal(seen[stage > 0][:, :, 2].long(), place[stage > 0])
    assert torch.equal(seen[:, :, 5:].sum(2), (stage == 2)[:, None].expand(60, 30).float())
    assert torch.equal(seen[stage > 0][:, :, 3:5].argmax(2), labels["first"][stage > 0])
    ends = labels["ends"]
    paid = seen[:, :, 9:].sum(2)
    assert torch.equal(paid[ends], labels["reward"][ends])
    assert torch.equal(paid[1:][ends[:-1]], labels["reward"][ends])
    assert not seen[stage == 0][:, :, 3:].any()
    option = seen[:, :, 5:].argmax(2) % 4
    assert torch.equal(option[ends], (2 * place + labels["action"])[ends])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"common": 1.2}, "common: need a probability in \\[0, 1\\], got 1.2"),
        ({"bounds": (-0.1, 0.5)}, "bounds: need a probability"),
        ({"bounds": (0.8, 0.2)}, "bounds: need the lower, then the higher"),
        ({"drift": -1.0}, "drift: need a standard deviation"),
        ({"steps": 0}, "steps: need 1 or more"),
    ],
)
def test_an_impossible_task_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TwoStepDecision(**options)
