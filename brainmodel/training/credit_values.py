"""What curves tell of credit: how large learning signals are, and what rules carry of the past."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from brainmodel.brain import Brain
from brainmodel.learning.learning_signal import unit_signals
from brainmodel.scopes.scope import ActivityDerivatives, Passage, learning_signal
from brainmodel.training.processes import mean_over_processes, rank_and_count


@torch.no_grad()
def squared_signals(
    brain: Brain, passage: Passage, derivatives: Mapping[str, ActivityDerivatives]
) -> dict[str, Tensor]:
    """By area, the squares of the learning signals L(t) of its own loss, summed over a window.

    Args:
        brain: the brain.
        passage: through the window.
        derivatives: of the loss by what each area did; see `Brain.listen`.

    Returns:
        numbers; L(t) as of `unit_signals`, modulators included, what rules add to it not.
    """
    found = {}
    for name, own in derivatives.items():
        area, record = brain.area(name), passage.records[name]
        signal = learning_signal(area, record, own, passage.levels.get(name))
        found[name] = unit_signals(area, record, signal).rate_bar.square().sum()
    return found


def norms_of_signals(squares: Mapping[str, Tensor]) -> dict[str, float]:
    """Norms of the learning signals of the streams of all processes, whose loss is the mean."""
    count = rank_and_count()[1]
    return {name: float(mean_over_processes(own) / count) ** 0.5 for name, own in squares.items()}


def carried(memories: Mapping[str, Any], streams: int) -> dict[str, float]:
    """By area whose rule carries something, such as eligibility traces: its norm, in a stream.

    Args:
        memories: what rules remember, by area.
        streams: of which they remember it.

    Returns:
        the root of the mean over the streams of all processes of its squares.
    """
    found = {}
    for name, memory in memories.items():
        leaves = [leaf for leaf in tree_leaves(memory) if isinstance(leaf, Tensor)]
        squares = [leaf.detach().square().sum() for leaf in leaves if leaf.is_floating_point()]
        if squares:
            mean = mean_over_processes(torch.stack(squares).sum() / streams)
            found[name] = float(mean) ** 0.5
    return found
