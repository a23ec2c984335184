"""Compiled steps learn what literal ones learn, or say why there are none."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from areas import LSTM, Leaky
from areas.loops.compiled import find_compiler
from brainmodel.brain import Brain
from brainmodel.engines import Compiled, Plain
from brainmodel.learning import BPTT, EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from tests import lessons, toy


def pair(scope: Scope | None = None, engine: Compiled | None = None) -> Brain:
    """Maps below a dense area that learns by e-prop, with feedback two steps late."""
    plans = {
        "V1": toy.plan(Leaky(0.5, torch.tanh), [2, 4, 4]),
        "PM": toy.plan(LSTM(), [3], EProp()),
    }
    pathways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "PM"),
        "down": Pathway("PM", "V1", "feedback", "rate", delay=2),
    }
    made = toy.brain(plans, pathways, {"eye": [1, 4, 4]}, scope or Global())
    made.engine = engine or Plain()
    return made


@pytest.mark.slow  # torch.compile traces the step and its derivative
def test_compiled_steps_learn_what_literal_ones_learn() -> None:
    engine = Compiled("aot_eager")
    plain, compiled = pair(), pair(engine=engine)
    inputs, reset = toy.stream(plain, steps=7)
    assert reset[1:].any(), "streams begin anew within the window"
    expected = lessons.learn(plain, inputs, reset, lengths=[4, 3])
    lessons.assert_same(lessons.learn(compiled, inputs, reset, lengths=[4, 3]), expected)
    assert engine.missing is None, "none of it was taken as it is written"
    assert min(float(g.abs().max()) for g in expected.values()) > 1e-6


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # which torch looks at where it traces
@pytest.mark.parametrize("outside", ["gains", "weights"])
def test_what_changes_between_windows_is_not_compiled_in(outside: str) -> None:
    brain, engine = toy.lone(Leaky(), scope=Global()), Compiled("aot_eager")
    inputs, reset = toy.stream(brain, steps=3)

    def learn(factor: float) -> list[Tensor]:
        if outside == "gains":
            activities, _ = brain(inputs, reset, gains={"V1": factor})
        else:
            weights = {name: factor * p for name, p in brain.named_parameters()}
            activities, _ = functional_call(brain, weights, (inputs, reset))
        return list(torch.autograd.grad(lessons.total(brain, activities), lessons.learnt(brain)))

    factors = (1.0, 0.5, 1.5)
    expected = [learn(factor) for factor in factors]
    brain.engine = engine
    for factor, wanted in zip(factors, expected, strict=True):
        torch.testing.assert_close(learn(factor), wanted, rtol=1e-9, atol=1e-12)
    assert engine.missing is None and not torch.equal(expected[0][0], expected[1][0])


def test_one_may_go_back_through_compiled_steps_twice() -> None:
    brain = toy.lone(Leaky(), scope=Global())
    brain.engine = engine = Compiled("aot_eager")
    inputs, reset = toy.stream(brain, steps=3)
    loss = lessons.total(brain, brain(inputs, reset)[0])
    first, again = (
        torch.autograd.grad(loss, lessons.learnt(brain), retain_graph=True) for _ in range(2)
    )
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert engine.missing is None


@pytest.mark.slow  # inductor compiles C++
@pytest.mark.skipif(find_compiler() is None, reason="no compiler")
def test_what_inductor_compiles_learns_the_same() -> None:
    brain = toy.lone(Leaky(0.5, torch.tanh), scope=Global(), rule=BPTT())
    inputs, reset = toy.stream(brain, steps=4)
    expected = lessons.learn(brain, inputs, reset)
    brain.engine = Compiled()
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    assert str(brain.engine) == "compiled code (torch.compile, inductor) under autograd"


def apart(x: Tensor) -> Tensor:
    """A function that cannot be compiled."""
    torch._dynamo.graph_break()
    return x.tanh()


def test_where_a_step_cannot_be_compiled_it_is_taken_as_written_and_said() -> None:
    brain = toy.lone(Leaky(0.5, apart), scope=Global())
    inputs, reset = toy.stream(brain, steps=3)
    expected = lessons.learn(brain, inputs, reset)
    brain.engine = Compiled("eager")
    with pytest.warns(RuntimeWarning, match="no compiled steps, literal ones are slower: ") as told:
        found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, expected, atol=0)
    assert len(told) == 1
    assert str(brain.engine).startswith("tensor calls under autograd (steps cannot be compiled: ")


@pytest.mark.parametrize("scope", [Local, Adjacent])
def test_a_scope_that_takes_no_literal_steps_is_refused(scope: type[Scope]) -> None:
    plans, ways = {"V1": toy.plan()}, {"up": Pathway("eye", "V1")}
    with pytest.raises(ValueError, match="^engine: Compiled .* scope Global alone takes.*leave"):
        Brain(plans, ways, {"eye": [4]}, scope(), engine=Compiled())


def test_a_backend_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="^engine.backend: there is no 'inducktor'; give .*induct"):
        Compiled("inducktor")


def test_a_copied_brain_has_its_engine_and_what_is_compiled_anew() -> None:
    brain = toy.lone(scope=Global())
    brain.engine = engine = Compiled("eager")
    assert engine._compiled
    copy = deepcopy(brain)
    assert isinstance(copy.engine, Compiled) and copy.engine.backend == "eager"
    assert "_compiled" not in vars(copy.engine)
