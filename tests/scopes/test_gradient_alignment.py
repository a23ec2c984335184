"""Gradients beside exact ones, and objectives beside each other."""

import math

import pytest
import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.learning.modulation import Constant
from brainmodel.scopes import Adjacent, Global, Local
from brainmodel.scopes.exact_gradients import (
    by_part,
    exact_global,
    exact_local,
    gradient_alignment,
)
from brainmodel.training.callbacks.gradient_alignment import conflicts, objective_gradients
from objectives import Activity, Energy, Objective, SquaredError
from tests import lessons, toy


def test_the_alignment_is_angle_and_length() -> None:
    found = {"a": torch.tensor([3.0, 0.0]), "b": torch.tensor([[0.0]])}
    exact = {"a": torch.tensor([1.0, 1.0]), "b": torch.tensor([[math.sqrt(2)]])}
    whole = gradient_alignment(found, exact)
    assert whole.cosine == pytest.approx(3 / (3 * 2)) and whole.ratio == pytest.approx(3 / 2)
    one = gradient_alignment(found, exact, ["a"])
    assert one.cosine == pytest.approx(math.sqrt(0.5))
    nothing = gradient_alignment(found, exact, ["b"])
    assert math.isnan(nothing.cosine) and nothing.ratio == 0
    assert gradient_alignment({}, exact).ratio == 0
    assert math.isnan(gradient_alignment(found, {}).ratio)


def heard(brain: Brain) -> tuple:
    """Passage, signals and gradients of a window that follows another."""
    kept = []
    inputs, reset = toy.stream(brain, steps=9)
    with brain.listen(lambda *what: kept.append(what)):
        lessons.learn(brain, inputs, reset, [4, 5])
    return kept[-1]


def test_any_number_may_listen_until_their_handles_are_removed() -> None:
    brain = toy.ladder(lambda name: BPTT())
    inputs, reset = toy.stream(brain, steps=4)
    first, second = [], []
    one = brain.listen(lambda *what: first.append(what))
    with brain.listen(lambda *what: second.append(what)):
        lessons.learn(brain, inputs, reset, [4])
        one.remove()
        lessons.learn(brain, inputs, reset, [4])
    lessons.learn(brain, inputs, reset, [4])
    assert (len(first), len(second)) == (1, 2)
    assert first[0][2] is second[0][2], "both are given the gradients that are applied"
    assert set(first[0][2]) <= {name for name, _ in brain.named_parameters()}


@pytest.mark.parametrize("scope", [Local, Global])
def test_backpropagation_is_aligned_with_itself(scope) -> None:
    brain = toy.ladder(lambda name: BPTT(), scope())
    passage, signals, found = heard(brain)
    exact = exact_local if scope is Local else exact_global
    parts = by_part(brain, found, exact(brain, passage, signals))
    assert {"V1", "LM", "PM", "V1.recurrent", "LM.predictor.rate", "PM.bias"} <= set(parts)
    for part in parts.values():
        assert part.cosine == pytest.approx(1) and part.ratio == pytest.approx(1)
    other = exact_global if scope is Local else exact_local
    parts = by_part(brain, found, other(brain, passage, signals))
    assert all(parts[name].cosine < 0.999 for name in ("V1", "LM"))
    assert parts["PM"].cosine != pytest.approx(1) or scope is Global


@pytest.mark.parametrize("scope", [Local, Global, Adjacent])
def test_the_exact_gradient_does_not_depend_on_rule_scope_and_modulator(scope) -> None:
    made = []
    for rule in (BPTT, EProp):
        brain = toy.ladder(lambda name, rule=rule: rule(), scope())
        for name in brain.areas:
            brain.modulators[name] = Constant(0.5 if rule is EProp else 1.0)
        passage, signals, _ = heard(brain)
        made.append((exact_local(brain, passage, signals), exact_global(brain, passage, signals)))
    for mine, theirs in zip(*made, strict=True):
        lessons.assert_same(mine, theirs)


def test_e_prop_leans_towards_the_exact_gradient_and_misses_it() -> None:
    brain = toy.ladder(lambda name: EProp(), afferents=["drive"])
    passage, signals, found = heard(brain)
    parts = by_part(brain, found, exact_local(brain, passage, signals))
    for name in brain.areas:
        assert 0.1 < parts[name].cosine < 0.9999
        assert parts[f"{name}.predictor.rate"].cosine == pytest.approx(1)


class Loud(Objective):
    """The opposite of `Energy`."""

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        return -2 * Energy()(activity)


def test_gradients_of_objectives_add_up_and_opposites_conflict() -> None:
    aims = {"next": SquaredError(), "quiet": Energy(), "loud": Loud()}
    brain = toy.ladder(lambda name: EProp(), objectives=aims)
    inputs, reset = toy.stream(brain)
    losses = brain.losses(brain(inputs, reset)[0])
    found = objective_gradients(brain, losses)
    sum(loss for own in losses.values() for loss in own.values()).backward()  # type: ignore[union-attr]
    for area, own in found.items():
        assert set(own) == set(aims)
        for name, parameter in brain.area(area).named_parameters():
            total = sum(gradients[f"areas.{area}.{name}"] for gradients in own.values())
            torch.testing.assert_close(total, parameter.grad)
        values = conflicts(found)
        assert values[f"conflict/{area}.quiet.loud"] == pytest.approx(-1)
        assert abs(values[f"conflict/{area}.next.quiet"]) < 0.999
        quiet, loud = (values[f"objective_gradient/{area}.{n}"] for n in ("quiet", "loud"))
        assert loud == pytest.approx(2 * quiet) and quiet > 0
