"""F-BPTT follows every learning signal over the same number of steps, wherever windows end."""

import math

import pytest
from torch import Tensor

from areas import GRU
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, FBPTT, RTRL, Rule
from brainmodel.scopes import Global
from objectives import Activity, Objective
from tests import lessons, toy

BOTH = ["drive", "error"]
LENGTHS = ([6], [1], [2, 3])


class OfRate(Objective):
    """A loss of the rate of each step."""

    def forward(self, activity: Activity) -> Tensor:
        return (activity.rate + 0.3).sin().flatten(2).sum(2)


class OfError(Objective):
    """A loss of the prediction of each step, which the rate of the step before has made."""

    def forward(self, activity: Activity) -> Tensor:
        return (activity.error + activity.prediction.sin()).square().flatten(2).sum(2)


def constant(steps: int):
    return lambda area: steps


def brain_of(cell: str, rule: Rule, maps: bool = False, **others) -> Brain:
    return toy.lone(toy.CELLS[cell](), maps, rule, **others)


@pytest.mark.sampled(7)
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("cell", toy.CELLS)
def test_each_loss_is_followed_over_the_steps_before_it(cell: str, maps: bool) -> None:
    """The lag: a rate is judged at its own step, and a step later by the prediction it made."""
    for objective, lag, depth in ((OfRate(), 0, 1), (OfRate(), 0, 3), (OfError(), 1, 2)):
        objectives = {"own": objective}
        brain = brain_of(cell, FBPTT(depth), maps, afferents=BOTH, objectives=objectives)
        inputs, reset = toy.stream(brain, steps=6)
        exact, late = (
            lessons.learn_literally(brain, inputs, reset, [1], local=True, memory=back)
            for back in (constant(depth - 1 + lag), constant(depth + lag))
        )
        for lengths in LENGTHS:
            lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), exact)
        assert lessons.distance(late, exact) > 1e-4, "one step more would be seen"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_followed_to_the_beginning_it_is_the_exact_gradient(cell: str) -> None:
    inputs, reset = toy.stream(brain_of(cell, BPTT()), steps=6)
    expected = lessons.learn(brain_of(cell, RTRL()), inputs, reset, [3])
    for lengths in LENGTHS:
        found = lessons.learn(brain_of(cell, FBPTT(6)), inputs, reset, lengths)
        lessons.assert_same(found, expected)


def test_windows_that_do_not_overlap_are_another_truncation() -> None:
    inputs, reset = toy.stream(brain_of("gru", BPTT()), steps=6, resets=False)
    found = [
        lessons.learn(brain_of("gru", rule), inputs, reset, [4]) for rule in (BPTT(), FBPTT(4))
    ]
    assert lessons.distance(*found) > 1e-3


def test_under_scope_global_the_window_and_so_many_steps_before_it_are_followed() -> None:
    brain = toy.ladder(lambda name: FBPTT(2), Global(), [GRU] * 3)
    inputs, reset = toy.stream(brain, steps=7)
    expected = lessons.learn_literally(brain, inputs, reset, [3], memory=lambda name: 2)
    lessons.assert_same(lessons.learn(brain, inputs, reset, [3]), expected)
    whole = lessons.learn_literally(brain, inputs, reset, [3], memory=lambda name: math.inf)
    assert lessons.distance(whole, expected) > 1e-4


def test_a_depth_of_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rule\.depth: need 1 step or more, got 0"):
        FBPTT(0)
