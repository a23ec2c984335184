"""Pathways may carry any field of their source's state, such as a membrane potential."""

from typing import Any

import pytest

from areas import LIF, Leaky, Population, Populations
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.pathways import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from tests import lessons, toy


def pair(scope: Scope | None = None, maps: bool = False, **changes) -> Brain:
    """Potentials up, at once; memories down, at once onto units, and across a step later."""
    units, eye = ([2, 4, 4], [2, 4, 4]) if maps else ([3], [3])
    plans = {"A": toy.plan(LIF(), units, EProp()), "B": toy.plan(units=units, rule=BPTT())}
    ways = {
        "up": Pathway("eye", "A"),
        "A_B": Pathway("A", "B", signal="potential"),
        "B_A": Pathway("B", "A", "feedback", "memory", delay=1),
        "twice": Pathway("A", "B", "lateral", "refractory", delay=2),
        **changes,
    }
    return toy.brain(plans, ways, {"eye": eye}, scope)


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global])
def test_what_is_carried_and_learnt_is_that_of_the_definition(scope, maps: bool) -> None:
    brain = pair(scope(), maps)
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    cut: dict[str, Any] = {"cut": lambda area: area == "A"}  # as e-prop has it
    expected = lessons.learn_literally(brain, inputs, reset, local=scope is Local, **cut)
    lessons.assert_same(found, expected)
    assert found["areas.B.synapses.twice.weight"].any()


def test_a_population_has_potentials_of_its_own() -> None:
    kinds = {"E": Population(LIF(), 0.5), "I": Population(Leaky(), 0.5)}
    plans = {"A": toy.plan(Populations(kinds), [6]), "B": toy.plan(units=[2])}
    ways = {"up": Pathway("eye", "A"), "A_B": Pathway("A", "B", signal="potential", population="E")}
    brain = toy.brain(plans, ways, {"eye": [3]})
    inputs, reset = toy.stream(brain, steps=5)
    activities, state = brain(inputs, reset)
    assert activities["B"].drive[-1].equal(state.areas["A"].potential[:, :3])


def test_a_population_has_no_field_of_another() -> None:
    kinds = {"E": Population(LIF(), 0.5), "I": Population(Leaky(), 0.5)}
    plans = {"A": toy.plan(Populations(kinds), [6]), "B": toy.plan(units=[2])}
    way = Pathway("A", "B", signal="potential", population="I")
    ways = {"up": Pathway("eye", "A"), "A_B": way}
    with pytest.raises(ValueError, match="A_B: signal: I of A has no 'potential'; there are rate"):
        toy.brain(plans, ways, {"eye": [3]})
    way.population = "J"
    with pytest.raises(ValueError, match="A_B: population: there is no 'J'; there are E, I"):
        toy.brain(plans, ways, {"eye": [3]})


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Pathway("A", "B", signal="memory"), "A has no 'memory'; there are rate, potential, spike"),
        (Pathway("A", "B", signal="voltage"), "A has no 'voltage'; .* refractory, prediction, err"),
        (Pathway("eye", "B", signal="potential"), "eye is an input and has no potential; give ra"),
    ],
)
def test_a_signal_that_there_is_not_is_refused(way: Pathway, told: str) -> None:
    with pytest.raises(ValueError, match=f"pathways.A_B: signal: {told}"):
        pair(A_B=way)


def test_adjacent_knows_no_way_back_into_a_state() -> None:
    with pytest.raises(ValueError, match=r"A_B\.signal: under scope Adjacent .* potential"):
        pair(Adjacent())
