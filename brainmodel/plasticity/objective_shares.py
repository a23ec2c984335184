"""Gradients taken apart by objective: rules are linear in the loss, so each loss is asked alone.

    g_k = g[ loss_k ] - g[ 0 ],        g[ sum_k loss_k ] = g[ 0 ] + sum_k g_k

g[0] is what is learnt without any loss: what rules add by themselves, what decays, and under scope
Adjacent what losses of earlier windows said. Each needs a backward pass over the window, one more
than there are objectives. What rules remember is made in the forward pass, so nothing advances.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.learning.rule import Gradients
from brainmodel.wiring.losses import Losses


def objective_shares(
    brain: Brain, losses: Losses, names: Iterable[str]
) -> tuple[dict[str, Gradients], Gradients]:
    """Gradients by objective ("AREA.OBJECTIVE", "groups.OBJECTIVE"), and those without any loss.

    The graph of the losses is kept, and the backward pass of their sum has to come after this:
    under scope Adjacent the last pass is what the next window knows of this one.

    Args:
        brain: the brain.
        losses: as `Brain.losses` gives them, by area ("groups") and objective.
        names: of parameters that learn; those that no loss depends on are left out of the answer.
    """
    learnt = {name: brain.get_parameter(name) for name in names}

    def gradients(loss: Tensor) -> Gradients:
        if not learnt or not loss.requires_grad:
            return {}
        wanted = list(learnt.values())
        made = torch.autograd.grad(loss, wanted, retain_graph=True, allow_unused=True)
        return {name: g for name, g in zip(learnt, made, strict=True) if g is not None}

    every = {f"{place}.{k}": loss for place, own in losses.items() for k, loss in own.items()}
    silent = gradients(0.0 * torch.stack(list(every.values())).sum())
    told = {objective: gradients(loss) for objective, loss in every.items()}
    return {k: {n: g - silent[n] for n, g in own.items()} for k, own in told.items()}, silent
