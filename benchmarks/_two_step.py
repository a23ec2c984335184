"""Who else could decide in two steps: one who knows what pays, and two who learn it as they go.

What each is paid per trial in the environment itself, over as many trials as brains have before
what choices pay is drawn anew. The learners keep a value for each choice, v <- v + a (r - v), and
choose one with probability sigma( b (difference of values) ); a and b are the best of a grid. The
planner weighs the second choices by how the first leads to them; the habit has values of the first
choices themselves.
"""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.environments import TwoStepDecision

STREAMS = 2000
RATES, SLOPES = (0.2, 0.35, 0.5), (5.0, 10.0, 20.0)
SURE = 1e4  # a slope at which the better is chosen always


class Values(NamedTuple):
    """What choices are worth to someone."""

    first: Tensor  # [streams, 2]
    second: Tensor  # [streams, place, 2]


Worth = Callable[[TwoStepDecision, Values], Tensor]
"""Of the first choices, [streams, 2]."""


def habit(task: TwoStepDecision, values: Values) -> Tensor:
    """What was paid after them."""
    return values.first


def planner(task: TwoStepDecision, values: Values) -> Tensor:
    """What the better choice is worth where they lead."""
    best = values.second.amax(2)
    return task.common * best + (1 - task.common) * best.flip(1)


def paid(
    task: TwoStepDecision, worth: Worth, rate: float, slope: float, trials: int, knows: bool = False
) -> float:
    """Per trial, to who chooses by these values, learnt or known.

    Args:
        task: the environment; stages of one step.
        worth: of the first choices.
        rate: a.
        slope: b.
        trials: of each stream.
        knows: whether the second choices' values are what they pay, and not learnt.
    """
    draw, rows = torch.Generator().manual_seed(0), torch.arange(STREAMS)

    def drawn() -> Tensor:
        return torch.rand(STREAMS, task.draws, generator=draw)

    state, silent, total = task.begin(drawn()), torch.zeros(STREAMS, 2), 0.0
    values = Values(torch.full((STREAMS, 2), 0.5), torch.full((STREAMS, 2, 2), 0.5))
    for _ in range(trials):
        state = task.step(state, silent, drawn()).state
        if knows:
            values = Values(values.first, state.pays.view(-1, 2, 2))
        state = task.step(state, slope * worth(task, values), drawn()).state
        bids = slope * values.second[rows, state.place]
        state, _, reward, _ = task.step(state, bids, drawn())
        total += float(reward.mean())
        if not knows:
            for value, place in zip(
                values, ([state.first], [state.place, state.second]), strict=True
            ):
                value[rows, *place] += rate * (reward - value[rows, *place])
    return total / trials


def rivals(task: TwoStepDecision, trials: int) -> dict[str, float]:
    """What is paid per trial to one who knows all, to a planner and to a habit; see `paid`."""
    found = {"knows what pays": paid(task, planner, 0.0, SURE, trials, knows=True)}
    for worth in (planner, habit):
        tries = (paid(task, worth, *each, trials) for each in product(RATES, SLOPES))
        found[worth.__name__] = max(tries)
    return found
