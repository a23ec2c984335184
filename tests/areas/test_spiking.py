"""Spiking units: what they do, by hand, and the pseudo-derivative that learning follows."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from areas import ALIF, LIF, Membrane
from areas.spiking.membrane import fire
from brainmodel.learning import BPTT, EProp, Hebbian, Rule
from brainmodel.scopes import Global
from tests import lessons, toy
from tests.areas.test_fuse import loops, needs_compiler

QUICK = Membrane(decay=0.5, threshold=1.0, refractory=0, damp=0.3, smoothing=0.75)


def run(cell: Any, currents: list[float], beta: float = 0.0) -> list[Any]:
    """States of one unit under a series of currents."""
    state, states = cell.initial_state(torch.zeros(1, 1, dtype=torch.float64)), []
    for current in currents:
        given = [torch.full((1, 1), value, dtype=torch.float64) for value in (current, beta)]
        state = cell.step(given[: len(cell.currents)], state)
        states.append(state)
    return states


def series(states: list[Any], field: str) -> list[float]:
    return [getattr(state, field).item() for state in states]


def test_potential_spikes_and_rate_by_hand() -> None:
    """v: .8; .4 + .8 = 1.2, a spike; .6 + .8 - 1 = .4; .2 + .8 = 1; .5 + .8 = 1.3, a spike."""
    states = run(LIF(QUICK), [0.8] * 5)
    assert series(states, "potential") == pytest.approx([0.8, 1.2, 0.4, 1.0, 1.3], rel=1e-14)
    assert series(states, "spike") == [0, 1, 0, 0, 1]
    assert series(states, "rate") == pytest.approx([0, 0.25, 0.1875, 0.140625, 0.35546875])


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_unit_is_silent_for_as_long_as_it_is_refractory(steps: int) -> None:
    states = run(LIF(replace(QUICK, refractory=steps)), [5.0] * 9)
    assert series(states, "spike") == ([1.0] + [0.0] * steps) * (9 // (steps + 1)) + [1.0] * (
        9 % (steps + 1) > 0
    )


def test_adaptation_by_hand() -> None:
    """v: 2; 1 + 2 - 1; 1 + 2; 1.5 + 2 - 1. Threshold 1 + b: 1; 2, no spike; 1.5; 2.25."""
    states = run(ALIF(QUICK, adaptation_decay=0.5), [2.0] * 4, beta=1.0)
    assert series(states, "spike") == [1, 0, 1, 1]
    assert series(states, "adaptation") == [0, 1, 0.5, 1.25]
    assert series(states, "potential") == pytest.approx([2, 2, 3, 2.5])


def test_units_that_do_not_adapt_are_plain_ones() -> None:
    currents = torch.rand(40, generator=torch.Generator().manual_seed(0)).mul(1.5).tolist()
    plain, mixed = run(LIF(QUICK), currents), run(ALIF(QUICK), currents)
    for field in ("rate", "potential", "spike", "refractory"):
        assert series(mixed, field) == series(plain, field)
    adapting = run(ALIF(QUICK), currents, beta=0.3)
    assert sum(series(adapting, "spike")) < sum(series(plain, "spike"))


@pytest.mark.parametrize("rule", [BPTT, EProp, Hebbian])
def test_a_fraction_of_the_units_adapts_and_stays_so_while_all_learn(rule: type[Rule]) -> None:
    brain = toy.lone(ALIF(strength=0.4, fraction=0.25), rule=rule(), units=[8])
    area = brain.area("V1")
    assert area.constants.tolist() == [0.4] * 2 + [0.0] * 6
    inputs, reset = toy.stream(brain)
    before = area.bias.detach().clone()
    optimizer = torch.optim.AdamW(lessons.learnt(brain), lr=0.1, weight_decay=0.5)
    lessons.total(brain, brain(inputs, reset)[0]).backward()
    optimizer.step()
    assert area.constants.tolist() == [0.4] * 2 + [0.0] * 6
    assert area.bias.shape == (8,) and not area.bias.equal(before)


def test_constants_are_exact_in_any_type_of_numbers() -> None:
    brain = toy.lone(ALIF(strength=0.2)).float()
    assert brain.area("V1").constants.equal(torch.full((3,), 0.2))
    brain = deepcopy(brain).half().double()
    assert brain.area("V1").constants.tolist() == [0.2] * 3
    assert not any("constants" in name for name in brain.state_dict())


def test_the_pseudo_derivative_is_a_triangle() -> None:
    x = torch.linspace(-2, 2, 81, dtype=torch.float64, requires_grad=True)
    fired = fire(x, 0.3)
    (slope,) = torch.autograd.grad(fired.sum(), x)
    torch.testing.assert_close(slope, 0.3 * (1 - x.detach().abs()).clamp(min=0))
    assert fired.equal((x > 0).double())


def soft(excess: Tensor, damp: float) -> Tensor:
    """The function whose true derivative the pseudo-derivative is."""
    area = torch.relu(1 - excess.abs()).square() / 2
    return damp * torch.where(excess < 0, area, 1 - area)


@pytest.mark.parametrize("cell", [LIF, ALIF])
def test_all_but_the_spike_is_what_finite_differences_say(monkeypatch, cell: type) -> None:
    """Firing softly, a step has a true derivative: the one that learning uses."""
    made = cell(replace(Membrane(), reset_credit=1.0))
    generator = torch.Generator().manual_seed(1)
    count = len(made.currents) + len(made.state._fields)
    tensors = [torch.randn(3, 5, generator=generator, dtype=torch.float64) for _ in range(count)]
    tensors = [t.requires_grad_() for t in tensors]

    def step(*given: Tensor) -> tuple[Tensor, ...]:
        currents = list(given[: len(made.currents)])
        after = made.step(currents, made.state(*given[len(currents) :]))
        return tuple(getattr(after, name) for name in ("rate", "potential", "spike"))

    bars = [torch.randn(3, 5, generator=generator, dtype=torch.float64) for _ in range(3)]
    used = [t for k, t in enumerate(tensors) if made.currents[k : k + 1] != ("strength",)]
    found = torch.autograd.grad(step(*tensors), used, bars, allow_unused=True)
    monkeypatch.setattr("areas.spiking.membrane.fire", soft)
    expected = []
    for tensor in used:
        slopes = torch.zeros_like(tensor)
        for k in range(tensor.numel()):
            ends = []
            for shift in (1e-6, -1e-6):
                moved = tensor.detach().clone()
                moved.view(-1)[k] += shift
                after = step(*(moved if t is tensor else t.detach() for t in tensors))
                ends.append(sum((a * b).sum() for a, b in zip(after, bars, strict=True)))
            slopes.view(-1)[k] = (ends[0] - ends[1]) / 2e-6
        expected.append(slopes)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.zeros_like(b) if a is None else a, b, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("credit", [0.0, 0.25, 1.0])
def test_learning_follows_the_reset_as_far_as_it_is_told(credit: float) -> None:
    spike = torch.ones(1, requires_grad=True)
    membrane = replace(QUICK, reset_credit=credit)
    potential = membrane.integrate(torch.zeros(1), torch.zeros(1), spike)
    assert potential.item() == -1.0
    assert torch.autograd.grad(potential, spike)[0].item() == -credit


@needs_compiler
@pytest.mark.parametrize("threshold", [0.5, 0.37])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_spikes_are_all_or_none_in_native_loops(dtype: torch.dtype, threshold: float) -> None:
    brain = toy.lone(ALIF(Membrane(threshold=threshold)), rule=EProp(), afferents=["drive"])
    inputs, reset = toy.stream(brain.to(dtype), steps=50, batch=99, resets=False)
    _, state = brain({"eye": inputs["eye"].to(dtype)}, reset)
    assert all(loops(brain))
    assert set(state.memories["V1"].last.fields["spike"].unique().tolist()) == {0.0, 1.0}


def test_recurrent_synapses_carry_spikes_and_all_else_the_rate() -> None:
    brain = toy.lone(LIF(), rule=BPTT(), afferents=["drive"])
    area = brain.area("V1")
    inputs, reset = toy.stream(brain, steps=11, resets=False)
    _, state = brain(inputs, reset)
    spiking = state.areas["V1"]
    report, _ = area.step(inputs["eye"][0], {}, spiking)
    expected = area.predictor({"rate": spiking.rate})  # type: ignore[misc]
    torch.testing.assert_close(report.prediction, expected)
    silent = spiking._replace(spike=torch.zeros_like(spiking.spike))
    currents = area.currents({"drive": inputs["eye"][0], "recurrent": silent.spike})
    _, after = area.step(inputs["eye"][0], {}, silent)
    torch.testing.assert_close(
        after.potential,
        area.cell.membrane.decay * silent.potential + currents,  # type: ignore[attr-defined]
    )
    assert spiking.spike.any() and silent.rate.any()


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("credit", [0.0, 1.0])
@pytest.mark.parametrize("cell", [LIF, ALIF])
def test_backpropagation_through_spikes_is_autograds(cell: type, credit: float, maps: bool) -> None:
    membrane = replace(Membrane(), reset_credit=credit)
    brain = toy.lone(cell(membrane), maps, BPTT(), afferents=["drive", "error"])
    inputs, reset = toy.stream(brain, steps=9)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, expected)
    assert found["areas.V1.synapses.recurrent.weight"].any()
    brain.scope = Global()
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    other = toy.lone(
        cell(replace(membrane, reset_credit=1 - credit)), maps, afferents=["drive", "error"]
    )
    assert lessons.distance(lessons.learn(other, inputs, reset), expected) > 1e-4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decay", 1.5),
        ("threshold", 0.0),
        ("refractory", -1),
        ("damp", 0.0),
        ("smoothing", 1.0),
        ("reset_credit", -0.5),
    ],
)
def test_constants_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"membrane\.{field}: need .*, got {value}"):
        replace(Membrane(), **{field: value})


@pytest.mark.parametrize(
    ("field", "value"), [("adaptation_decay", 1.0), ("strength", -0.1), ("fraction", 1.2)]
)
def test_constants_of_adaptation_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field}: need .*, got {value}"):
        ALIF(**{field: value})  # type: ignore[arg-type]
