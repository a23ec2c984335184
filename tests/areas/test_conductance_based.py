"""Conductance-based units: where they settle, how fast, and gradients by their conductances."""

from math import exp

import pytest
import torch
from torch import Tensor

from areas import ConductanceBased
from areas.conductance_based import CALCIUM, POTASSIUM, Channel
from brainmodel.learning import BPTT, EProp
from brainmodel.scopes import Global
from tests import lessons, toy


def number(value: float) -> Tensor:
    return torch.full((1, 1), value, dtype=torch.float64)


def run(cell: ConductanceBased, logs: tuple[float, float, float], current: float, steps: int):
    """States of one unit that begins, under a constant current."""
    given, state = [number(current), *map(number, logs)], cell.initial_state(number(0.0))
    states = []
    for _ in range(steps):
        state = cell.step(given, state)
        states.append(state)
    return states


def test_a_leak_alone_is_ohms_law_and_its_time_constant() -> None:
    """By hand: v(t) = I / g (1 - exp(-t g / C))."""
    states = run(ConductanceBased(capacitance=3.0), (0.5, -60.0, -60.0), 0.8, 7)
    for t, state in enumerate(states, start=1):
        expected = 0.8 / exp(0.5) * (1 - exp(-t * exp(0.5) / 3.0))
        assert state.potential.item() == pytest.approx(expected, rel=1e-12)
        assert state.rate.item() == pytest.approx(
            torch.nn.functional.softplus(number(expected)).item(), rel=1e-12
        )


@pytest.mark.parametrize("current", [-1.0, 0.3, 2.5])
def test_a_unit_settles_where_all_currents_cancel(current: float) -> None:
    logs = (0.1, 0.4, -2.0)
    v = run(ConductanceBased(), logs, current, 500)[-1].potential.item()
    drawn = exp(0.1) * v
    for log, channel in zip(logs[1:], (POTASSIUM, CALCIUM), strict=True):
        opened = 1 / (1 + exp(-(v - channel.half) / channel.slope))
        drawn += exp(log) * opened * (v - channel.reversal)
    assert drawn == pytest.approx(current, rel=1e-10)
    found = ConductanceBased().outward([number(log) for log in logs], number(v))
    assert found.item() == pytest.approx(current, rel=1e-10)


def test_no_conductance_makes_it_unstable() -> None:
    states = run(ConductanceBased(capacitance=0.1), (5.0, 5.0, -9.0), 200.0, 60)
    assert all(abs(state.potential.item()) < 2.0 for state in states)


@pytest.mark.parametrize("scope", [None, Global()])
@pytest.mark.parametrize("maps", [False, True])
def test_gradients_by_conductances_are_autograds(maps: bool, scope) -> None:
    brain = toy.lone(ConductanceBased(), maps, BPTT(), scope, afferents=["drive", "error"])
    inputs, reset = toy.stream(brain, steps=8)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, expected)
    assert found["areas.V1.bias"].all(), "each conductance learns"
    traced = toy.lone(ConductanceBased(), maps, EProp(), afferents=["drive", "error"])
    assert lessons.learn(traced, inputs, reset)["areas.V1.bias"].all()


def test_constants_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"capacitance: need a number above 0, got 0\.0"):
        ConductanceBased(0.0)
    with pytest.raises(ValueError, match=r"slope: need above 0, got -1\.0"):
        Channel(0.0, 0.0, -1.0)
    with pytest.raises(ValueError, match="half: need a number, got nan"):
        Channel(0.0, float("nan"), 1.0)
    with pytest.raises(ValueError, match="activation: need rates of 0 and more"):
        ConductanceBased(activation=torch.tanh)
