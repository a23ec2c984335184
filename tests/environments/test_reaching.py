"""Closed-loop reaching: when things happen, what perturbs, and what the derivative is."""

from typing import Any

import pytest
import torch
from torch import Tensor

from brainmodel.environments import Reaching
from brainmodel.environments.environment import Reply
from brainmodel.environments.reaching import CENTRE, LEAD, PUSH, REACTION, REST


def chance(steps: int, batch: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(steps, batch, 6, generator=generator, dtype=torch.float64)


def course(world: Reaching, told: Tensor, drawn: Tensor) -> list[Reply]:
    state, found = world.begin(drawn[0]), []
    for t in range(len(drawn)):
        found.append(world.step(state, told[t], drawn[t]))
        state = found[-1].state
    return found


def idle(world: Reaching, steps: int = 300, batch: int = 40) -> list[Reply]:
    return course(world, torch.zeros(steps, batch, 6).double(), chance(steps, batch))


def test_an_arm_that_is_told_nothing_stays_and_misses_what_chance_says() -> None:
    world = Reaching()
    replies = idle(world, 600)
    centre = torch.tensor(CENTRE).double().expand(40, 2)
    for found in replies[::50]:
        torch.testing.assert_close(found.labels["hand"], centre)
    whole = torch.stack([found.labels["miss"] for found in replies])
    assert abs(float(whole.mean()) - world.chance["miss"]) < 0.02
    assert torch.equal(replies[9].reward, -replies[9].labels["miss"])


def test_trials_last_as_long_as_is_said_and_targets_are_uniform() -> None:
    world = Reaching(hold=(3, 6), preparation=(2, 9), movement=12)
    replies = idle(world, 800)
    ends = torch.stack([found.labels["ends"] for found in replies])
    first = ends[:, 0].nonzero()[:, 0]
    lengths = first.diff()
    fixed = REACTION + 12 + REST
    assert set((lengths - fixed).tolist()) <= set(range(5, 16))
    assert len(lengths.unique()) > 5, "a control: lengths vary"
    target = torch.stack([found.labels["target"] for found in replies])[ends]
    share = torch.bincount(target, minlength=8) / len(target)
    assert float((share - 1 / 8).abs().max()) < 4 * (0.125 * 0.875 / len(target)) ** 0.5


def test_the_target_is_seen_from_when_it_is_shown_and_the_cue_until_the_go() -> None:
    world = Reaching(hold=(4, 4), preparation=(6, 6))
    replies = idle(world, 12, 5)
    seen = torch.stack([found.observation for found in replies])
    assert not seen[:4, :, :2].any() and bool((seen[4:, :, :2].norm(dim=2) - 1 < 1e-9).all())
    assert seen[:10, :, 2].all() and not seen[10:, :, 2].any()
    assert torch.stack([found.labels["go"] for found in replies])[:, 0].tolist() == (
        [False] * 10 + [True] * 2
    )


def test_what_is_wanted_is_the_course_of_least_jerk() -> None:
    world = Reaching(hold=(1, 1), preparation=(1, 1), movement=20)
    replies = idle(world, 2 + REACTION + 20 + REST - 1, 8)
    for t, found in enumerate(replies):
        u = min(1.0, max(0.0, (t - 2 - REACTION + LEAD / 0.01) / 20))
        share = 10 * u**3 - 15 * u**4 + 6 * u**5
        torch.testing.assert_close(found.labels["miss"], torch.full((8,), share**2).double())


def test_a_push_and_a_field_move_the_hand_and_only_where_they_are() -> None:
    quiet, pushed = Reaching(), Reaching(pushed=0.5)
    replies = idle(pushed, 90)
    off = [(found.labels["hand"] - torch.tensor(CENTRE)).norm(dim=1) for found in replies]
    first = replies[0].state.push > 0
    assert 0.2 < float(first.double().mean()) < 0.8
    moved = torch.stack(off[:60]).amax(0) > 1e-4
    assert torch.equal(moved, first & (replies[0].state.push < 60))
    assert PUSH * 0.01 == 0.1
    told = torch.zeros(70, 40, 6).double()
    told[:, :, 0] = 1.0
    drawn = chance(70, 40)
    free, curled = course(quiet, told, drawn), course(Reaching(field=10.0), told, drawn)
    assert not torch.allclose(free[20].labels["hand"], curled[20].labels["hand"])
    torch.testing.assert_close(free[0].labels["hand"], curled[0].labels["hand"])


def test_its_derivative_is_that_of_finite_differences() -> None:
    world = Reaching(hold=(1, 1), preparation=(1, 1), field=5.0, pushed=1.0)
    drawn = chance(8, 2)

    def missed(told: Tensor) -> Tensor:
        return torch.stack([found.labels["miss"] for found in course(world, told, drawn)])

    told = 0.3 * (chance(8, 2, 1) - 0.5)
    assert torch.autograd.gradcheck(missed, told.requires_grad_(), eps=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arm": (0.1, 0.1)}, "distance: the hand would have to be 0.32 to 0.48 m"),
        ({"arm": (-0.3, 0.3)}, "arm: need lengths"),
        ({"pushed": 1.5}, "pushed: need a probability in \\[0, 1\\], got 1.5"),
        ({"hold": (9, 3)}, "hold: need the least and the most"),
        ({"targets": 1}, "targets: need 2 or more"),
        ({"movement": 1}, "movement: need 2 steps"),
    ],
)
def test_an_impossible_reach_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Reaching(**options)
