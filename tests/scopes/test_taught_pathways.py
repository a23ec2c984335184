"""What pathways learn under scope adjacent: its definition, step by step, and its limit."""

from collections.abc import Sequence

import pytest
import torch

from areas import GRU, Leaky, RandomFeedback
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, NoLearning, Rule
from brainmodel.pathways import Adapter, LearntMix, MaxPool, Pathway, Upsample
from brainmodel.scopes import Adjacent, Global, Scope
from brainmodel.training.parameter_groups import parameter_groups
from tests import lessons, toy
from tests.scopes.test_adjacent import by_definition, scope_of


def mix(channels: int, *after: Adapter) -> list[Adapter]:
    return [LearntMix(channels, activation=torch.tanh), *after]


def row(
    rule: type[Rule], scope: Scope, delays: Sequence[int] = (0, 0, 1), maps: bool = True
) -> Brain:
    """The eye, V1, LM; every pathway learns, from the eye and from areas."""
    shapes = ([2, 4, 4], [3, 2, 2]) if maps else ([3], [4])
    eye, up, down = delays
    pathways = {
        "eye_V1": Pathway("eye", "V1", delay=eye, adapters=mix(3)),
        "V1_LM": Pathway("V1", "LM", delay=up, adapters=mix(2, *([MaxPool()] if maps else []))),
        "LM_V1": Pathway(
            "LM", "V1", "feedback", "rate", down, mix(2, *([Upsample()] if maps else []))
        ),
        "plain": Pathway("eye", "V1", signal="rate"),
    }
    named = zip(("V1", "LM"), shapes, strict=True)
    afferents = ["error", "drive"]
    plans = {name: toy.plan(GRU(), size, rule(), afferents=afferents) for name, size in named}
    return toy.brain(plans, pathways, {"eye": shapes[0]}, scope)


def on_the_way(found: lessons.Gradients) -> lessons.Gradients:
    return {name: gradient for name, gradient in found.items() if name.startswith("routes.")}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("delays", [(0, 0, 1), (2, 1, 2)], ids=str)
@pytest.mark.parametrize("rule", [BPTT, EProp])
def test_pathways_learn_what_the_definition_says(rule: type[Rule], delays, hops: int) -> None:
    brain = row(rule, Adjacent(hops=hops), delays)
    inputs, reset = toy.stream(brain, steps=4 + scope_of(brain).lag)
    expected = by_definition(brain, inputs, reset)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    taught = on_the_way(expected)
    for lengths in ([1], [2, 3]):  # the length of windows does not matter to what pathways learn
        found = lessons.learn(brain, inputs, reset, lengths)
        lessons.assert_same(on_the_way(found), taught)
    assert len(taught) == 6 and all(gradient.any() for gradient in taught.values())


def test_where_areas_have_no_past_it_is_the_gradient_end_to_end() -> None:
    """All that counts is asked in a step early enough for every learning signal to come back."""

    def chain(scope: Scope) -> Brain:
        plans = {
            name: toy.plan(Leaky(1.0, torch.tanh), [3], BPTT(), afferents=["drive"], predictor=None)
            for name in ("A", "B", "C")
        }
        ways = {"to_A": ("eye", "A"), "to_B": ("A", "B"), "to_C": ("B", "C")}
        pathways = {n: Pathway(a, b, adapters=mix(3)) for n, (a, b) in ways.items()}
        brain = toy.brain(plans, pathways, {"eye": [3]}, scope)
        for name in brain.areas:
            brain.area(name).synapses["recurrent"].weight.data.zero_()
        return brain

    brain = chain(Adjacent(hops=3))
    inputs, reset = toy.stream(brain, steps=4 + scope_of(brain).lag)
    found = on_the_way(lessons.learn(brain, inputs, reset))
    early = {"eye": inputs["eye"][:4]}
    expected = on_the_way(lessons.learn(chain(Global()), early, reset[:4]))
    lessons.assert_same(found, expected)
    assert all(gradient.any() for gradient in found.values())
    one = on_the_way(lessons.learn(chain(Adjacent(hops=1)), inputs, reset))
    assert lessons.distance(one, found) > 1e-3


def test_learning_signals_reach_pathways_through_the_feedback() -> None:
    torch.manual_seed(0)
    found = []
    for feedback in (None, RandomFeedback()):
        brain = row(NoLearning, Adjacent(feedback), maps=False)
        inputs, reset = toy.stream(brain, steps=4 + scope_of(brain).lag)
        found.append(on_the_way(lessons.learn(brain, inputs, reset)))
    assert lessons.distance(*found) > 1e-3


def test_what_pathways_learn_has_groups_of_the_optimizer() -> None:
    brain = row(EProp, Adjacent())
    groups = parameter_groups(brain, dict.fromkeys(brain.areas, None), 1e-3, {"pathway": 0.1})
    rates = {group["name"]: group["lr"] for group in groups}
    assert {n: r for n, r in rates.items() if n.startswith("pathways.")} == dict.fromkeys(
        ("pathways.eye_V1", "pathways.V1_LM", "pathways.LM_V1"), 0.1
    )
