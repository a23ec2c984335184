"""Synapses that tire and facilitate: steady states and transients in closed form."""

import pytest
import torch
from torch import Tensor

from areas import ShortTermPlasticity
from brainmodel.learning import BPTT
from brainmodel.scopes import Global
from tests import lessons, toy
from tests.areas.test_fuse import loops, needs_compiler

RATE = 0.07


def steady(tau_facilitation: float, tau_depression: float, use: float, steps: int) -> list:
    """States of a unit that fires at a constant rate from step 1 on."""
    cell = ShortTermPlasticity(tau_facilitation, tau_depression, use, 1.0, torch.relu)
    current = torch.full((1, 1), RATE, dtype=torch.float64)
    states = [cell.initial_state(current)]
    for _ in range(steps):
        states.append(cell.step([current], states[-1]))
    return states[1:]


@pytest.mark.parametrize(
    ("facilitation", "depression", "use"),
    [(0.0, 40.0, 0.5), (60.0, 0.0, 0.1), (75.0, 10.0, 0.15), (10.0, 75.0, 0.45), (0.0, 0.0, 0.3)],
)
def test_steady_states_are_those_of_the_equations(
    facilitation: float, depression: float, use: float
) -> None:
    """Where nothing moves, (U - u) / tau_f = -U (1 - u) r and (1 - x) / tau_d = u x r."""
    last = steady(facilitation, depression, use, 3000)[-1]
    u = use * (1 + facilitation * RATE) / (1 + use * facilitation * RATE)
    x = 1 / (1 + depression * u * RATE)
    assert use + last.facilitation.item() == pytest.approx(u, rel=1e-12)
    assert 1 - last.depletion.item() == pytest.approx(x, rel=1e-12)
    assert last.transmitted.item() == pytest.approx(u * x * RATE, rel=1e-12)


def test_depression_alone_approaches_its_steady_state_by_powers() -> None:
    """x(n) = x + (1 - x) (1 - 1/tau_d - U r)^n after n steps of the rate."""
    use, tau = 0.5, 12.0
    steady_x = 1 / (1 + tau * use * RATE)
    for n, state in enumerate(steady(0.0, tau, use, 40)):
        x = steady_x + (1 - steady_x) * (1 - 1 / tau - use * RATE) ** n
        assert 1 - state.depletion.item() == pytest.approx(x, rel=1e-12)
        assert state.transmitted.item() == pytest.approx(use * x * RATE, rel=1e-12)


def test_facilitation_alone_approaches_its_steady_state_by_powers() -> None:
    """u(n) = u + (U - u) (1 - 1/tau_f - U r)^n."""
    use, tau = 0.1, 30.0
    steady_u = use * (1 + tau * RATE) / (1 + use * tau * RATE)
    for n, state in enumerate(steady(tau, 0.0, use, 40)):
        u = steady_u + (use - steady_u) * (1 - 1 / tau - use * RATE) ** n
        assert use + state.facilitation.item() == pytest.approx(u, rel=1e-12)
        assert state.transmitted.item() == pytest.approx(u * RATE, rel=1e-12)


def test_use_and_resources_stay_from_0_to_1_however_fast_a_unit_fires() -> None:
    cell = ShortTermPlasticity(3.0, 3.0, 0.9, 1.0, torch.relu)
    state = cell.initial_state(torch.zeros(1, 1))
    for _ in range(50):
        state = cell.step([torch.full((1, 1), 30.0)], state)
        assert 0 <= state.facilitation.item() <= 0.1 + 1e-6 and 0 <= state.depletion.item() <= 1
    assert state.rate.item() == 30.0


def test_recurrent_synapses_carry_what_is_released_and_all_else_the_rate() -> None:
    brain = toy.lone(ShortTermPlasticity(), rule=BPTT(), afferents=["drive"])
    area = brain.area("V1")
    inputs, reset = toy.stream(brain, steps=9, resets=False)
    _, state = brain(inputs, reset)
    before = state.areas["V1"]
    report, after = area.step(inputs["eye"][0], {}, before)
    torch.testing.assert_close(report.prediction, area.predictor({"rate": before.rate}))  # type: ignore[misc]

    def rates(released: Tensor) -> Tensor:
        currents = area.currents({"drive": inputs["eye"][0], "recurrent": released})
        return 0.5 * before.rate + 0.5 * torch.sigmoid(currents)

    use = 0.3 + before.facilitation
    released = use * (1 - before.depletion) * before.rate
    torch.testing.assert_close(after.rate, rates(released), rtol=1e-12, atol=1e-14)
    assert not torch.allclose(after.rate, rates(before.rate))


@needs_compiler
@pytest.mark.parametrize("times", [(20.0, 5.0), (0.0, 5.0), (20.0, 0.0)])
def test_with_one_part_or_both_it_runs_in_native_loops(times: tuple[float, float]) -> None:
    brain = toy.lone(ShortTermPlasticity(*times), rule=BPTT(), afferents=["drive"])
    lessons.learn(brain, *toy.stream(brain))
    assert loops(brain) == [True, True]


@pytest.mark.parametrize("scope", [None, Global()])
@pytest.mark.parametrize("times", [(20.0, 5.0), (0.0, 5.0), (20.0, 0.0)])
def test_gradients_through_the_synapses_are_autograds(times: tuple[float, float], scope) -> None:
    brain = toy.lone(
        ShortTermPlasticity(*times), rule=BPTT(), scope=scope, afferents=["drive", "error"]
    )
    inputs, reset = toy.stream(brain, steps=9)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, expected)
    assert found["areas.V1.synapses.recurrent.weight"].any()
    other = toy.lone(ShortTermPlasticity(0.0, 0.0), rule=BPTT(), afferents=["drive", "error"])
    assert lessons.distance(lessons.learn(other, inputs, reset), expected) > 1e-4


@pytest.mark.parametrize(
    ("field", "value", "need"),
    [
        ("tau_facilitation", 0.5, "1 step or more, or 0 for none"),
        ("tau_depression", -2.0, "1 step or more, or 0 for none"),
        ("use", 0.0, "above 0 and at most 1 of the resources"),
        ("use", 1.5, "above 0 and at most 1 of the resources"),
        ("alpha", 0.0, "0 < alpha <= 1"),
    ],
)
def test_constants_out_of_range_are_refused(field: str, value: float, need: str) -> None:
    with pytest.raises(ValueError, match=rf"{field}: need {need}.*, got {value}"):
        ShortTermPlasticity(**{field: value})  # type: ignore[arg-type]


def test_rates_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="activation: need rates of 0 and more"):
        ShortTermPlasticity(activation=torch.tanh)
