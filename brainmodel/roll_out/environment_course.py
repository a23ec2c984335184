"""The course of one environment through a window: what it heard and replied at all steps."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from brainmodel.environments import Environment, Reply
from brainmodel.wiring.environments import REWARD, EnvironmentRecord, reply, with_reward


class EnvironmentCourse:
    """One environment and its replies in a window, filled step by step.

    Args:
        environment: which one.
        state: before the window.
        drawn: its uniform random numbers, [time, batch, draws].
        reset: [time, batch] bool.
        breaks: for each step whether any stream is reset at it.
    """

    waits = True

    def __init__(
        self,
        environment: Environment,
        state: Any,
        drawn: Tensor,
        reset: Tensor,
        breaks: list[bool],
    ):
        self.environment, self.drawn, self.reset = environment, drawn, reset
        self._draws = drawn.unbind()
        self._breaks, self._state = breaks, state
        self._befores: list[Any] = []
        self._heard: list[Tensor] = []
        self._replies: list[Reply] = []
        steps, batch = reset.shape
        self.observation = drawn.new_empty(steps, batch, *environment.shape)
        self.reward = drawn.new_empty(steps, batch, 1)
        self._told = list(zip(self.observation.unbind(), self.reward[..., 0].unbind(), strict=True))

    def reply(self, t: int, heard: Tensor) -> None:
        """The reply of step t to what arrived at it, [batch, hears]."""
        anew = self.reset[t] if self._breaks[t] else None
        before, found = reply(self.environment, self._state, heard, self._draws[t], anew)
        if self.environment.differentiable:  # nobody goes back through others
            self._befores.append(before)
            self._heard.append(heard)
        self._replies.append(found)
        self._state = found.state
        observation, reward = self._told[t]
        observation.copy_(found.observation)
        reward.copy_(found.reward)

    def signal(self, name: str) -> Tensor:
        """What a pathway may carry, over the window, [time, batch, ...]."""
        return self.reward if name == REWARD else self.observation

    def labels(self) -> dict[str, Tensor]:
        """Labels of the window, [time, batch, ...] by name, the reward among them."""
        told = [with_reward(found) for found in self._replies]
        return {name: torch.stack([own[name] for own in told]) for name in told[0]}

    def record(self) -> EnvironmentRecord:
        """What is needed to go back through each step by itself."""
        befores = tree_map(lambda *parts: torch.stack(parts), *self._befores)
        return EnvironmentRecord(befores, torch.stack(self._heard), self.drawn)

    def state(self) -> Any:
        """Its state after the window."""
        return self._state
