"""An area that does not learn: its synapses stay, its predictor follows its error."""

import pytest
import torch

from areas import SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, NoLearning
from brainmodel.scopes import Global, Local, Scope
from tests import lessons, toy


def reservoir(scope: Scope, maps: bool) -> Brain:
    return toy.ladder(
        lambda name: NoLearning() if name == "LM" else BPTT(), scope, [SubLSTM] * 3, maps
    )


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global])
def test_synapses_are_frozen_and_the_predictor_learns(scope: type[Scope], maps: bool) -> None:
    brain = reservoir(scope(), maps)
    learns = {n for n, p in brain.named_parameters() if p.requires_grad}
    own = {n for n, _ in brain.named_parameters() if n.startswith("areas.LM.")}
    assert own & learns == {n for n in own if n.startswith("areas.LM.predictor.")} != set()
    inputs, reset = toy.stream(brain)
    before = {n: p.clone() for n, p in brain.named_parameters()}
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=0.1)
    lessons.total(brain, brain(inputs, reset)[0]).backward()
    optimizer.step()
    moved = {n for n, p in brain.named_parameters() if not torch.equal(p, before[n])}
    assert moved == learns


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global])
def test_its_predictor_learns_what_autograd_says(scope: type[Scope], maps: bool) -> None:
    brain = reservoir(scope(), maps)
    inputs, reset = toy.stream(brain)
    expected = lessons.learn_literally(
        brain,
        inputs,
        reset,
        [4],
        local=scope is Local,
        cut=lambda name: name == "LM",
        memory=lambda name: 0,
    )
    lessons.assert_same(lessons.learn(brain, inputs, reset, [4]), expected)
    assert all(expected[n].any() for n in expected if n.startswith("areas.LM.predictor."))
