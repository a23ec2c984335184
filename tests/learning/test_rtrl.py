"""RTRL is backpropagation through the whole past of a stream, in windows of any length."""

import math
from random import Random

import pytest
import torch
from torch import Tensor

from areas import LSTM, Predictor
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, Global, Local, Rule, Scope
from tests import lessons, toy

LENGTHS = ([9], [1], [2, 3], [4, 1])
AFFERENTS = (["error"], ["drive"], ["drive", "error"])


def mixed(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp] if maps else [RTRL, RTRL, BPTT])()


def reach(brain: Brain):
    """How many steps before a window each area's rule can credit."""

    def steps(name: str) -> float:
        if isinstance(brain.rule(name), BPTT):
            return 0
        return math.inf if len(brain.area(name).units) == 1 else 1

    return steps


def literally(brain: Brain, inputs: dict[str, Tensor], reset: Tensor) -> lessons.Gradients:
    """sum_t dloss(t)/ds(t) M(t) in a brain of one area, M moved on step by step by autograd.

    A loss at step t is a function of s(t-1), by the prediction, and of s(t).
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
        shown = toy.Activity(*(value[None] for value in report), valid=~reset[t : t + 1])
        loss = objective(shown).sum()
        direct = torch.autograd.grad(loss, list(named.values()), retain_graph=True)
        bars = torch.cat(_filled(loss, leaves), 1)
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
        influence, state = moved, after
    return {f"areas.V1.{n}": g for n, g in found.items()}


def _filled(output: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    made = torch.autograd.grad(output, leaves, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, made, strict=True)]


@pytest.mark.parametrize("afferents", AFFERENTS, ids=str)
@pytest.mark.parametrize("cell", toy.CELLS)
def test_rtrl_is_one_long_window_of_backpropagation(cell: str, afferents: list[str]) -> None:
    def brain(rule: Rule) -> Brain:
        predictor = Predictor(torch.tanh)
        return toy.lone(toy.CELLS[cell](), rule=rule, afferents=afferents, predictor=predictor)

    inputs, reset = toy.stream(brain(BPTT()), steps=9)
    expected = lessons.learn(brain(BPTT()), inputs, reset)
    for lengths in LENGTHS:
        lessons.assert_same(lessons.learn(brain(RTRL()), inputs, reset, lengths), expected)
    truncated = lessons.learn(brain(BPTT()), inputs, reset, [2, 3])
    assert lessons.distance(truncated, expected) > 1e-3


@pytest.mark.parametrize("cell", toy.CELLS)
def test_rtrl_is_the_influence_moved_on_step_by_step(cell: str) -> None:
    brain = toy.lone(toy.CELLS[cell](), rule=RTRL(), afferents=["drive", "error"])
    inputs, reset = toy.stream(brain, steps=4)
    expected = literally(brain, inputs, reset)
    for lengths in ([4], [1], [3]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("seed", range(6))
def test_windows_of_any_length_give_what_the_past_says(seed: int, scope: type[Scope]) -> None:
    brain = toy.random_brain(seed, mixed, scope())
    inputs, reset = toy.stream(brain, steps=6, seed=seed)
    for lengths in ([1], [2, 3]):
        expected = lessons.learn_literally(
            brain,
            inputs,
            reset,
            lengths,
            local=scope is Local,
            cut=lambda name: isinstance(brain.rule(name), EProp),
            memory=reach(brain),
        )
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)


def test_the_predictor_is_credited_for_the_errors_its_area_felt_in_windows_before() -> None:
    brain = toy.lone(LSTM(), rule=RTRL(), afferents=["error"])
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    _, state = brain({"eye": inputs["eye"][:3]}, reset[:3])
    forgot = state._replace(memories={"V1": None})
    late, found = {"eye": inputs["eye"][3:]}, []
    for before in (state, forgot):
        loss = lessons.total(brain, brain(late, reset[3:], before)[0])
        made = torch.autograd.grad(loss, lessons.learnt(brain))
        found.append(lessons.complete(brain, made)["areas.V1.predictor.synapses.rate.weight"])
    assert (found[0] - found[1]).abs().max() > 1e-4


def test_rtrl_refuses_maps() -> None:
    with pytest.raises(ValueError, match=r"areas\.V1: rule RTRL: needs dense units.*\[2, 4, 4\]"):
        toy.lone(maps=True, rule=RTRL())
