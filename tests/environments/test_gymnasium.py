"""Foreign environments: the same history is the same reply, and it is what the foreign one says."""

from typing import Any

import pytest
import torch
from torch import Tensor

from brainmodel.environments import Gymnasium
from brainmodel.environments import gymnasium_environment as adapter
from brainmodel.environments.environment import Reply

gymnasium: Any = pytest.importorskip(
    "gymnasium", reason="foreign environments come with the extra `tasks`, which is not installed"
)


def course(world: Gymnasium, drawn: Tensor) -> list[Reply]:
    state, found = world.begin(drawn[0]), []
    for now in drawn:
        found.append(world.step(state, torch.zeros(now.shape[0], world.hears), now))
        state = found[-1].state
    return found


@pytest.fixture
def drawn() -> Tensor:
    return torch.rand(60, 3, 2, generator=torch.Generator().manual_seed(0))


def test_replies_are_those_of_the_foreign_environment(drawn: Tensor) -> None:
    replies = course(Gymnasium("CartPole-v1"), drawn)
    foreign, ended, episodes = gymnasium.make("CartPole-v1"), True, 0
    for found, now in zip(replies, drawn[:, 1], strict=True):
        if ended:
            seen, _ = foreign.reset(seed=int(now[1] * 2**24))
            paid, ended = 0.0, False
            episodes += 1
            assert not found.labels["acts"][1]
        else:
            action = int(found.labels["action"][1])
            assert action == int(now[0] >= 0.5) and found.labels["acts"][1]
            seen, paid, over, cut, _ = foreign.step(action)
            ended = over or cut
        torch.testing.assert_close(found.observation[1], torch.as_tensor(seen))
        assert float(found.reward[1]) == paid and bool(found.labels["ends"][1]) == ended
    assert episodes > 1, "a control: an episode was over"


def test_a_history_is_all_there_is(drawn: Tensor) -> None:
    world = Gymnasium("CartPole-v1")
    first = course(world, drawn)
    again = course(world, drawn)  # others have been there meanwhile
    other = Gymnasium("CartPole-v1")
    middle = first[20].state
    kept = [field.clone() for field in middle]
    later = other.step(middle, torch.zeros(3, 2), drawn[21])  # led through all of it
    for one, two in ((first[21], later), *zip(first, again, strict=True)):
        assert torch.equal(one.observation, two.observation)
        assert torch.equal(one.reward, two.reward)
    assert all(map(torch.equal, kept, middle)), "nothing is changed in place"
    assert not torch.equal(first[21].observation, first[20].observation), "a control"


def test_no_more_are_kept_than_are_needed(drawn: Tensor) -> None:
    world = Gymnasium("CartPole-v1")
    for seed in range(5):
        course(world, torch.rand(9, 3, 2, generator=torch.Generator().manual_seed(seed)))
    assert len(world._held) <= adapter.HELD * 3


def test_an_episode_is_not_longer_than_is_said(drawn: Tensor) -> None:
    replies = course(Gymnasium("CartPole-v1", longest=4), drawn)
    ends = torch.stack([found.labels["ends"] for found in replies])
    assert ends[:20, 0].nonzero()[:, 0].tolist() == [4, 9, 14, 19]


def test_observations_that_are_a_choice_become_a_vector() -> None:
    world = Gymnasium("FrozenLake-v1", options={"is_slippery": False})
    found = course(world, torch.rand(5, 2, 2))
    assert world.shape == (16,) and found[0].observation.sum(1).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CartPole-v77", "name: Gymnasium cannot make 'CartPole-v77'"),
        ("Pendulum-v1", "name: the actions of Pendulum-v1 are Box"),
    ],
)
def test_what_cannot_be_acted_on_is_refused(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Gymnasium(name)
    with pytest.raises(ValueError, match="longest: need the steps"):
        Gymnasium("CartPole-v1", longest=0)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gymnasium", None)
    with pytest.raises(ModuleNotFoundError, match="pip install 'brainmodel\\[tasks\\]'"):
        Gymnasium("CartPole-v1")
