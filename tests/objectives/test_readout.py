"""A read-out with a feedback reads out as ever, learns as ever, and its error comes back by it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import areas
import objectives
from areas import (
    Feedback,
    GivenFeedback,
    LearntFeedback,
    RandomFeedback,
    SignConcordantFeedback,
    SymmetricFeedback,
)
from objectives import Activity, CrossEntropy, GroupObjective, Objective
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout, readouts
from tests import toy

SHAPES = [([5], [3]), ([2, 4, 4], [3, 2, 2]), ([2, 4, 4], [3])]
KINDS: dict[str, Callable[[Tensor], Feedback]] = {
    "symmetric": lambda weight: SymmetricFeedback(),
    "random": lambda weight: RandomFeedback(seed=3),
    "given": lambda weight: GivenFeedback(torch.linspace(-1, 1, weight.numel()).view_as(weight)),
    "signs": lambda weight: SignConcordantFeedback(seed=3),
    "learnt": lambda weight: LearntFeedback(decay=0.25, seed=3),
    "learnt, without decay": lambda weight: LearntFeedback(decay=0.0, seed=3),
}


def literal(source: list[int], target: list[int], weight: Tensor, rate: Tensor) -> Tensor:
    """What weights read out of rates [time, batch, *source], in other words than the read-out's."""
    if len(source) == len(target) == 3:
        maps = F.conv2d(rate.flatten(0, 1), weight, padding=1)
        pooled = F.avg_pool2d(maps, source[1] // target[1])
        return pooled.view(*rate.shape[:2], *target)
    made = torch.einsum("oi,tbi->tbo", weight, rate.flatten(2))
    return made.view(*rate.shape[:2], *target)


def backwards(weight: Tensor, feedback: Feedback) -> Tensor:
    """B^T by its definition."""
    if isinstance(feedback, SymmetricFeedback):
        return weight
    if isinstance(feedback, SignConcordantFeedback):
        return feedback.size * torch.where(weight > 0, 1.0, -1.0)
    return feedback.weight.detach()  # type: ignore[union-attr, operator, return-value]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("source", "target"), SHAPES, ids=str)
def test_errors_come_back_by_the_weights_of_the_feedback(
    source: list[int], target: list[int], kind: str
) -> None:
    plain = Readout(source, target).double()
    weight, bias = plain.parameters()
    bent = Readout(source, target, feedback=KINDS[kind](weight)).double()
    bent.load_state_dict(plain.state_dict(), strict=False)
    feedback = bent.feedback
    assert isinstance(feedback, Feedback)
    rate = torch.randn(4, 2, *source, dtype=torch.float64, requires_grad=True)
    bar = torch.randn(4, 2, *target, dtype=torch.float64)
    assert bent(rate).equal(plain(rate))
    with torch.no_grad():
        assert bent(rate).equal(plain(rate))
    by_weight, by_bias, by_rate = torch.autograd.grad(plain(rate), [weight, bias, rate], bar)
    back = backwards(weight, feedback)
    expected = torch.autograd.grad(literal(source, target, back, rate), rate, bar)[0]
    lost = feedback.decay * weight.detach()
    own = [p for p in bent.parameters() if p.requires_grad]
    found = torch.autograd.grad(bent(rate), [*own, rate], bar)
    torch.testing.assert_close(found[-1], expected, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(found[0], by_weight + lost, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(found[1], by_bias, rtol=1e-9, atol=1e-11)
    assert torch.allclose(found[-1], by_rate) == (kind == "symmetric")
    if isinstance(feedback, LearntFeedback):
        learnt = by_weight + feedback.decay * feedback.weight.detach()
        torch.testing.assert_close(found[2], learnt, rtol=1e-9, atol=1e-11)
    assert len(own) == 2 + isinstance(feedback, LearntFeedback)


def test_learnt_feedback_becomes_the_transposed_read_out() -> None:
    """W - B^T shrinks by 1 - rate decay with every step of plain descent."""
    readout = Readout([4], [3], feedback=LearntFeedback(0.5, seed=3)).double()
    weight, back = (
        readout.get_parameter("synapses.1.weight"),
        readout.get_parameter("feedback.weight"),
    )
    gap, start = (weight - back).detach().clone(), weight.detach().clone()
    optimizer = torch.optim.SGD(readout.parameters(), lr=0.1)
    for k in range(1, 9):
        optimizer.zero_grad()
        rate = torch.rand(3, 2, 4, dtype=torch.float64)
        (readout(rate) - 1).square().sum().backward()
        optimizer.step()
        torch.testing.assert_close((weight - back).detach(), gap * 0.95**k, rtol=1e-9, atol=1e-11)
    assert (weight - start).abs().max() > 0.01 and gap.abs().max() > 0.01


def test_random_weights_are_those_of_the_seed_and_draw_no_other_random_numbers() -> None:
    torch.manual_seed(3)
    first = readouts(2, [4], [2], feedback=RandomFeedback(seed=1))
    after = torch.rand(1)
    torch.manual_seed(3)
    readouts(2, [4], [2])
    assert after.equal(torch.rand(1))
    again, other = (readouts(2, [4], [2], feedback=RandomFeedback(seed)) for seed in (1, 2))
    weights = [[r.get_buffer("feedback.weight") for r in made] for made in (first, again, other)]
    assert all(map(torch.equal, weights[0], weights[1]))
    assert not any(map(torch.equal, weights[0], weights[2]))
    assert not weights[0][0].equal(weights[0][1])  # each read-out has its own


@pytest.mark.parametrize("seed", [0, 5])
def test_random_weights_are_not_those_of_a_read_out_that_is_drawn_first(seed: int) -> None:
    torch.manual_seed(seed)
    readout = Readout([4], [3], feedback=RandomFeedback(seed))
    forward, back = (
        readout.get_parameter("synapses.1.weight"),
        readout.get_buffer("feedback.weight"),
    )
    assert not torch.allclose(forward, back) and not torch.allclose(forward, -back)


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"feedback\.weight: need .* \[3, 4\], got \[4, 3\]"):
        Readout([4], [3], feedback=GivenFeedback(torch.zeros(4, 3)))


OPTIONS: dict[str, dict[str, Any]] = {
    "CrossEntropy": {"label": "kind", "classes": 3},
    "Regression": {"label": "place", "size": 2},
    "Reinforce": {"label": "kind", "actions": 3},
    "MultiHorizon": {"horizons": [1, 2]},
    "SelfPrediction": {"horizons": [1, 2]},
    "ContrastivePrediction": {"horizons": [1, 2]},
    "AreaPrediction": {"areas": ["V1", "LM"]},
}


def slope(name: str, feedback: str | dict[str, Any] | None) -> Tensor:
    """Derivative by V1's rates of an objective as a config builds it, with weights of one seed."""
    base: type = GroupObjective if "areas" in OPTIONS[name] else Objective
    config = {
        "class_path": f"objectives.{name}",
        "init_args": {**OPTIONS[name], "feedback": feedback},
    }
    objective = toy.from_config(json.dumps(config), base)
    draw = torch.Generator().manual_seed(0)
    rate, drive = (torch.rand(5, 4, 6, generator=draw).double().requires_grad_() for _ in "rd")
    labels = {
        "kind": torch.randint(3, (5, 4), generator=draw),
        "place": torch.rand(5, 4, 2, generator=draw),
    }
    seen = Activity(drive, drive, drive, rate, torch.ones(5, 4, dtype=torch.bool), labels)
    torch.manual_seed(1)
    if base is GroupObjective:
        objective.build({"V1": (6,), "LM": (6,)}, {"V1": (6,), "LM": (6,)})
        loss = objective.double()({"V1": seen, "LM": seen._replace(rate=drive)})
    else:
        objective.build((6,), (6,))
        loss = objective.double()(seen)
    return torch.autograd.grad(loss.sum(), rate)[0]


@pytest.mark.parametrize("name", OPTIONS)
def test_every_objective_that_reads_out_takes_any_feedback_from_a_config(name: str) -> None:
    plain = slope(name, None)
    torch.testing.assert_close(slope(name, "areas.SymmetricFeedback"), plain, rtol=1e-9, atol=1e-11)
    for kind in ("RandomFeedback", "SignConcordantFeedback", "LearntFeedback"):
        other = slope(name, {"class_path": f"areas.{kind}", "init_args": {"seed": 5}})
        assert other.isfinite().all() and (other - plain).abs().max() > 1e-4, kind
        assert other.equal(slope(name, {"class_path": f"areas.{kind}", "init_args": {"seed": 5}}))


def test_of_a_task_only_what_the_area_learns_from_is_another() -> None:
    """dloss/dh = B (softmax - one-hot)."""
    label = torch.randint(3, (4, 2))
    rate = torch.rand(4, 2, 5, dtype=torch.float64, requires_grad=True)
    seen = Activity(rate, rate, rate, rate, torch.ones(4, 2, dtype=torch.bool), {"kind": label})
    task = CrossEntropy("kind", 3, RandomFeedback())
    task.build((5,), (5,))
    task = task.double()
    found = torch.autograd.grad(task(seen).sum(), rate)[0]
    missed = task.readout(rate).softmax(2) - F.one_hot(label, 3)
    back = task.get_buffer("readout.feedback.weight")
    expected = torch.einsum("tbo,oi->tbi", missed, back).detach()
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
    assert set(dict(task.named_parameters())) == {
        "readout.synapses.1.weight",
        "readout.synapses.1.bias",
    }


def test_what_is_no_feedback_is_refused() -> None:
    with pytest.raises(Exception, match="BackwardWeights"):
        slope("CrossEntropy", "torch.nn.ReLU")


def test_the_kinds_of_feedback_are_what_read_outs_ask_for() -> None:
    kinds: list[BackwardWeights] = [SymmetricFeedback(), LearntFeedback()]  # for pyright
    assert kinds and {n for n in vars(areas) if n.endswith("Feedback") and n != "Feedback"} == {
        "GivenFeedback",
        "LearntFeedback",
        "RandomFeedback",
        "SignConcordantFeedback",
        "SymmetricFeedback",
    }
    assert set(OPTIONS) <= set(vars(objectives))
