"""Real-time recurrent learning as it is defined: influences moved on at every step, by autograd."""

from collections.abc import Callable

import torch
from torch import Tensor

from brainmodel.brain import Brain
from tests import lessons, toy

Mask = Callable[[str, Tensor], Tensor]


def literally(
    brain: Brain,
    inputs: dict[str, Tensor],
    reset: Tensor,
    mask: Mask = lambda name, influence: influence,
) -> lessons.Gradients:
    """sum_t dloss(t)/ds(t) M(t) in a brain of one area, M moved on step by step by autograd.

    A loss at step t is a function of s(t-1), by the prediction, and of s(t).

    Args:
        brain: with one area, V1.
        inputs: of the eye, [time, batch, unit].
        reset: [time, batch].
        mask: by parameter name, what of an influence [batch, field * unit, *parameter] is kept.
    """
    area, state = brain.area("V1"), brain.area("V1").initial_state(reset.shape[1])
    (objective,) = brain.objectives["V1"].values()  # type: ignore[operator]
    named = dict(area.named_parameters())
    batch, size = reset.shape[1], len(state) * area.units[0]
    influence = {n: torch.zeros(batch, size, *p.shape).double() for n, p in named.items()}
    found = {n: torch.zeros_like(p) for n, p in named.items()}
    for t in range(len(reset)):
        keep = (~reset[t]).double()[:, None]
        leaves = [field.detach().requires_grad_() for field in state]
        before = type(state)(*(keep * leaf for leaf in leaves))
        report, after = area.step(inputs["eye"][t], {}, before)
        said = [signal.detach().requires_grad_() for signal in report]
        shown = toy.Activity(*(signal[None] for signal in said), valid=~reset[t : t + 1])
        by_prediction, by_rate = _judge(objective(shown).sum(), said)
        early = (report.prediction * by_prediction).sum()
        bars = torch.cat(_filled(early, leaves), 1)
        direct = _filled(early, list(named.values()))
        for (n, _), gradient in zip(named.items(), direct, strict=True):
            found[n] += gradient + torch.einsum("bs,bs...->...", bars, influence[n])
        moved = {n: torch.zeros_like(m) for n, m in influence.items()}
        for s in range(size):
            field, unit = divmod(s, area.units[0])
            for b in range(batch):
                element = after[field][b, unit]
                row = torch.cat(_filled(element, leaves), 1)
                immediate = torch.autograd.grad(
                    element, list(named.values()), retain_graph=True, allow_unused=True
                )
                for (n, _), mbar in zip(named.items(), immediate, strict=True):
                    moved[n][b, s] = torch.einsum("s,s...->...", row[b], influence[n][b])
                    moved[n][b, s] += 0 if mbar is None else mbar
        influence = {n: mask(n, m) for n, m in moved.items()}
        for n, m in influence.items():
            found[n] += torch.einsum("bi,bi...->...", by_rate, m[:, : area.units[0]])
        state = after
    return lessons.existing(brain, {f"areas.V1.{n}": g for n, g in found.items()})


def _judge(loss: Tensor, said: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Derivatives by the prediction, with the share that comes through the error, and the rate."""
    _, by_prediction, by_error, by_rate = _filled(loss, said)
    return by_prediction - by_error, by_rate


def _filled(output: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    made = torch.autograd.grad(output, leaves, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, made, strict=True)]
