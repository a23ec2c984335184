"""Areas compare, then move: rates may come down onto units in the step in which errors went up."""

from dataclasses import replace

import pytest
import torch

from areas import GRU
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.wiring.order import Act, acting_order, acts
from brainmodel.wiring.pathway_plans import written_out
from tests import lessons, toy
from tests.literal import Literal
from tests.scopes.test_adjacent import by_definition, either

SEEDS = range(16)


def tower(scope: Scope | None = None, onto: str = "units", rule: type = BPTT) -> Brain:
    """Three areas: errors go up, rates come down, all within a step."""
    names = ("A0", "A1", "A2")
    pathways = {"eye_A0": Pathway("eye", "A0")}
    for low, high in (("A0", "A1"), ("A1", "A2")):
        pathways[f"{low}_{high}"] = Pathway(low, high)
        pathways[f"{high}_{low}"] = Pathway(high, low, "feedback", "rate", 0, onto=[onto])  # type: ignore[list-item]
    return toy.brain(
        {n: toy.plan(GRU(), rule=rule()) for n in names}, pathways, {"eye": [3]}, scope
    )


def comes_down(brain: Brain) -> bool:
    """Whether areas alone could not be put in order."""
    instant = {n: p for n, p in brain.pathways.items() if p.steps == 0 and p.source in brain.areas}
    above = {(p.source, p.target) for p in instant.values()}
    for middle in brain.areas:
        above |= {(a, d) for a, b in above for c, d in above if b == c == middle}
    return any(source == target for source, target in above)


def test_all_compare_on_the_way_up_and_move_on_the_way_down() -> None:
    names = ["A0", "A1", "A2"]
    up = [Act(name, "compare") for name in names]
    assert tower().acts == [*up, *(Act(name, "move") for name in reversed(names))]
    assert tower().acting == names


@pytest.mark.parametrize("seed", SEEDS)
def test_no_act_comes_before_one_whose_signal_it_needs(seed: int) -> None:
    brain = toy.random_brain(seed, down=True)
    place = {act: k for k, act in enumerate(brain.acts)}
    assert len(place) == 2 * len(brain.areas)
    for name in brain.areas:
        assert place[Act(name, "compare")] < place[Act(name, "move")]
    for pathway in brain.pathways.values():
        if pathway.steps == 0 and pathway.source in brain.areas:
            made = Act(pathway.source, "move" if pathway.carries == "rate" else "compare")
            assert made in place and place[made] < place[Act(pathway.target, "move")]
            if pathway.kind == "feedforward" or "predictor" in (pathway.onto or ()):
                assert place[made] < place[Act(pathway.target, "compare")]


def test_random_brains_do_come_down_within_a_step() -> None:
    assert sum(comes_down(toy.random_brain(seed, down=True)) for seed in SEEDS) > 4
    assert not any(comes_down(toy.random_brain(seed)) for seed in SEEDS)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_areas_do_is_the_definition(seed: int) -> None:
    brain = toy.random_brain(seed, down=True)
    inputs, reset = toy.stream(brain, steps=7, seed=seed)
    course, state = Literal(brain, inputs, reset), None
    for first, last in lessons.windows(7, [1, 4, 2]):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        begun = brain.initial_state(reset.shape[1]) if state is None else state
        activities, state = brain(window, reset[first:last], state)
        for name, activity in activities.items():
            expected = course.activity(name, first, last)
            torch.testing.assert_close(activity, expected, rtol=1e-10, atol=1e-12)
        for t in range(first, last):
            did, begun = brain.step({n: x[t] for n, x in inputs.items()}, reset[t], begun)
            for name, step in did.items():
                found = [signal[t - first] for signal in activities[name][:4]]
                torch.testing.assert_close(list(step), found, rtol=1e-10, atol=1e-12)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_those_of_autograd(seed: int, scope: type[Scope]) -> None:
    brain = toy.random_brain(seed, scope=scope(), down=True)
    inputs, reset = toy.stream(brain, seed=seed)
    expected = lessons.learn_literally(brain, inputs, reset, local=scope is Local)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_adjacent_is_its_definition(seed: int, hops: int) -> None:
    brain = toy.random_brain(seed, either, Adjacent(hops=hops), down=True)
    assert isinstance(brain.scope, Adjacent)
    inputs, reset = toy.stream(brain, steps=4 + brain.scope.lag, seed=seed)
    expected = lessons.existing(brain, by_definition(brain, inputs, reset))
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


@pytest.mark.parametrize("rule", [BPTT, EProp])
@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
def test_windows_of_a_tower_may_have_any_length(scope: type[Scope], rule: type) -> None:
    brain = tower(scope(), rule=rule)
    inputs, reset = toy.stream(brain, steps=9)
    whole, _ = brain(inputs, reset)
    _, state = brain({"eye": inputs["eye"][:4]}, reset[:4])
    rest, _ = brain({"eye": inputs["eye"][4:]}, reset[4:], state)
    for name, activity in rest.items():
        torch.testing.assert_close(activity.rate, whole[name].rate[4:], rtol=1e-10, atol=1e-12)


def test_what_comes_down_in_the_step_is_not_what_comes_a_step_later() -> None:
    now = tower()
    inputs, reset = toy.stream(now, resets=False)
    slow = {name: replace(pathway, delay=None) for name, pathway in now.pathways.items()}
    late = toy.brain({name: toy.plan(GRU()) for name in now.areas}, slow, {"eye": [3]})
    differ = now(inputs, reset)[0]["A0"].rate - late(inputs, reset)[0]["A0"].rate
    assert differ.abs().max() > 1e-3


def test_true_cycles_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="^pathways: the cycle A0 -> A1 -> A0 has no delay; give"):
        tower(onto="predictor")
    rates = {
        "up": Pathway("A", "B", "lateral", "rate", 0, onto=["units"]),
        "down": Pathway("B", "A", "feedback", "rate", 0, onto=["units"]),
    }
    plain = written_out(rates, [], ["A", "B"], {})
    assert acting_order("AB", plain) == ["A", "B"], "neither waits to compare"
    with pytest.raises(ValueError, match="the cycle . -> . -> . has no delay; give one of its"):
        acts("AB", plain)
    alone = written_out(
        {"on": Pathway("A", "A", "lateral", "rate", 0, onto=["units"])}, [], ["A"], {}
    )
    with pytest.raises(ValueError, match="the cycle A -> A has no delay"):
        acts("A", alone)
    errors = written_out(
        {"on": Pathway("A", "A", "lateral", "error", 0, onto=["units"])}, [], ["A"], {}
    )
    assert acts("A", errors) == [Act("A", "compare"), Act("A", "move")], "its error is there"
