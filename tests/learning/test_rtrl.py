"""RTRL is backpropagation through the whole past of a stream, in windows of any length."""

import math
from random import Random

import pytest
import torch

from areas import LSTM, Predictor
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, Global, Local, Rule, Scope
from tests import influence, lessons, toy

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
    expected = influence.literally(brain, inputs, reset)
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
