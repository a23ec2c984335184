"""Errors come back to the units by the weights of the feedback; predictors learn as ever."""

import pytest
import torch
from torch import Tensor

from areas import (
    LIF,
    Feedback,
    GivenFeedback,
    LearntFeedback,
    Predictor,
    RandomFeedback,
    SignConcordantFeedback,
    SubLSTM,
    SymmetricFeedback,
)
from areas.area import Area
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.scopes import Global, Local
from objectives import SquaredError
from tests import lessons, literal, toy

WAYS = [RandomFeedback, SignConcordantFeedback, LearntFeedback]


def given(maps: bool = False) -> GivenFeedback:
    """Weights of the shape of the predictor's of `taught`."""
    shape = (2, 2, 3, 3) if maps else (4, 3)
    return GivenFeedback(torch.linspace(-1.0, 1.0, torch.Size(shape).numel()).view(shape))


def without_decay() -> LearntFeedback:
    return LearntFeedback(decay=0.0)


def taught(feedback: Feedback, maps: bool = False, rule: Rule | None = None) -> Brain:
    """One area that errs, feels its error and drive, and hears of it by a feedback."""
    return toy.lone(
        SubLSTM(),
        maps,
        rule or EProp(),
        predictor=Predictor(torch.tanh, 3, feedback),
        afferents=["drive", "error"],
    )


class Bent(torch.autograd.Function):
    """P h, whose derivative by h is that of B^T h, and by B that by P."""

    @staticmethod
    def forward(ctx, forward: Tensor, back: Tensor, source: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(forward, back, source)
        return literal.synapse(forward, source)

    @staticmethod
    def backward(ctx, bar: Tensor):  # type: ignore[override]
        forward, back, source = (t.detach().requires_grad_() for t in ctx.saved_tensors)
        with torch.enable_grad():
            learnt = torch.autograd.grad(literal.synapse(forward, source), forward, bar)[0]
            said = torch.autograd.grad(literal.synapse(back, source), source, bar)[0]
        return learnt, learnt, said


def predict(area: Area, rate: Tensor, messages: dict[str, Tensor], drive: Tensor) -> Tensor:
    """`literal.predict` of an area whose predictor has a feedback."""
    assert area.predictor is not None
    weight = area.predictor.synapses["rate"].weight
    back = area.predictor.feedback.weights(weight)
    bias = area.predictor.bias.view(-1, *[1] * (drive.dim() - 2))
    return torch.tanh(bias + Bent.apply(weight, back, rate))  # type: ignore[operator]


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("rule", [EProp, BPTT])
@pytest.mark.parametrize("way", [*WAYS, given, without_decay])
def test_errors_come_back_by_the_weights_of_the_feedback(monkeypatch, way, rule, maps) -> None:
    brain = taught(given(maps) if way is given else way(), maps, rule())
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    monkeypatch.setattr(literal, "predict", predict)
    cut = rule is EProp
    expected = lessons.learn_literally(brain, inputs, reset, local=True, cut=lambda name: cut)
    if way is LearntFeedback:  # it and the predictor lose a share of themselves
        for name in ("synapses.rate.weight", "feedback.weight"):
            lost = brain.area("V1").predictor.get_parameter(name).detach()  # type: ignore[union-attr]
            expected[f"areas.V1.predictor.{name}"] += 1e-3 * lost
    lessons.assert_same(found, expected)
    symmetric = lessons.learn(taught(SymmetricFeedback(), maps, rule()), inputs, reset)
    changed = {n for n, g in symmetric.items() if lessons.distance({n: found[n]}, {n: g}) > 1e-6}
    assert {n for n in symmetric if ".synapses." in n and "predictor" not in n} <= changed
    if cut and way is not LearntFeedback:  # a predictor learns what it would learn
        assert not any("predictor" in n for n in changed)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rule", [EProp, BPTT])
def test_under_scope_global_the_feedback_is_the_same(rule, way) -> None:
    brain = taught(way(), rule=rule())
    inputs, reset = toy.stream(brain)
    local = lessons.learn(brain, inputs, reset)
    brain.scope = Global()
    lessons.assert_same(lessons.learn(brain, inputs, reset), local)


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global])
def test_the_transposed_predictor_as_given_feedback_is_symmetric(scope, maps: bool) -> None:
    usual = taught(SymmetricFeedback(), maps)
    predictor = usual.area("V1").predictor
    assert predictor is not None
    same = taught(GivenFeedback(predictor.synapses["rate"].weight.detach().clone()), maps)
    feedback = same.area("V1").predictor.feedback  # type: ignore[union-attr]
    feedback.weight.copy_(predictor.synapses["rate"].weight.detach())  # type: ignore[operator]
    inputs, reset = toy.stream(usual)
    usual.scope = same.scope = scope()
    found = [lessons.learn(brain, inputs, reset, [2, 3]) for brain in (usual, same)]
    lessons.assert_same(found[1], found[0])


def test_spiking_areas_hear_by_it_as_well() -> None:
    inputs, reset = toy.stream(toy.lone())
    found = [
        lessons.learn(
            toy.lone(LIF(), rule=EProp(), predictor=Predictor(feedback=feedback)), inputs, reset
        )
        for feedback in (RandomFeedback(), RandomFeedback(seed=1), SymmetricFeedback())
    ]
    name = "areas.V1.synapses.error.weight"
    assert not torch.allclose(found[0][name], found[1][name])
    assert not torch.allclose(found[0][name], found[2][name])


def test_signs_agree_with_the_predictor_while_it_learns() -> None:
    brain = taught(SignConcordantFeedback())
    predictor = brain.area("V1").predictor
    assert predictor is not None
    weights = predictor.synapses["rate"].weight
    sizes = predictor.feedback.weights(weights).abs()
    for _ in range(3):
        weights.data = torch.randn_like(weights)
        back = predictor.feedback.weights(weights)
        assert back.sign().equal(weights.sign()) and back.abs().equal(sizes)


@pytest.mark.parametrize(
    ("decay", "steps"), [(0.1, 60), (0.0, 60)], ids=["with decay", "without decay"]
)
def test_learnt_feedback_becomes_the_transposed_predictor(decay: float, steps: int) -> None:
    """P - B^T shrinks by 1 - rate decay with every step of plain descent, and not without decay."""
    brain = toy.lone(
        SubLSTM(),
        rule=EProp(),
        predictor=Predictor(feedback=LearntFeedback(decay)),
        objectives={"next": SquaredError()},
    )
    predictor = brain.area("V1").predictor
    assert predictor is not None
    weights, feedback = predictor.synapses["rate"].weight, predictor.feedback
    gap = (weights - feedback.weight).detach().clone()  # type: ignore[operator]
    inputs, reset = toy.stream(brain)
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=0.5)
    start = weights.detach().clone()
    for _ in range(steps):
        optimizer.zero_grad()
        (0.01 * lessons.total(brain, brain(inputs, reset)[0])).backward()
        optimizer.step()
    shrunk = (weights - feedback.weight).detach()  # type: ignore[operator]
    torch.testing.assert_close(shrunk, gap * (1 - 0.5 * decay) ** steps, rtol=1e-8, atol=1e-12)
    assert (weights - start).abs().max() > 0.01


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"areas\.V1: predictor\.feedback\.weight: need .* \[4, 3\], got \[3, 4\]",
    ):
        taught(GivenFeedback(torch.zeros(3, 4)))


def test_a_negative_decay_is_refused() -> None:
    with pytest.raises(ValueError, match=r"feedback\.decay: need 0 or more, got -1"):
        LearntFeedback(decay=-1)


def test_weights_that_stay_are_saved_and_those_that_learn_are_parameters() -> None:
    for way, place in (
        (RandomFeedback, "weight"),
        (SignConcordantFeedback, "size"),
        (LearntFeedback, "weight"),
    ):
        brain = taught(way())
        name = f"areas.V1.predictor.feedback.{place}"
        assert name in brain.state_dict()
        assert (name in dict(brain.named_parameters())) == (way is LearntFeedback)
