"""e-prop is autograd with the recurrent path cut, in windows of any length, for every cell."""

import math
from random import Random

import pytest
import torch

from areas import GRU, LSTM, Leaky, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, EPropLiteral, Rule
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.roll_out.sweep import Sweep
from brainmodel.scopes import Global, Local, Scope
from tests import lessons, toy

SEEDS = range(8)
SCOPES = [Local, Global]
DENSE = ([6], [1], [2, 3], [1, 4, 1])


def always(area: str) -> bool:
    return True


def remembers(brain: Brain):
    """How many steps before a window an area's traces reach: all, of maps the last."""
    return lambda name: math.inf if len(brain.area(name).units) == 1 else 1


def mixed(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp])()


def memory(brain: Brain):
    reach = remembers(brain)
    return lambda name: 0 if isinstance(brain.rule(name), BPTT) else reach(name)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("cell", toy.CELLS)
def test_e_prop_is_autograd_with_the_recurrent_path_cut(cell: str, maps: bool) -> None:
    for afferents in (["error"], ["drive"], ["drive", "error"]):
        brain = toy.lone(toy.CELLS[cell](), maps, EProp(), afferents=afferents)
        inputs, reset = toy.stream(brain, steps=6)
        expected = lessons.learn_literally(brain, inputs, reset, local=True, cut=always)
        found = lessons.learn(brain, inputs, reset)
        lessons.assert_same(found, expected)
        silent = [name for name, gradient in found.items() if not gradient.any()]
        assert not silent, f"nothing was learnt by {silent}"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("cell", toy.CELLS)
def test_e_prop_is_not_backpropagation_where_recurrent_synapses_matter(
    cell: str, maps: bool
) -> None:
    inputs, reset = toy.stream(toy.lone(maps=maps))
    found = [
        lessons.learn(toy.lone(toy.CELLS[cell](), maps, rule, afferents=["drive"]), inputs, reset)
        for rule in (EProp(), BPTT())
    ]
    assert lessons.distance(*found) > 1e-4


@pytest.mark.sampled(3)
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_e_prop_is_backpropagation_without_recurrent_synapses(cell: str, maps: bool) -> None:
    found = []
    for rule in (EProp(), BPTT()):
        brain = toy.lone(toy.CELLS[cell](), maps, rule, afferents=["drive"])
        brain.area("V1").synapses["recurrent"].weight.data.zero_()
        inputs, reset = toy.stream(brain)
        found.append(lessons.learn(brain, inputs, reset))
    lessons.assert_same(found[0], found[1])


def test_the_loop_through_the_own_error_is_cut_as_well() -> None:
    found = []
    for rule in (EProp(), BPTT()):
        brain = toy.lone(LSTM(), rule=rule, afferents=["error"])
        brain.area("V1").synapses["recurrent"].weight.data.zero_()
        inputs, reset = toy.stream(brain)
        found.append(lessons.learn(brain, inputs, reset))
    assert lessons.distance(*found) > 1e-4


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_windows_of_any_length_give_what_the_traces_say(seed: int, scope: type[Scope]) -> None:
    brain = toy.random_brain(seed, mixed, scope())
    inputs, reset = toy.stream(brain, steps=6, seed=seed)
    for lengths in ([1], [2, 3]):
        expected = lessons.learn_literally(
            brain,
            inputs,
            reset,
            lengths,
            local=scope is Local,
            cut=lambda name: not isinstance(brain.rule(name), BPTT),
            memory=memory(brain),
        )
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)


@pytest.mark.sampled(7)
@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("cell", toy.CELLS)
def test_the_length_of_windows_does_not_change_the_carried_gradient(
    cell: str, resets: bool
) -> None:
    brain = toy.ladder(lambda name: EProp(), cells=[toy.CELLS[cell]] * 3)
    inputs, reset = toy.stream(brain, steps=9, resets=resets)
    whole = lessons.learn(brain, inputs, reset, [9])
    for lengths in ([1], [2], [4, 1], [7]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)


def test_without_carrying_the_length_of_windows_matters() -> None:
    brain = toy.ladder(lambda name: EProp(carry=False))
    inputs, reset = toy.stream(brain, steps=9, resets=False)
    whole, short = (lessons.learn(brain, inputs, reset, lengths) for lengths in ([9], [2]))
    assert lessons.distance(whole, short) > 1e-4
    expected = lessons.learn_literally(
        brain, inputs, reset, [2], local=True, cut=always, memory=lambda area: 0
    )
    lessons.assert_same(short, expected)


@pytest.mark.parametrize("rule", ["e_prop", "gated_microcircuit", "mdgl", "rflo"])
def test_a_window_in_parts_is_the_window_whole(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    brain = toy.ladder(lambda name: toy.RULES[rule](), cells=[toy.fit(rule)] * 3)
    inputs, reset = toy.stream(brain, steps=7)
    size = brain.area("V1").bias.numel() * reset.shape[1]  # elements of the currents of a step
    found = []
    for steps in (1, 3, 7):
        monkeypatch.setattr("brainmodel.learning.credit.eligibility_traces.PART", steps * size)
        brain.zero_grad()
        state = None
        for _ in range(2):
            activities, state = brain(inputs, reset, state)
            lessons.total(brain, activities).backward()
        found.append({n: p.grad.clone() for n, p in brain.named_parameters() if p.grad is not None})
    assert any(gradient.any() for gradient in found[0].values())
    for other in found[1:]:
        torch.testing.assert_close(other, found[0], rtol=1e-10, atol=1e-12)


def test_a_trace_does_not_outlive_a_reset_at_a_border() -> None:
    brain = toy.lone(SubLSTM(), rule=EProp())
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    reset[3] = True
    apart = lessons.learn(brain, inputs, reset, [3])
    halves = [
        lessons.learn(brain, {"eye": inputs["eye"][part]}, reset[part])
        for part in (slice(0, 3), slice(3, 6))
    ]
    lessons.assert_same(apart, lessons.add(halves))
    reset[3] = False
    assert lessons.distance(lessons.learn(brain, inputs, reset, [3]), apart) > 1e-4


@pytest.mark.sampled(8)
@pytest.mark.parametrize("lengths", DENSE, ids=str)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("cell", toy.CELLS)
def test_the_window_form_is_the_form_step_by_step(
    cell: str, scope: type[Scope], lengths: list[int]
) -> None:
    found = []
    for rule in (EProp, EPropLiteral):
        brain = toy.ladder(lambda name, rule=rule: rule(), scope(), [toy.CELLS[cell]] * 3)
        inputs, reset = toy.stream(brain)
        found.append(lessons.learn(brain, inputs, reset, lengths))
    lessons.assert_same(found[0], found[1])


def test_the_form_step_by_step_refuses_maps() -> None:
    with pytest.raises(ValueError, match=r"areas\.V1: rule EPropLiteral: needs dense.*\[2, 4, 4\]"):
        toy.lone(maps=True, rule=EPropLiteral())


@pytest.mark.parametrize("cell", [LSTM, SubLSTM, GRU, Leaky])
def test_rules_can_be_compared_on_one_record(cell) -> None:
    brain = toy.lone(cell(), afferents=["drive"])
    inputs, reset = toy.stream(brain)
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(2))
        sweep.run()
    record, area = sweep.records()["V1"], brain.area("V1")
    kept = [tensor.clone() for tensor in (record.currents, *record.fields.values())]
    signal = LearningSignal(
        torch.ones_like(record.fields["rate"][1:]), torch.ones_like(record.potential)
    )
    with torch.no_grad():
        found = {
            rule: rule().gradients(area, record, signal, None)
            for rule in (EProp, EPropLiteral, BPTT)
        }
    lessons.assert_same(found[EProp], found[EPropLiteral])
    assert found[EProp].keys() == found[BPTT].keys() == dict(area.named_parameters()).keys()
    assert lessons.distance(found[EProp], found[BPTT]) > 1e-4
    lessons.assert_same(
        {n: g for n, g in found[EProp].items() if "predictor" in n},
        {n: g for n, g in found[BPTT].items() if "predictor" in n},
    )
    after = (record.currents, *record.fields.values())
    assert all(torch.equal(a, b) for a, b in zip(kept, after, strict=True))
    assert bool((signal.rate == 1).all() and (signal.prediction == 1).all())


def test_what_is_remembered_does_not_depend_on_how_derivatives_lie_in_memory() -> None:
    brain = toy.lone(SubLSTM(), rule=EProp())
    inputs, reset = toy.stream(brain)
    _, state = brain(inputs, reset)
    bar = torch.randn(2, 3, dtype=torch.float64)
    found = [
        brain.rule("V1").recall(brain.area("V1"), {"memory": laid}, state.memories["V1"])
        for laid in (bar, bar.t().contiguous().t())
    ]
    lessons.assert_same(found[0], found[1])
