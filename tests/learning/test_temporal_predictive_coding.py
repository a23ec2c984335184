"""Temporal predictive coding of a linear model: where it settles, and what it learns there."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from areas import Area, Leaky, Predictor, Projection, TemporalInference, Tied
from areas.keys import of_units
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import NoLearning, Rule, TemporalPredictiveCoding
from brainmodel.pathways import Pathway
from objectives import SquaredError
from tests import lessons, toy

EYE, CAUSES = 5, 3


def model(rule: Rule, steps: int, alpha: float = 0.05, tied: bool = True) -> Brain:
    """One area, whose errors come in by the weights by which it predicts."""
    cell = TemporalInference(steps, alpha, precision=2.0)
    plan = AreaPlan(cell, [CAUSES], rule, {"next": SquaredError()}, Predictor())
    plan.projections = {"error": Projection(made=Tied("predictor.rate") if tied else None)}
    torch.manual_seed(0)
    brain = Brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [EYE]}).double()
    area = brain.area("V1")
    assert area.predictor is not None
    if not tied:
        causes = area.predictor.synapses["rate"].weight.detach()
        area.synapses["error"].weight.data = causes.t().clone()
    return brain


def parts(brain: Brain) -> dict[str, NDArray]:
    """A, C, their biases, and the weights of errors."""
    area = brain.area("V1")
    assert area.predictor is not None
    prior, evidence = area.bias.detach().numpy().reshape(2, CAUSES)
    return {
        "A": area.synapses["recurrent"].weight.detach().numpy().copy(),
        "C": area.predictor.synapses["rate"].weight.detach().numpy().copy(),
        "b": prior.copy(),
        "rest": evidence.copy(),
        "c": area.predictor.bias.detach().numpy().copy(),
        "back": area.synapses["error"].weight.detach().numpy().copy(),
    }


def frames(count: int, batch: int = 2, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, batch, EYE, generator=generator, dtype=torch.float64)


def test_it_settles_on_the_most_likely_causes_of_each_frame() -> None:
    """(I + p C'C)^-1 (A z + p C'x): of a frame, and of the one before as it was inferred."""
    brain, shown, steps = model(NoLearning(), 600), frames(4), 600
    held = shown.repeat_interleave(steps, 0)
    with torch.no_grad():
        did, _ = brain({"eye": held}, torch.zeros(held.shape[:2], dtype=torch.bool))
    own = parts(brain)
    found, causes = did["V1"].rate[steps - 1 :: steps].numpy(), np.zeros((2, CAUSES))
    within = np.eye(CAUSES) + 2.0 * own["C"].T @ own["C"]
    for k in range(4):
        told = causes @ own["A"].T + 2.0 * shown[k].numpy() @ own["C"]
        causes = np.linalg.solve(within, told.T).T
        np.testing.assert_allclose(found[k], causes, rtol=1e-9, atol=1e-10)
    alone = np.linalg.solve(within, 2.0 * own["C"].T @ shown[3].numpy().T).T
    assert np.abs(found[3] - alone).max() > 0.01, "what was before counts"


class Coding:
    """The same from the paper, with inference and learning written out."""

    def __init__(self, own: dict[str, NDArray], batch: int):
        self.own, self.z = own, np.zeros((batch, CAUSES))

    def frame(self, x: NDArray, steps: int, rate: float) -> None:
        own, before = self.own, self.z
        prior = before @ own["A"].T + own["b"]
        earlier, missed = before, x
        for _ in range(steps):
            earlier = self.z
            missed = x - (earlier @ own["C"].T + own["c"])
            pull = prior - earlier + 2.0 * (missed @ own["C"] + own["rest"])
            self.z = earlier + 0.1 * pull
        size = steps * len(x)  # gradients are means over steps and streams
        shift = self.z - prior
        by_error = 2 * missed / EYE / size  # of the mean squared error
        self.own = own | {
            "A": own["A"] + rate * shift.T @ before / size,
            "b": own["b"] + rate * shift.sum(0) / size,
            "C": own["C"] + rate * by_error.T @ earlier,
            "c": own["c"] + rate * by_error.sum(0),
        }
        self.own["back"] = self.own["C"].T


@pytest.mark.parametrize("tied", [True, False])
def test_learning_is_the_published_one_frame_by_frame(tied: bool) -> None:
    brain, shown, steps = model(TemporalPredictiveCoding(), 6, 0.1, tied), frames(40), 6
    literal = Coding(parts(brain), 2)
    first = dict(literal.own)
    optimizer, state = torch.optim.SGD(lessons.learnt(brain), lr=0.5), None
    reset = torch.zeros(steps, 2, dtype=torch.bool)
    for frame in shown:
        activities, state = brain({"eye": frame.expand(steps, -1, -1)}, reset, state)
        optimizer.zero_grad()
        lessons.mean(brain, activities).backward()
        optimizer.step()
        brain.after_step()
        literal.frame(frame.numpy(), steps, 0.5)
    for name, expected in literal.own.items():
        np.testing.assert_allclose(parts(brain)[name], expected, rtol=1e-9, atol=1e-12)
    assert all(np.abs(first[k] - literal.own[k]).max() > 1e-3 for k in ("A", "C", "b", "c"))


def test_no_step_teaches_anything_but_the_last_of_a_frame() -> None:
    brain, steps = model(TemporalPredictiveCoding(), 4), 4
    eye = frames(1).expand(steps, -1, -1)
    reset = torch.zeros(steps, 2, dtype=torch.bool)
    early = lessons.learn(brain, {"eye": eye[:3]}, reset[:3])
    assert not any(gradient.any() for gradient in early.values())
    whole = lessons.learn(brain, {"eye": eye}, reset)
    assert all(g.any() for n, g in whole.items() if "recurrent" not in n), "z_held was 0"


def test_what_is_learnt_foresees_a_rotation() -> None:
    """Of a point that goes round, the next frame from the last, by dynamics that were learnt."""
    turn, steps, place = torch.tensor([[0.8, -0.6], [0.6, 0.8]]).double(), 20, []
    point = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double()
    for _ in range(400):
        place.append(point)
        point = point @ turn.t()
    plan = AreaPlan(
        TemporalInference(steps, 0.2), [2], TemporalPredictiveCoding(), predictor=Predictor()
    )
    plan.objectives = {"next": SquaredError()}
    plan.projections = {"error": Projection(made=Tied("predictor.rate"))}
    torch.manual_seed(1)
    brain = Brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [2]}).double()
    optimizer, state = torch.optim.SGD(lessons.learnt(brain), lr=2.0), None
    reset, missed = torch.zeros(steps, 2, dtype=torch.bool), []
    for frame in place:
        own = parts_of(brain.area("V1"))
        before = torch.zeros(2, 2).double() if state is None else state.areas["V1"].held
        foreseen = (before @ own[0].t()) @ own[1].t()
        missed.append(float((frame - foreseen).square().mean()))
        activities, state = brain({"eye": frame.expand(steps, -1, -1)}, reset, state)
        optimizer.zero_grad()
        lessons.mean(brain, activities).backward()
        optimizer.step()
        brain.after_step()
    assert sum(missed[-20:]) < 0.1 * sum(missed[:20])


def parts_of(area: Area) -> tuple[Tensor, Tensor]:
    assert area.predictor is not None
    ways = area.synapses["recurrent"].weight, area.predictor.synapses["rate"].weight
    return ways[0].detach().clone(), ways[1].detach().clone()


def test_synapses_that_are_tied_do_not_learn_by_themselves() -> None:
    brain = model(TemporalPredictiveCoding(), 2)
    assert not brain.rule("V1").plastic(of_units("error"))
    assert model(TemporalPredictiveCoding(), 2, tied=False).rule("V1").plastic(of_units("error"))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(
        ValueError, match="infers while a frame is held, TemporalInf.*got Leaky; use"
    ):
        toy.lone(Leaky(), rule=TemporalPredictiveCoding())
    with pytest.raises(ValueError, match=r"needs dense units, got maps \[2, 4, 4\]; use EProp"):
        toy.lone(TemporalInference(), True, TemporalPredictiveCoding())
    with pytest.raises(ValueError, match="steps: need 1 or more for which a frame is held, got 0"):
        TemporalInference(0)
    with pytest.raises(ValueError, match=r"precision: need a number above 0, got -1\.0"):
        TemporalInference(precision=-1.0)
