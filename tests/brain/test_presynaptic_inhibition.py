"""Pathways gated by areas before their synapses: what they do, and what every scope learns."""

from random import Random
from typing import Any

import pytest
import torch

from areas import Leaky, Population, Populations
from brainmodel.brain import Brain
from brainmodel.figures import draw_brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways import GainFields, Pathway, PresynapticInhibition
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.training.parameter_groups import parameter_groups
from tests import lessons, toy
from tests.literal import Literal
from tests.scopes.test_adjacent import by_definition, scope_of

SEEDS = range(5)


def either(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp])()


@pytest.mark.parametrize("seed", SEEDS)
def test_windows_and_steps_of_random_brains_are_the_definition(seed: int) -> None:
    brain = toy.random_brain(seed, gated=True)
    assert len(brain.gates)
    inputs, reset = toy.stream(brain, seed=seed)
    course = Literal(brain, inputs, reset)
    state, found = None, []
    for first, last in lessons.windows(len(reset), [2, 3]):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        activities, state = brain(window, reset[first:last], state)
        found.append(activities)
    for name in brain.areas:
        rates = torch.cat([activities[name].rate for activities in found])
        torch.testing.assert_close(rates, course.activity(name).rate, rtol=1e-10, atol=1e-12)
    state = brain.initial_state(reset.shape[1])
    for t in range(len(reset)):
        took, state = brain.step({n: x[t] for n, x in inputs.items()}, reset[t], state)
        for name in brain.areas:
            expected = course.activity(name).rate[t]
            torch.testing.assert_close(took[name].rate, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("seed", SEEDS)
def test_rules_learn_as_autograd_through_the_definition(seed: int, scope: type[Scope]) -> None:
    brain = toy.random_brain(seed, either, scope(), gated=True)
    inputs, reset = toy.stream(brain, seed=seed)
    how: dict[str, Any] = {"local": scope is Local, "cut": lambda name: brain.rule(name).cuts}
    expected = lessons.learn_literally(brain, inputs, reset, **how)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    taught = [name for name, gradient in expected.items() if name.startswith("gates.")]
    assert bool(taught) == (scope is Global)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_under_adjacent_gating_areas_are_told_what_the_definition_says(
    seed: int, hops: int
) -> None:
    brain = toy.random_brain(seed, either, Adjacent(hops=hops), gated=True)
    steps = 4 + scope_of(brain).lag
    inputs, reset = toy.stream(brain, steps=steps, seed=seed)
    gains = {n: torch.rand(steps, 2, *brain.route(n).shape).double() for n in brain.pathways}
    expected = lessons.existing(brain, by_definition(brain, inputs, reset, gains))
    lessons.assert_same(lessons.learn(brain, inputs, reset, gains=gains), expected)


def gated(scope: Scope, rule: type[Rule] = EProp, learns: bool = True, **how: Any) -> Brain:
    """V1 and LM, whose pathway up is gated by PM, which sees something else and has no loss."""
    gate = PresynapticInhibition("PM", learns=learns, **how)
    cell = Populations({"E": Population(Leaky(), 0.5), "I": Population(Leaky(), 0.5)})
    plans = {
        "V1": toy.plan(rule=rule()),
        "LM": toy.plan(rule=rule()),
        "PM": toy.plan(cell, [4], rule=rule(), objectives={}, predictor=None, afferents=["drive"]),
    }
    pathways = {
        "up": Pathway("eye", "V1"),
        "V1_LM": Pathway("V1", "LM", signal="rate", gate=gate),
        "to_PM": Pathway("sound", "PM"),
    }
    return toy.brain(plans, pathways, {"eye": [3], "sound": [2]}, scope)


@pytest.mark.parametrize("lengths", [[1], [2, 3], [9]])
def test_windows_of_every_length_give_the_same_gradient(lengths: list[int]) -> None:
    brain = gated(Adjacent(hops=2))
    inputs, reset = toy.stream(brain, steps=14)
    whole = lessons.learn(brain, inputs, reset)
    lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)
    assert whole["gates.V1_LM.bias"].any()


@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
def test_the_gating_area_learns_where_learning_signals_cross(scope: type[Scope]) -> None:
    brain = gated(scope(), learns=False)
    inputs, reset = toy.stream(brain, steps=12)
    found = lessons.learn(brain, inputs, reset)["areas.PM.synapses.drive.weight"]
    assert bool(found.any()) == (scope is not Local)


def test_only_the_population_that_gates_does() -> None:
    brain = gated(Local(), learns=False, population="I")
    inputs, reset = toy.stream(brain, resets=False)
    with torch.no_grad():
        before = brain(inputs, reset)[0]["LM"].drive
        silent = brain(inputs, reset, gains={"PM.I": 0.0})[0]["LM"].drive
    assert not torch.equal(before, silent)
    gate = brain.gate("V1_LM")
    assert gate is not None
    alone = torch.sigmoid(gate.bias) * brain(inputs, reset)[0]["V1"].rate
    torch.testing.assert_close(silent, alone, rtol=1e-12, atol=1e-12)
    brain.area("PM").synapses["recurrent"].weight.data.zero_()
    with torch.no_grad():
        before = brain(inputs, reset)[0]["LM"].drive
        other = brain(inputs, reset, gains={"PM.E": 0.0})[0]["LM"].drive
    torch.testing.assert_close(other, before, rtol=0, atol=0)


def test_gates_begin_open_and_stay_inhibitory() -> None:
    gate = PresynapticInhibition("PM", open=0.75)
    plans = {"V1": toy.plan(), "PM": toy.plan()}
    pathways = {"up": Pathway("eye", "V1", gate=gate), "up_PM": Pathway("V1", "PM")}
    brain = Brain(plans, pathways, {"eye": [3]}, Global())
    torch.testing.assert_close(gate(torch.ones(1, 3), torch.zeros(1, 3)), torch.full((1, 3), 0.75))
    assert (gate.synapses["rate"].weight < 0).all()
    with torch.no_grad():
        gate.synapses["rate"].weight.add_(0.3)
    assert (gate.synapses["rate"].weight > 0).any()
    brain.after_step()
    assert (gate.synapses["rate"].weight <= 0).all()
    groups = parameter_groups(brain, dict.fromkeys(brain.areas, None), 1e-3, {"pathway": 0.1})
    (own,) = [group for group in groups if group["name"] == "pathways.up"]
    assert own["lr"] == 0.1 and len(own["params"]) == 2


def test_the_drawing_says_who_gates_a_pathway() -> None:
    (axes,) = draw_brain(gated(Global(), population="I")).axes
    assert any("gated by PM.I" in text.get_text() for text in axes.texts)


REFUSED = {
    "no such area": ({"by": "MT"}, Global, "gate.by: there is no area 'MT'"),
    "an input": ({"by": "eye"}, Global, "gate.by: there is no area 'eye'"),
    "no such population": (
        {"by": "LM", "population": "E"},
        Global,
        "population: there is no population 'E'",
    ),
    "nobody teaches it": ({"by": "LM"}, Local, "gate: PresynapticInhibition has weights that"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_gates_that_cannot_be_are_refused(case: str) -> None:
    how, scope, sentence = REFUSED[case]
    plans = {"V1": toy.plan(), "LM": toy.plan()}
    odd = Pathway("V1", "LM", gate=PresynapticInhibition(**how))
    with pytest.raises(ValueError, match=rf"pathways.odd.*{sentence}"):
        Brain(plans, {"up": Pathway("eye", "V1"), "odd": odd}, {"eye": [3]}, scope())


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"open: need above 0 and below 1, got 1"):
        PresynapticInhibition("LM", open=1.0)


def test_gain_fields_and_gates_go_together() -> None:
    gain = GainFields("motion", reach=1, spacing=1.0)
    gate = PresynapticInhibition("V1", learns=False)
    pathways = {
        "up": Pathway("eye", "V1"),
        "remapped": Pathway("eye", "V1", "lateral", "rate", 1, gain=gain, gate=gate),
    }
    plans = {"V1": toy.plan(Leaky(0.5), [2, 4, 4], afferents=["drive", "error"])}
    brain = toy.brain(plans, pathways, {"eye": [1, 4, 4], "motion": [3]})
    inputs, reset = toy.stream(brain)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
