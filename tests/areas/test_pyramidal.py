"""Pyramidal units: two compartments by hand, where synapses end, and gradients through both."""

from math import exp

import pytest
import torch
from torch import Tensor

from areas import Pyramidal
from areas.message import Onto
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.roll_out.sweep import Sweep
from brainmodel.scopes import Global
from tests import lessons, toy


def number(value: float) -> Tensor:
    return torch.full((1, 1), value, dtype=torch.float64)


def run(cell: Pyramidal, basal: float, apical: float, steps: int) -> list:
    """States of one unit that begins, under constant currents."""
    state, states = cell.initial_state(number(0.0)), []
    for _ in range(steps):
        state = cell.step([number(basal), number(apical)], state)
        states.append(state)
    return states


def test_both_potentials_approach_their_currents_with_their_own_time_constants() -> None:
    cell = Pyramidal(tau_soma=2.0, tau_apical=5.0)
    for t, state in enumerate(run(cell, 0.7, -1.3, 9), start=1):
        assert state.somatic.item() == pytest.approx(0.7 * (1 - exp(-t / 2)), rel=1e-13)
        assert state.apical.item() == pytest.approx(-1.3 * (1 - exp(-t / 5)), rel=1e-13)


def test_the_spikes_of_a_steady_unit_are_those_of_its_events_and_bursts() -> None:
    """By hand: e = sigma(1.5), b = sigma((2 - 1) / .5), and a burst has 1 + 2 spikes."""
    last = run(Pyramidal(threshold=1.0, slope=0.5, gain=2.0), 1.5, 2.0, 400)[-1]
    events, bursting = 0.8175744761936437, 0.8807970779778823
    assert last.plateau.item() == pytest.approx(bursting, rel=1e-13)
    assert last.rate.item() == pytest.approx(events * (1 + 2 * bursting), rel=1e-13)
    assert Pyramidal().events(last.rate, last.plateau).item() == pytest.approx(events, rel=1e-13)


def test_a_plateau_of_the_moment_is_the_burst_probability_of_the_paper() -> None:
    for state in run(Pyramidal(tau_plateau=0.0, threshold=0.3, slope=0.2), 0.0, 0.9, 5):
        logit = (state.apical.item() - 0.3) / 0.2
        assert state.plateau.item() == pytest.approx(1 / (1 + exp(-logit)), rel=1e-13)


def test_the_apical_dendrite_multiplies_the_gain_of_the_soma_and_adds_nothing() -> None:
    cell = Pyramidal(activation=torch.relu)
    ratios = []
    for basal in (0.1, 0.5, 4.0):
        low, high = (run(cell, basal, apical, 30)[-1].rate.item() for apical in (-9.0, 9.0))
        ratios.append(high / low)
    assert ratios == pytest.approx([ratios[0]] * 3, rel=1e-12)
    assert ratios[0] == pytest.approx(3.0, rel=1e-4)  # all events are bursts, or none
    assert run(cell, -1.0, 9.0, 30)[-1].rate.item() == 0.0


def two(cell: Pyramidal, rule: type = BPTT) -> Brain:
    """An area that sees an input, predicts it and receives a message."""
    plans = {"V1": toy.plan(cell, rule=rule(), afferents=["drive", "error"])}
    pathways = {"up": Pathway("eye", "V1"), "down": Pathway("mind", "V1", "feedback", "rate")}
    return toy.brain(plans, pathways, {"eye": [4], "mind": [2]})


def after_one_step(brain: Brain, push: str) -> dict[str, Tensor]:
    """The state after a step in which an input is pushed."""
    inputs, reset = toy.stream(brain, steps=1)
    inputs = {name: signal + (name == push) for name, signal in inputs.items()}
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(reset.shape[1]))
        sweep.run()
    return {name: field[1] for name, field in sweep.records()["V1"].fields.items()}


@pytest.mark.parametrize(
    ("apical", "moved"),
    [
        (None, {"eye": {"somatic"}, "mind": {"apical"}}),
        (["error"], {"eye": {"somatic", "apical"}, "mind": {"somatic", "apical"}}),
        (["drive", "error"], {"eye": {"apical"}, "mind": {"somatic", "apical"}}),
        ([], {"eye": {"somatic"}, "mind": {"somatic"}}),
    ],
)
def test_each_source_ends_where_it_is_told(apical: list[str] | None, moved: dict) -> None:
    """A message is a hint, too: it moves what the error moves, but for an error nobody feels."""
    ends: list[Onto] = ["units"] if apical in (None, []) else ["predictor", "units"]
    plans = {"V1": toy.plan(Pyramidal(apical=apical), afferents=["drive", "error"])}
    down = Pathway("mind", "V1", "feedback", "rate", delay=0, onto=ends)
    brain = toy.brain(plans, {"up": Pathway("eye", "V1"), "down": down}, {"eye": [4], "mind": [2]})
    usual = after_one_step(brain, "nothing")
    for push, fields in moved.items():
        pushed = after_one_step(brain, push)
        found = {name for name in ("somatic", "apical") if not pushed[name].equal(usual[name])}
        assert found == fields, push


def test_potential_and_plateau_of_the_dendrite_are_recorded() -> None:
    brain = two(Pyramidal())
    fields = after_one_step(brain, "mind")
    assert set(fields) == {"rate", "somatic", "apical", "plateau"}
    assert fields["plateau"].min() > 0 and fields["plateau"].max() < 1


@pytest.mark.parametrize("scope", [None, Global()])
@pytest.mark.parametrize("maps", [False, True])
def test_gradients_through_both_compartments_are_autograds(maps: bool, scope) -> None:
    brain = toy.ladder(lambda name: BPTT(), scope, [Pyramidal] * 3, maps)
    inputs, reset = toy.stream(brain, steps=7)
    expected = lessons.learn_literally(brain, inputs, reset, local=scope is None)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, expected)
    assert found["areas.V1.synapses.down_V1.weight"].any(), "synapses onto the apical dendrite"


@pytest.mark.parametrize("apical", [["error", "down"], ["recurrent"]])
def test_gradients_are_autograds_wherever_sources_end(apical: list[str]) -> None:
    brain = two(Pyramidal(tau_plateau=0.0, apical=apical))
    inputs, reset = toy.stream(brain, steps=7)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    windowed = two(Pyramidal(apical=apical), EProp)
    whole = lessons.learn(windowed, inputs, reset)
    lessons.assert_same(lessons.learn(windowed, inputs, reset, [2, 3]), whole)


def test_a_source_that_there_is_not_is_refused() -> None:
    said = r"areas.V1: cell.apical: no source 'dwon' reaches the units; there are drive, error, do"
    with pytest.raises(ValueError, match=said):
        two(Pyramidal(apical=["dwon"]))


@pytest.mark.parametrize(
    ("field", "value", "need"),
    [
        ("tau_soma", -1.0, "0 steps or more"),
        ("tau_apical", float("nan"), "0 steps or more"),
        ("tau_plateau", float("inf"), "0 steps or more"),
        ("threshold", float("nan"), "a number"),
        ("slope", 0.0, "a number above 0"),
        ("gain", -0.5, "0 or more spikes beyond the first"),
    ],
)
def test_constants_out_of_range_are_refused(field: str, value: float, need: str) -> None:
    with pytest.raises(ValueError, match=rf"{field}: need {need}, got {value}"):
        Pyramidal(**{field: value})  # type: ignore[arg-type]


def test_rates_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match=r"activation: need rates of 0 and more, .* some of -1"):
        Pyramidal(activation=torch.tanh)
