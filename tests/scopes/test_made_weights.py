"""The backward pass has the weights, and the very steps, of its forward pass."""

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from areas import GRU, Leaky
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, NoLearning, Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global, Local, Scope
from tests import lessons, toy

SCOPES = pytest.mark.parametrize("scope", [Local, Global])


def row(rule: type[Rule], scope: Scope) -> Brain:
    """V1 and LM, dense, with feedback; neither is asked for its own error by its units."""
    plans = {
        "V1": toy.plan(GRU(), [3], rule(), afferents=["drive"]),
        "LM": toy.plan(Leaky(0.5, torch.tanh), [2], rule(), afferents=["drive"]),
    }
    pathways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", signal="rate"),
        "down": Pathway("LM", "V1", "feedback", "rate"),
    }
    return toy.brain(plans, pathways, {"eye": [4]}, scope)


def made(brain: Brain, context: Tensor) -> dict[str, Tensor]:
    """Weights that a context makes of the brain's own: with other values, and all in a graph."""
    return {name: p * (1 + context) + 0.1 * context for name, p in brain.named_parameters()}


@SCOPES
@pytest.mark.parametrize("rule", [BPTT, RTRL])
def test_weights_that_are_made_get_the_gradient_of_autograd(
    rule: type[Rule], scope: type[Scope]
) -> None:
    brain = row(rule, scope())
    inputs, reset = toy.stream(brain)
    context = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    weights = made(brain, context)
    activities, _ = functional_call(brain, weights, (inputs, reset))
    wanted = [context, *lessons.learnt(brain)]
    found = torch.autograd.grad(lessons.total(brain, activities), wanted)

    there = row(rule, scope())  # the same weights as parameters of their own
    for name, parameter in there.named_parameters():
        parameter.data.copy_(weights[name])
    exact = lessons.learn_literally(there, inputs, reset, local=scope is Local)
    again = made(brain, context).items()
    loss = torch.stack([(weight * exact[name]).sum() for name, weight in again]).sum()
    for mine, expected in zip(found, torch.autograd.grad(loss, wanted), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-11)
    assert found[0].abs() > 1e-2
    assert all(p.grad_fn is None for p in brain.parameters()), "the brain has its own weights again"


@SCOPES
@pytest.mark.parametrize("rule", [BPTT, EProp, NoLearning])
def test_weights_changed_before_the_backward_pass_are_noticed(
    rule: type[Rule], scope: type[Scope]
) -> None:
    brain = row(rule, scope())
    inputs, reset = toy.stream(brain)
    loss = lessons.total(brain, brain(inputs, reset)[0])
    with torch.no_grad():
        brain.area("V1").synapses["recurrent"].weight.mul_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("rule", [BPTT, EProp])
def test_what_bends_the_forward_pass_alone_bends_the_global_gradient(rule: type[Rule]) -> None:
    """A pathway that is silent in a window is one whose synapses are not there."""
    brain, silent = row(rule, Global()), row(rule, Global())
    inputs, reset = toy.stream(brain)
    area = silent.area("V1")
    assert area.predictor is not None
    for synapses in (area.synapses["down"], area.predictor.synapses["down"]):
        synapses.weight.data.zero_()
    handle = brain.routes["down"].register_forward_hook(lambda *passed: torch.zeros_like(passed[2]))
    loss = lessons.total(brain, brain(inputs, reset)[0])
    handle.remove()
    found = lessons.complete(brain, torch.autograd.grad(loss, lessons.learnt(brain)))
    expected = lessons.learn(silent, inputs, reset)
    of_pathway = {name for name in found if ".down." in name}
    assert len(of_pathway) == 2 and not any(found[name].any() for name in of_pathway)
    others = found.keys() - of_pathway
    lessons.assert_same({n: found[n] for n in others}, {n: expected[n] for n in others})
    assert lessons.distance(lessons.learn(brain, inputs, reset), found) > 1e-3


def test_global_steps_a_brain_once(monkeypatch: pytest.MonkeyPatch) -> None:
    brain, taken = row(BPTT, Global()), []
    area, move = brain.area("V1"), brain.area("V1").move
    monkeypatch.setattr(area, "move", lambda *a, **how: taken.append(1) or move(*a, **how))
    inputs, reset = toy.stream(brain, steps=5)
    lessons.learn(brain, inputs, reset)
    assert len(taken) == 5
    with torch.no_grad():
        brain(inputs, reset)
    assert len(taken) == 5, "without gradients it is swept"
