"""Global learning is autograd through the whole brain; local learning never leaves an area."""

from random import Random

import pytest
import torch

from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, NoLearning, Rule
from brainmodel.scopes import Global, Local
from tests import lessons, toy

SEEDS = range(12)


def either(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp])()


def cut(brain: Brain):
    """Which areas of a brain have their recurrent path hidden."""
    return lambda name: not isinstance(brain.rule(name), BPTT)


@pytest.mark.parametrize("seed", SEEDS)
def test_global_is_autograd_through_the_literal_brain(seed: int) -> None:
    brain = toy.random_brain(seed, scope=Global())
    inputs, reset = toy.stream(brain, seed=seed)
    lessons.assert_same(
        lessons.learn(brain, inputs, reset), lessons.learn_literally(brain, inputs, reset)
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_local_is_autograd_with_messages_and_drives_detached(seed: int) -> None:
    brain = toy.random_brain(seed, scope=Local())
    inputs, reset = toy.stream(brain, seed=seed)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


@pytest.mark.parametrize("maps", [False, True])
def test_local_and_global_differ_where_pathways_matter(maps: bool) -> None:
    brain = toy.ladder(lambda name: BPTT(), Local(), maps=maps)
    inputs, reset = toy.stream(brain)
    local = lessons.learn(brain, inputs, reset)
    brain.scope = Global()
    assert lessons.distance(local, lessons.learn(brain, inputs, reset)) > 1e-3


def crossings(brain: Brain) -> dict[tuple[str, str], float]:
    """By (area whose loss, area whose parameters): the largest derivative."""
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    found = {}
    for loser in brain.areas:
        (objective,) = brain.objectives[loser].values()  # type: ignore[operator]
        loss = objective(activities[loser]).sum()
        for owner in brain.areas:
            parameters = list(brain.areas[owner].parameters())
            made = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
            found[loser, owner] = max(0.0 if g is None else float(g.abs().max()) for g in made)
    return found


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("rule", [BPTT, EProp, NoLearning])
def test_no_loss_crosses_a_pathway_under_scope_local(rule: type[Rule], maps: bool) -> None:
    brain = toy.ladder(lambda name: rule(), Local(), maps=maps)
    for parameter in brain.parameters():
        parameter.requires_grad_()
    for (loser, owner), size in crossings(brain).items():
        assert (size > 1e-3) if loser == owner else (size == 0.0), (loser, owner, size)


@pytest.mark.parametrize("maps", [False, True])
def test_every_loss_reaches_every_area_under_scope_global(maps: bool) -> None:
    found = crossings(toy.ladder(lambda name: BPTT(), Global(), maps=maps))
    assert min(found.values()) > 1e-6, found


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_global_lets_signals_through_as_far_as_each_rule_does(seed: int) -> None:
    brain = toy.random_brain(seed, either, Global())
    inputs, reset = toy.stream(brain, seed=seed)
    expected = lessons.learn_literally(brain, inputs, reset, cut=cut(brain))
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


def test_one_area_cut_changes_the_gradient_of_another_under_scope_global() -> None:
    inputs, reset = toy.stream(toy.ladder(lambda name: BPTT()))
    found = [
        lessons.learn(toy.ladder(rules, Global()), inputs, reset)
        for rules in (
            lambda name: BPTT(),
            lambda name: EProp() if name == "LM" else BPTT(),
        )
    ]
    others = [
        {n: g for n, g in gradients.items() if n.startswith("areas.V1")} for gradients in found
    ]
    assert lessons.distance(*others) > 1e-6


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS[:6])
@pytest.mark.parametrize("scope", [Local, Global])
def test_gradients_over_windows_are_those_of_truncated_backpropagation(
    seed: int, scope: type[Local] | type[Global]
) -> None:
    brain = toy.random_brain(seed, scope=scope())
    inputs, reset = toy.stream(brain, steps=7, seed=seed)
    expected = lessons.learn_literally(
        brain, inputs, reset, [3, 1], local=scope is Local, memory=lambda area: 0
    )
    lessons.assert_same(lessons.learn(brain, inputs, reset, [3, 1]), expected)


def test_truncation_does_change_the_gradient() -> None:
    brain = toy.ladder(lambda name: BPTT())
    inputs, reset = toy.stream(brain, steps=7, resets=False)
    whole, cut_up = (lessons.learn(brain, inputs, reset, lengths) for lengths in ([7], [3, 1]))
    assert lessons.distance(whole, cut_up) > 1e-4


@pytest.mark.parametrize("maps", [False, True])
def test_global_backpropagation_is_the_slope_of_the_loss(maps: bool) -> None:
    brain = toy.ladder(lambda name: BPTT(), Global(), maps=maps)
    inputs, reset = toy.stream(brain)
    gradients = lessons.learn(brain, inputs, reset)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in brain.named_parameters():
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        losses = []
        for size in (-2, -1, 1, 2):
            with torch.no_grad():
                parameter += 1e-3 * size * direction
                losses.append(float(lessons.total(brain, brain(inputs, reset)[0])))
                parameter -= 1e-3 * size * direction
        slope = (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / 12e-3
        found = float((gradients[name] * direction).sum())
        assert found == pytest.approx(slope, rel=1e-7, abs=1e-9), name


def test_losses_are_means_over_steps_and_streams_of_what_is_valid() -> None:
    brain = toy.ladder(lambda name: BPTT())
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    found = brain.losses(activities)
    for name, activity in activities.items():
        (objective,) = brain.objectives[name].values()  # type: ignore[operator]
        loss = objective(activity)
        expected = loss[~reset].sum() / reset.numel()
        torch.testing.assert_close(found[name], {"whole": expected})
        assert not torch.allclose(loss.mean(), expected)


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("rule", [BPTT, EProp])
def test_going_back_twice_gives_the_same_gradient(
    rule: type[Rule], scope: type[Local] | type[Global]
) -> None:
    brain = toy.ladder(lambda name: rule(), scope())
    inputs, reset = toy.stream(brain)
    loss = lessons.total(brain, brain(inputs, reset)[0])
    first, second = (
        torch.autograd.grad(loss, lessons.learnt(brain), retain_graph=True) for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_second_derivative_is_refused() -> None:
    brain = toy.ladder(lambda name: BPTT())
    inputs, reset = toy.stream(brain)
    loss = lessons.total(brain, brain(inputs, reset)[0])
    gradients = torch.autograd.grad(loss, lessons.learnt(brain), create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        torch.stack([g.square().sum() for g in gradients]).sum().backward()


def test_without_gradients_nothing_is_remembered_and_the_activity_is_the_same() -> None:
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain)
    seen, state = brain(inputs, reset)
    with torch.no_grad():
        silent, quiet = brain(inputs, reset)
    pairs = [pair for n in seen for pair in zip(seen[n][:5], silent[n][:5], strict=True)]
    assert all(torch.equal(a, b) for a, b in pairs)
    assert all(memory is None for memory in quiet.memories.values())
    assert all(memory is not None for memory in state.memories.values())
