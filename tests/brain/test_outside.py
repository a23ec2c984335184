"""Gains and currents by address, and noise of units: what they do, and what rules learn then."""

import copy
import pickle
from random import Random

import pytest
import torch
from torch import Tensor

from areas import Leaky, Population, Populations, Pyramidal
from areas.loops.gain import gained
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, EPropLiteral, Rule
from brainmodel.learning.credit.stream_noise import noise_at_start
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.wiring.plan import UnitNoise
from brainmodel.wiring.unit_noise import noise_currents
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


@pytest.mark.sampled(2)
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


@pytest.mark.sampled(4)
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


@pytest.mark.sampled(4)
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


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", toy.RULES)
def test_a_gain_of_one_changes_nothing_of_any_rule(name: str) -> None:
    def brain() -> Brain:
        return toy.ladder(lambda area: toy.RULES[name](), cells=[toy.fit(name)] * 3)

    inputs, reset = toy.stream(brain())
    ones: dict[str, Tensor] = {n: torch.ones(len(reset)) for n in ("V1", "LM", "PM", "down_V1")}
    usual = lessons.learn(brain(), inputs, reset, [2, 3])
    lessons.assert_same(lessons.learn(brain(), inputs, reset, [2, 3], gains=ones), usual)


@pytest.mark.sampled(2)
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
        ({"on": torch.ones(6, requires_grad=True)}, "gains.on: it requires grad"),
    ],
)
def test_a_gain_that_fits_nothing_is_refused(gains: dict, told: str) -> None:
    brain = typed()
    inputs, reset = toy.stream(brain)
    with pytest.raises(ValueError) as refusal:
        brain(inputs, reset, None, gains)
    assert told in str(refusal.value)


@pytest.mark.parametrize("scope", [Local, Adjacent])
def test_gains_that_come_late_are_refused_where_steps_are_remembered(scope: type) -> None:
    brain = toy.ladder(lambda name: EProp() if scope is Local else BPTT(), scope())
    inputs, reset = toy.stream(brain, resets=False)
    _, state = brain(inputs, reset)
    with pytest.raises(ValueError, match=r"gains\.V1: its rule remembers steps of before it had"):
        brain(inputs, reset, state, {"V1": 0.5})
    with torch.no_grad():  # nothing is remembered
        _, state = brain(inputs, reset)
        brain(inputs, reset, state, {"V1": 0.5})


@pytest.mark.parametrize(
    ("address", "place"),
    [("V1", slice(0, 5)), ("V1.E", slice(0, 3)), ("V1.I", slice(3, 5))],
)
def test_a_current_is_like_a_bias_of_those_that_it_reaches(address: str, place: slice) -> None:
    brain = typed()
    other = copy.deepcopy(brain)
    other.area("V1").bias.data[place] += 0.7
    inputs, reset = toy.stream(brain)
    lit, _ = brain(inputs, reset, None, None, {address: 0.7})
    expected, _ = other(inputs, reset)
    for name in brain.areas:
        torch.testing.assert_close(lit[name].rate, expected[name].rate, rtol=0, atol=1e-12)
    assert (brain(inputs, reset)[0]["V1"].rate - lit["V1"].rate).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("address", "place"), [("V1.E.apical", slice(5, 8)), ("V1.E.basal", slice(0, 3))]
)
def test_a_current_ends_where_its_address_says(address: str, place: slice) -> None:
    cells = Populations({"E": Population(Pyramidal(), 0.6), "I": Population(Leaky(), 0.4)})
    brain = toy.lone(cells, units=[5])
    inputs, reset = toy.stream(brain, batch=1)
    light = torch.linspace(-1, 1, len(reset) * 3, dtype=torch.float64).view(-1, 1, 3)
    lit, _ = brain(inputs, reset, None, None, {address: light})
    bias, state = brain.area("V1").bias.data.clone(), None
    for t in range(len(reset)):
        brain.area("V1").bias.data[place] = bias[place] + light[t, 0]
        took, state = brain({"eye": inputs["eye"][t : t + 1]}, reset[t : t + 1], state)
        torch.testing.assert_close(took["V1"].rate[0], lit["V1"].rate[t], rtol=0, atol=1e-12)


@pytest.mark.parametrize("scope", [Local, Global])
def test_rules_learn_from_what_a_current_made(scope: type) -> None:
    """As from units whose bias is so much more, at whatever scope."""
    brain = toy.ladder(lambda name: EProp(), scope())
    other = copy.deepcopy(brain)
    other.area("LM").bias.data += 0.4
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset, None, None, {"LM": 0.4})
    loss = lessons.total(brain, activities)
    found = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
    lessons.assert_same(lessons.complete(brain, found), lessons.learn(other, inputs, reset))


@pytest.mark.parametrize(
    ("currents", "told"),
    [
        ({"on": 1.0}, "currents.on: there is no area 'on'; there are V1, LM, and populations"),
        ({"V1.SST": 1.0}, "currents.V1.SST: there is no population 'SST'; there are E, I"),
        ({"V1.E.apical": 1.0}, "target: Leaky has no current 'apical'; there are current"),
        ({"LM.nowhere": 1.0}, "target: SubLSTM has no current 'nowhere'"),
        ({"V1.E": torch.ones(6, 2, 5)}, "got (6, 2, 5); give a number, [time], [time, batch], or"),
    ],
)
def test_a_current_that_fits_nothing_is_refused(currents: dict, told: str) -> None:
    brain = typed()
    inputs, reset = toy.stream(brain)
    with pytest.raises(ValueError) as refusal:
        brain(inputs, reset, None, None, currents)
    assert told in str(refusal.value)


def noisy(maps: bool = False, scope: Scope | None = None) -> Brain:
    return toy.lone(Leaky(0.5), maps, EProp(), scope, noise=UnitNoise(0.3))


@pytest.mark.parametrize("maps", [False, True])
def test_noise_does_not_depend_on_windows_or_on_the_batch(maps: bool) -> None:
    brain = noisy(maps)
    inputs, reset = toy.stream(brain, steps=7, batch=3)
    whole = brain(inputs, reset)[0]["V1"].rate
    state, pieces = None, []
    for first, last in lessons.windows(7, [1, 4, 2]):
        window = {n: x[first:last] for n, x in inputs.items()}
        activities, state = brain(window, reset[first:last], state)
        pieces.append(activities["V1"].rate)
    torch.testing.assert_close(torch.cat(pieces), whole, rtol=0, atol=1e-12)
    alone = brain({n: x[:, :1] for n, x in inputs.items()}, reset[:, :1])[0]["V1"].rate
    torch.testing.assert_close(alone, whole[:, :1], rtol=0, atol=1e-12)
    state = brain.initial_state(3)
    for t in range(7):
        took, state = brain.step({n: x[t] for n, x in inputs.items()}, reset[t], state)
        torch.testing.assert_close(took["V1"].rate, whole[t], rtol=0, atol=1e-12)
    silent = toy.lone(Leaky(0.5), maps, EProp())(inputs, reset)[0]["V1"].rate
    assert (silent - whole).abs().max() > 0.05


def test_noise_is_normal_and_each_unit_stream_and_step_has_its_own() -> None:
    plans = {n: toy.plan(Leaky(1.0, identity), [40], noise=UnitNoise(0.5)) for n in ("A", "B")}
    brain = toy.brain(plans, {f"to_{n}": Pathway("eye", n) for n in plans}, {"eye": [2]})
    for name in plans:
        for synapses in brain.area(name).synapses.values():
            synapses.weight.data.zero_()
        brain.area(name).bias.data.zero_()
    reset = torch.zeros(50, 30, dtype=torch.bool)
    found, _ = brain({"eye": torch.zeros(50, 30, 2, dtype=torch.float64)}, reset)
    a, b = (found[name].rate.detach() for name in plans)
    count = a.numel()
    assert abs(float(a.mean())) < 5 * 0.5 / count**0.5
    assert abs(float(a.var()) / 0.25 - 1) < 5 * (2 / count) ** 0.5
    pairs = ((a[:, :, 0], a[:, :, 1]), (a[0], a[1]), (a[:, 0], a[:, 1]), (a, b))
    for one, other in pairs:
        alike = float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])
        assert abs(alike) < 5 / one.numel() ** 0.5


def identity(x: Tensor) -> Tensor:
    return x * 1.0


@pytest.mark.parametrize("scope", [Local, Global])
def test_rules_learn_from_units_as_their_noise_made_them(scope: type) -> None:
    brain, plain = noisy(scope=scope()), toy.lone(Leaky(0.5), rule=EProp(), scope=scope())
    inputs, reset = toy.stream(brain)
    drawn = noise_currents(brain, noise_at_start(reset[0]), len(reset))["V1"]
    activities, _ = plain(inputs, reset, None, None, {"V1": drawn})
    loss = lessons.total(plain, activities)
    made = torch.autograd.grad(loss, lessons.learnt(plain), allow_unused=True)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, lessons.complete(plain, made))
    assert lessons.distance(found, lessons.learn(plain, inputs, reset)) > 1e-3


@pytest.mark.parametrize("deviation", [-0.1, float("nan"), float("inf")])
def test_a_deviation_that_is_none_is_refused(deviation: float) -> None:
    with pytest.raises(ValueError, match=r"noise\.deviation: need 0 or more, got"):
        UnitNoise(deviation)
