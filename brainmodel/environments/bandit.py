"""A bandit: at each step an arm is pulled, and pays or does not.

    r(t) = 1 with probability p of the arm that was pulled, else 0

Nothing tells the arms apart but what they pay, so the observation is constant. Sutton & Barto
(2018), "Reinforcement learning", chapter 2. Chance, who pulls at random, gets the mean of p; the
best gets the largest.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from brainmodel.environments.choosing import choose
from brainmodel.environments.environment import Environment, Reply
from brainmodel.environments.label import Label


class BanditState(NamedTuple):
    """Whether anybody could have acted yet."""

    begun: Bool[Tensor, "batch"]


class Bandit(Environment):
    """Arms that pay with fixed probabilities.

    Hears a bid for each arm; the observation is a single 1.
    Labels: reward; action, the arm; bids [arm]; acts, true where an arm was pulled; ends, likewise:
    what is done at a step bears on that step alone.

    Args:
        probabilities: of the arms, each in [0, 1].

    Raises:
        ValueError: for fewer than two arms, or a probability out of range.
    """

    def __init__(self, probabilities: Sequence[float] = (0.2, 0.8)) -> None:
        if len(probabilities) < 2:
            raise ValueError(
                f"probabilities: need those of 2 arms or more, got {list(probabilities)}"
            )
        for value in probabilities:
            require_probability("probabilities", value)
        self.probabilities = [float(value) for value in probabilities]
        arms = len(probabilities)
        self.hears, self.shape, self.draws = arms, (1,), 2
        self.kinds = acting_labels(arms)

    @property
    def chance(self) -> dict[str, float]:
        """Of reward, the mean over arms."""
        return {"reward": sum(self.probabilities) / self.hears}

    def begin(self, drawn: Tensor) -> BanditState:
        """Nobody could act yet."""
        return BanditState(torch.zeros_like(drawn[:, 0], dtype=torch.bool))

    def step(self, state: BanditState, heard: Tensor, drawn: Tensor) -> Reply:
        """Pull, and be paid."""
        action = choose(heard, drawn[:, 0])
        paid = drawn[:, 1] < heard.new_tensor(self.probabilities)[action]
        reward = (paid & state.begun).to(heard.dtype)
        labels = {"action": action, "bids": heard, "acts": state.begun, "ends": state.begun}
        now = BanditState(torch.ones_like(state.begun))
        return Reply(now, torch.ones_like(heard[:, :1]), reward, labels)


def acting_labels(actions: int) -> dict[str, Label]:
    """What the labels are that an environment brings in which one of some actions is chosen.

    action: which one; bids: the sum of those of all areas; acts: true where what was heard has
    chosen an action that counts; ends: true at the last step that a choice before it bears on.
    """
    return {
        "action": Label((0, actions - 1)),
        "bids": Label(shape=(actions,)),
        "acts": Label((0, 1)),
        "ends": Label((0, 1)),
    }


def require_probability(field: str, value: float) -> None:
    """Refuse anything but a number in [0, 1]."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{field}: need a probability in [0, 1], got {value!r}")
