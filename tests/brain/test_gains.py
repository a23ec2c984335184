"""Gains by address: what they do, what learning makes of them, and what is refused."""

import copy
import pickle
from random import Random

import pytest
import torch
from torch import Tensor

from areas import Leaky, Population, Populations
from areas.loops.gain import gained
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, EPropLiteral, KeRNL, Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local
from tests import lessons, toy
from tests.literal import Literal
from tests.scopes.test_adjacent import by_definition, scope_of

SEEDS = range(8)


def either(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp])()


def drawn(brain: Brain, reset: Tensor, seed: int) -> dict[str, Tensor]:
    """Gains of all areas and pathways, a third of them 0."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {name: brain.area(name).units for name in brain.areas}
    shapes |= {name: brain.route(name).shape for name in brain.pathways}
    found = {}
    for name, shape in shapes.items():
        gain = 1.5 * torch.rand(*reset.shape, *shape, generator=generator, dtype=torch.float64)
        found[name] = gain * (gain > 0.5)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_they_multiply_rates_and_messages_in_random_brains(seed: int) -> None:
    brain = toy.random_brain(seed)
    inputs, reset = toy.stream(brain, seed=seed)
    gains = drawn(brain, reset, seed)
    course = Literal(brain, inputs, reset, gains=gains)
    activities, _ = brain(inputs, reset, None, gains)
    for name, activity in activities.items():
        torch.testing.assert_close(activity, course.activity(name), rtol=1e-10, atol=1e-12)
    state = brain.initial_state(reset.shape[1])
    for t in range(len(reset)):
        now = {name: gain[t : t + 1] for name, gain in gains.items()}
        took, state = brain.step({n: x[t] for n, x in inputs.items()}, reset[t], state, now)
        for name, activity in activities.items():
            torch.testing.assert_close(took[name].rate, activity.rate[t], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("seed", SEEDS)
def test_learning_is_autograd_through_the_brain_with_its_gains(seed: int, scope: type) -> None:
    brain = toy.random_brain(seed, either, scope())
    inputs, reset = toy.stream(brain, seed=seed)
    gains = drawn(brain, reset, seed)
    how = {"local": scope is Local, "cut": lambda name: brain.rule(name).cuts}
    expected = lessons.learn_literally(brain, inputs, reset, gains=gains, **how)
    found = lessons.learn(brain, inputs, reset, gains=gains)
    lessons.assert_same(found, expected)
    assert lessons.distance(lessons.learn(brain, inputs, reset), expected) > 1e-4


@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_crosses_a_pathway_back_is_multiplied_by_its_gain(seed: int, hops: int) -> None:
    brain = toy.random_brain(seed, either, Adjacent(hops=hops))
    steps = 4 + scope_of(brain).lag
    inputs, reset = toy.stream(brain, steps=steps, seed=seed)
    gains = drawn(brain, reset, seed)
    found = lessons.learn(brain, inputs, reset, gains=gains)
    expected = lessons.existing(brain, by_definition(brain, inputs, reset, gains))
    lessons.assert_same(found, expected)


def test_steps_that_wait_keep_the_gains_they_had() -> None:
    brain = toy.ladder(lambda name: EProp(), Adjacent(hops=2))
    inputs, reset = toy.stream(brain, steps=16)
    gains = drawn(brain, reset, 0)
    for gain in gains.values():
        gain[6:11] = 1.0
    whole = lessons.learn(brain, inputs, reset, gains=gains)
    for lengths in ([1], [2, 3], [1, 7]):
        found = lessons.learn(brain, inputs, reset, lengths, gains=gains)
        lessons.assert_same(found, whole)


def test_gains_may_come_and_go_from_window_to_window() -> None:
    """Where none is given it is 1, though steps before it still wait."""
    brain = toy.ladder(lambda name: EProp(), Adjacent(hops=2))
    inputs, reset = toy.stream(brain, steps=16)
    half = torch.ones(16, dtype=torch.float64)
    half[6:11] = 0.5
    whole = lessons.learn(brain, inputs, reset, gains={"up_LM": half, "down_V1": half})
    state, found = None, []
    for first, last in ((0, 6), (6, 11), (11, 16)):
        told = {"up_LM": 0.5, "down_V1": 0.5} if first == 6 else None
        window = {"eye": inputs["eye"][first:last]}
        activities, state = brain(window, reset[first:last], state, told)
        loss = lessons.total(brain, activities)
        made = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
        found.append(lessons.complete(brain, made))
    lessons.assert_same(lessons.add(found), whole)


@pytest.mark.parametrize("name", toy.RULES)
def test_a_gain_of_one_changes_nothing_of_any_rule(name: str) -> None:
    def brain() -> Brain:
        return toy.ladder(lambda area: toy.RULES[name](), cells=[toy.fit(name)] * 3)

    inputs, reset = toy.stream(brain())
    ones: dict[str, Tensor] = {n: torch.ones(len(reset)) for n in ("V1", "LM", "PM", "down_V1")}
    usual = lessons.learn(brain(), inputs, reset, [2, 3])
    lessons.assert_same(lessons.learn(brain(), inputs, reset, [2, 3], gains=ones), usual)


@pytest.mark.parametrize(("rule", "reference"), [(RTRL, BPTT), (EPropLiteral, EProp)])
@pytest.mark.parametrize("cell", ["sublstm", "leaky", "alif", "populations"])
def test_rules_know_the_gains_of_units(cell: str, rule: type[Rule], reference: type[Rule]) -> None:
    inputs, reset = toy.stream(toy.lone(toy.CELLS[cell](), units=[5]), steps=7)
    gains = drawn(toy.lone(toy.CELLS[cell](), units=[5]), reset, 1)
    found = [
        lessons.learn(
            toy.lone(toy.CELLS[cell](), rule=kind(), units=[5]), inputs, reset, gains=told
        )
        for kind, told in ((rule, gains), (reference, gains), (reference, None))
    ]
    lessons.assert_same(found[0], found[1])
    assert lessons.distance(found[0], found[2]) > 1e-6


def test_a_pathway_that_is_silenced_is_one_without_synapses() -> None:
    brain, cut_off = (toy.ladder(lambda name: BPTT()) for _ in range(2))
    inputs, reset = toy.stream(brain)
    cut_off.area("V1").synapses["down_V1"].weight.data.zero_()
    predictor = cut_off.area("V1").predictor
    assert predictor is not None
    predictor.synapses["down_V1"].weight.data.zero_()
    silent, _ = brain(inputs, reset, None, {"down_V1": 0.0})
    without, _ = cut_off(inputs, reset)
    for name in brain.areas:
        torch.testing.assert_close(silent[name].rate, without[name].rate, rtol=0, atol=1e-12)
    assert (brain(inputs, reset)[0]["V1"].rate - silent["V1"].rate).abs().max() > 1e-3


def typed() -> Brain:
    cells = Populations({"E": Population(Leaky(), 0.6), "I": Population(Leaky(0.5), 0.4)})
    plans = {"V1": toy.plan(cells, [5]), "LM": toy.plan(units=[3])}
    return toy.brain(plans, {"up": Pathway("eye", "V1"), "on": Pathway("V1", "LM")}, {"eye": [4]})


def test_one_population_is_silenced_at_one_time_and_nothing_stays() -> None:
    brain = typed()
    inputs, reset = toy.stream(brain, resets=False)
    before, _ = brain(inputs, reset)
    light = torch.ones(len(reset))
    light[2:4] = 0.0
    lit, _ = brain(inputs, reset, None, {"V1.I": light})
    rate = lit["V1"].rate
    assert (rate[2:4, :, 3:] == 0).all() and (rate[:, :, :3] != 0).all()
    torch.testing.assert_close(rate[:2], before["V1"].rate[:2], rtol=0, atol=0)
    assert (rate[4:, :, :3] - before["V1"].rate[4:, :, :3]).abs().max() > 1e-4
    after, _ = brain(inputs, reset)
    torch.testing.assert_close(after["V1"].rate, before["V1"].rate, rtol=0, atol=0)
    both, _ = brain(inputs, reset, None, {"V1": 0.5, "V1.I": light})
    assert (both["V1"].rate[2:4, :, 3:] == 0).all() and (both["V1"].rate[2:4, :, :3] != 0).all()
    torch.testing.assert_close(both["V1"].rate[0], before["V1"].rate[0] / 2, rtol=0, atol=1e-12)


def test_one_stream_is_silenced_and_others_are_not() -> None:
    brain = typed()
    inputs, reset = toy.stream(brain, resets=False)
    before, _ = brain(inputs, reset)
    one = torch.tensor([[0.0, 1.0]]).expand(len(reset), 2)
    found, _ = brain(inputs, reset, None, {"V1": one})
    assert not found["V1"].rate[:, 0].any()
    torch.testing.assert_close(found["LM"].rate[:, 1], before["LM"].rate[:, 1], rtol=0, atol=0)


def test_a_cell_with_gains_is_of_its_own_kind_copied_and_pickled() -> None:
    cell = gained(Leaky(0.3))
    assert isinstance(cell, Leaky) and gained(cell) is cell and cell.currents[-1] == "gain"
    assert Leaky.currents == ("current",)  # the kind itself is as it was
    for again in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):
        assert again.currents == cell.currents and again.alpha == 0.3
        assert type(again) is type(cell)


@pytest.mark.parametrize(
    ("gains", "told"),
    [
        ({"V2": 0.0}, "gains.V2: there is no area or pathway 'V2'; there are V1, LM, on, up"),
        ({"V1.SST": 0.0}, "gains.V1.SST: there is no population 'SST'; there are E, I"),
        ({"V1": float("nan")}, "gains.V1: got () with numbers that are not finite"),
        ({"V1": torch.ones(3)}, r"gains.V1: got (3,); give a number, [time], [time, batch]"),
        ({"on": torch.ones(6, 2, 3)}, r"or (6, 2, 4)"),
        ({"on": torch.ones(6, requires_grad=True)}, "gains.on requires grad"),
    ],
)
def test_a_gain_that_fits_nothing_is_refused(gains: dict, told: str) -> None:
    brain = typed()
    inputs, reset = toy.stream(brain)
    with pytest.raises(ValueError) as refusal:
        brain(inputs, reset, None, gains)
    assert told in str(refusal.value)


def test_gains_that_come_late_to_a_rule_that_remembers_are_refused() -> None:
    brain = toy.lone(rule=KeRNL())
    inputs, reset = toy.stream(brain)
    _, state = brain(inputs, reset)
    with pytest.raises(ValueError, match="gains.V1: its rule remembers steps of before it had"):
        brain(inputs, reset, state, {"V1": 0.5})
