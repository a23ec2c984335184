"""What the memory of an optimizer holds of each cause: it is linear in gradients, so it is parted.

    SGD    b_k(n) = mu b_k(n-1) + g_k(n)
           step_k = -lr b_k,     Nesterov: -lr (g_k + mu b_k)
    Adam   m_k(n) = beta1 m_k(n-1) + (1 - beta1) g_k(n)
           step_k = -lr m_k / (1 - beta1^n) / ( sqrt(v / (1 - beta2^n)) + eps )

Over all causes k these add up to the optimizer's step, once it began under the ledger; v, the size
of gradients, is that of all together. Kingma & Ba (2015), arXiv:1412.6980, algorithm 1; Sutskever
et al. (2013), ICML. Of other optimizers nothing is known here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

Remembered = dict[str, Tensor]
"""By cause, what the optimizer remembers of it, in the shape of the weights."""


def fading(optimizer: Optimizer, group: Mapping[str, Any]) -> float | None:
    """Which share of its memory an optimizer keeps from step to step; None if that is not known."""
    if type(optimizer) is SGD and not group["dampening"]:
        return float(group["momentum"])
    return float(group["betas"][0]) if type(optimizer) in (Adam, AdamW) else None


def remember(
    optimizer: Optimizer, group: Mapping[str, Any], before: Remembered, asked: Remembered
) -> Remembered:
    """What the optimizer remembers after a step, by cause.

    Args:
        optimizer: one whose memory `fading` knows.
        group: of the parameter.
        before: what it remembered.
        asked: gradients by cause, coupled decay included.
    """
    kept = fading(optimizer, group)
    assert kept is not None
    taken = 1.0 if type(optimizer) is SGD else 1 - kept
    after = {cause: kept * memory for cause, memory in before.items()}
    return after | {
        cause: after[cause] + taken * g if cause in after else taken * g
        for cause, g in asked.items()
    }


def step_by(
    optimizer: Optimizer, group: Mapping[str, Any], state: Mapping[str, Any], like: Tensor
) -> Callable[[Tensor, Tensor | float], Tensor]:
    """How the optimizer makes a step of what it remembers and of a gradient, after its step.

    Args:
        optimizer: one whose memory `fading` knows.
        group: of the parameter.
        state: the optimizer's, of the parameter.
        like: float64 on the CPU, in the shape of the weights.
    """
    rate, kept = float(group["lr"]), fading(optimizer, group)
    assert kept is not None
    if type(optimizer) is SGD:
        later, now = (kept, 1.0) if group["nesterov"] else (1.0, 0.0)
        return lambda memory, gradient: -rate * (later * memory + now * gradient)
    count = float(state["step"])
    second = state["max_exp_avg_sq"] if group["amsgrad"] else state["exp_avg_sq"]
    root = (second.to(like) / (1 - group["betas"][1] ** count)).sqrt()
    gain = -rate / (1 - kept**count) / (root + group["eps"])
    return lambda memory, gradient: gain * memory
