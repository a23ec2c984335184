"""Environments of Gymnasium: foreign ones, with their own states, as pure functions.

A foreign environment changes itself, and its state cannot be taken out. What can is how it came to
be there: the seed of its episode and all actions since. That history is the state here; a foreign
environment that has just been through it goes on, and where there is none, one is made and led
through it again. So the same history gives the same reply, to the last bit, whatever the windows
are, and after a run was resumed, if the foreign one keeps to its seed.

Towers et al. (2024), "Gymnasium: a standard interface for reinforcement learning environments",
arXiv:2407.17032. It comes with the extra `tasks`.
"""

from collections import OrderedDict
from typing import Any, NamedTuple

import torch
from jaxtyping import Int64
from torch import Tensor

from brainmodel.environments.bandit import acting_labels
from brainmodel.environments.choosing import choose
from brainmodel.environments.environment import Environment, Reply
from brainmodel.optional import optional

SEEDS = 2**24
HELD = 4  # foreign environments that are kept for each stream, as of training and validation


class EpisodeHistory(NamedTuple):
    """How a foreign environment came to be where it is."""

    seed: Int64[Tensor, "batch"]
    steps: Int64[Tensor, "batch"]  # actions so far; -1 before the episode begins
    actions: Int64[Tensor, "batch longest"]


class Gymnasium(Environment):
    """An environment of Gymnasium in which one of some actions is chosen at each step.

    Hears a bid for each action. The observation is the foreign one as a vector. An episode that is
    over is followed by another, which begins a step later without an action.
    Labels: reward; those of `acting_labels`, in which `ends` is the last step of an episode.

    Args:
        name: as Gymnasium calls it, such as CartPole-v1.
        longest: steps of an episode at the most; those of the environment unless given.
        options: further arguments of it.

    Raises:
        ModuleNotFoundError: if Gymnasium is not installed.
        ValueError: if there is no such environment, its actions are no choice, or nothing says
            when an episode is over.
    """

    def __init__(
        self, name: str, longest: int | None = None, options: dict[str, Any] | None = None
    ) -> None:
        self._library = optional("gymnasium", "tasks")
        self.name, self.options = name, dict(options or {})
        try:
            first = self._make()
        except self._library.error.Error as error:
            raise ValueError(f"name: Gymnasium cannot make {name!r}: {error}") from error
        if not isinstance(first.action_space, self._library.spaces.Discrete):
            raise ValueError(
                f"name: the actions of {name} are {first.action_space}, and only a choice between "
                "some, Discrete, can be made of bids; give another"
            )
        longest = first.spec.max_episode_steps if longest is None else longest
        if longest is None or longest < 1:
            raise ValueError(f"longest: need the steps of an episode, 1 or more, got {longest}")
        self.longest = longest
        self._space, self._start = first.observation_space, int(first.action_space.start)
        self.hears, self.draws = int(first.action_space.n), 2
        self.shape = (int(self._library.spaces.utils.flatdim(self._space)),)
        self.kinds = acting_labels(self.hears)
        self._held: OrderedDict[tuple[int, bytes], Any] = OrderedDict()

    @property
    def facts(self) -> list[str]:
        """Where it comes from."""
        return [f"{self.name} is of Gymnasium {self._library.__version__}."]

    def begin(self, drawn: Tensor) -> EpisodeHistory:
        """Before the first episode."""
        none = torch.zeros_like(drawn[:, 0], dtype=torch.int64)
        return EpisodeHistory(none, none - 1, none.new_zeros(len(none), self.longest))

    def step(self, state: EpisodeHistory, heard: Tensor, drawn: Tensor) -> Reply:
        """Begin an episode, or act in one."""
        begins = state.steps < 0
        seed = torch.where(begins, (drawn[:, 1] * SEEDS).long(), state.seed)
        action, row = choose(heard, drawn[:, 0]), torch.arange(len(begins), device=begins.device)
        actions = state.actions.clone()
        actions[row, state.steps.clamp(min=0)] = action  # of an episode that begins it is not read
        steps = state.steps + 1
        seen, paid, ended = self._of_all(seed.tolist(), steps.tolist(), actions.tolist())
        ends = torch.tensor(ended, device=begins.device)
        labels = {"action": action, "bids": heard, "acts": ~begins, "ends": ends}
        now = EpisodeHistory(seed, torch.where(ends, -1, steps), actions)
        return Reply(now, heard.new_tensor(seen), heard.new_tensor(paid), labels)

    def _of_all(
        self, seeds: list[int], steps: list[int], actions: list[list[int]]
    ) -> tuple[list[list[float]], list[float], list[bool]]:
        """Observations, rewards and whether the episode is over, of each stream."""
        found = [
            self._after(seed, own[:count])
            for seed, count, own in zip(seeds, steps, actions, strict=True)
        ]
        while len(self._held) > HELD * len(seeds):
            self._held.popitem(last=False)[1].close()
        flatten = self._library.spaces.utils.flatten
        seen = [flatten(self._space, one[0]).tolist() for one in found]
        return seen, [float(one[1]) for one in found], [one[2] for one in found]

    def _after(self, seed: int, actions: list[int]) -> tuple[Any, float, bool]:
        """Observation, reward, and whether the episode is over, after a history."""
        if not actions:
            foreign, paid, ended = self._make(), 0.0, False
            seen = foreign.reset(seed=seed)[0]
        else:
            foreign = self._held.pop((seed, _key(actions[:-1])), None) or self._led(seed, actions)
            seen, paid, over, cut, _ = foreign.step(self._start + actions[-1])
            ended = bool(over or cut or len(actions) >= self.longest)
        if ended:
            foreign.close()
        else:
            self._held[seed, _key(actions)] = foreign
        return seen, paid, ended

    def _led(self, seed: int, actions: list[int]) -> Any:
        """A foreign environment that has been led through all of a history but the last action."""
        foreign = self._make()
        foreign.reset(seed=seed)
        for action in actions[:-1]:
            foreign.step(self._start + action)
        return foreign

    def _make(self) -> Any:
        return self._library.make(self.name, **self.options)


def _key(actions: list[int]) -> bytes:
    """Actions as what a dictionary finds them by."""
    return b"".join(action.to_bytes(4, "little") for action in actions)
