"""Inference by errors ends where the equations of predictive coding say it does."""

import torch
from torch import Tensor

from areas import (
    Alike,
    Block,
    Divisive,
    DivisiveInput,
    Leaky,
    OneToOne,
    Predictor,
    Projection,
    Tied,
)
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import EProp, NoLearning
from brainmodel.pathways import Pathway
from objectives import SquaredError

EYE, UNITS, HIGHER = 7, 3, 2


def identity(x: Tensor) -> Tensor:
    return x * 1


def held(brain: Brain, frame: Tensor, steps: int) -> dict[str, Tensor]:
    """Rates by area after a frame was held so long."""
    reset = torch.zeros(steps, len(frame), dtype=torch.bool)
    with torch.no_grad():
        did, _ = brain({"eye": frame.expand(steps, -1, -1)}, reset)
    return {name: activity.rate[-1] for name, activity in did.items()}


def generative(rows: int, columns: int, seed: int) -> Tensor:
    """Weights from causes onto what is seen, none below 0."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(rows, columns, generator=generator, dtype=torch.float64)


def test_divisive_errors_find_the_causes_of_a_frame() -> None:
    """PC/BC-DIM: of a frame that the units can explain exactly, just the rates that do."""
    plan = AreaPlan(DivisiveInput(1e-12), [UNITS], NoLearning())
    plan.predictor = Predictor(torch.relu, comparison=Divisive(1e-12))
    plan.projections = {"recurrent": Projection(begin=Alike(0.0))}
    brain = Brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [EYE]}).double()
    area, causes = brain.area("V1"), generative(EYE, UNITS, 0)
    assert area.predictor is not None
    area.predictor.synapses["rate"].weight.data = causes
    area.synapses["error"].weight.data = causes.t() / causes.sum(0)[:, None]
    truth = torch.tensor([[0.5, 1.5, 2.0], [1.0, 0.2, 0.4]], dtype=torch.float64)
    found = held(brain, truth @ causes.t(), 20_000)["V1"]
    torch.testing.assert_close(found, truth, rtol=1e-6, atol=0)


def test_of_one_unit_the_equilibrium_is_reached_in_a_step() -> None:
    """y = sum of the frame / sum of the weights, whatever the frame."""
    plan = AreaPlan(DivisiveInput(1e-9), [1], NoLearning())
    plan.predictor = Predictor(torch.relu, comparison=Divisive(1e-12))
    plan.projections = {"recurrent": Projection(begin=Alike(0.0))}
    brain = Brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [EYE]}).double()
    area, causes = brain.area("V1"), generative(EYE, 1, 1)
    assert area.predictor is not None
    area.predictor.synapses["rate"].weight.data = causes
    area.synapses["error"].weight.data = causes.t() / causes.sum()
    frame = generative(2, EYE, 2)
    for steps in (2, 5):
        found = held(brain, frame, steps)["V1"]
        torch.testing.assert_close(found[:, 0], frame.sum(1) / causes.sum(), rtol=1e-6, atol=0)


def rao_ballard(two: bool) -> Brain:
    """Leaky linear units driven by their own errors, and less by those of the area above."""
    plan = AreaPlan(Leaky(0.05, identity), [UNITS], NoLearning())
    plan.projections = {"recurrent": Projection(begin=Alike(0.0))}
    ways = {"up": Pathway("eye", "V1")}
    areas = {"V1": plan}
    if two:
        areas["V2"] = AreaPlan(Leaky(0.05, identity), [HIGHER], NoLearning())
        areas["V2"].projections = {"recurrent": Projection(begin=Alike(0.0))}
        ways["V1_V2"] = Pathway("V1", "V2", signal="rate", delay=1)
        ways["V2_V1"] = Pathway("V2", "V1", "feedback", "error", delay=0, onto=["units"])
        relay = Block(connectivity=OneToOne(), sign="inhibitory")
        plan.projections["V2_V1"] = Projection([relay], Alike(1.0))
        plan.plastic = {"V2_V1": False}
    return Brain(areas, ways, {"eye": [EYE]}).double()


def tie(brain: Brain, name: str, causes: Tensor) -> None:
    """Errors come in by the weights by which rates predict."""
    area = brain.area(name)
    assert area.predictor is not None
    area.predictor.synapses["rate"].weight.data = causes
    area.synapses["error"].weight.data = causes.t().clone()


def test_signed_errors_find_the_most_likely_causes() -> None:
    """r = U'(x - U r): the ridge solution, with a prior of unit variance."""
    brain, causes = rao_ballard(two=False), generative(EYE, UNITS, 3)
    tie(brain, "V1", causes)
    frame = generative(2, EYE, 4)
    ridge = torch.linalg.solve(torch.eye(UNITS) + causes.t() @ causes, causes.t() @ frame.t())
    found = held(brain, frame, 3000)["V1"]
    torch.testing.assert_close(found, ridge.t(), rtol=1e-9, atol=1e-9)


def test_what_is_tied_settles_as_what_was_set_by_hand() -> None:
    """Also after either has changed: errors come in by the weights by which rates predict."""
    plan = AreaPlan(Leaky(0.05, identity), [UNITS], EProp(), {"next": SquaredError()})
    plan.projections = {
        "recurrent": Projection(begin=Alike(0.0)),
        "error": Projection(made=Tied("predictor.rate")),
    }
    plan.plastic = {"recurrent": False}
    brain = Brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [EYE]}).double()
    area, frame = brain.area("V1"), generative(2, EYE, 4)
    assert area.predictor is not None
    learnt = [p for p in brain.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learnt, lr=0.01)
    for _ in range(20):
        did, _ = brain({"eye": frame.expand(5, -1, -1)}, torch.zeros(5, 2, dtype=torch.bool))
        brain.losses(did)["V1"]["next"].backward()
        optimizer.step()
        brain.after_step()
    causes = area.predictor.synapses["rate"].weight.detach()
    assert area.synapses["error"].weight.equal(causes.t())
    bias, miss = area.bias.detach(), frame - area.predictor.bias.detach()
    told = (miss @ causes + bias).t()
    ridge = torch.linalg.solve(torch.eye(UNITS).double() + causes.t() @ causes, told)
    torch.testing.assert_close(held(brain, frame, 3000)["V1"], ridge.t(), rtol=1e-9, atol=1e-9)


def test_two_areas_settle_together() -> None:
    """r1 = U1'(x - U1 r1) - (r1 - U2 r2), r2 = U2'(r1 - U2 r2): one linear system."""
    brain = rao_ballard(two=True)
    low, high = generative(EYE, UNITS, 5), generative(UNITS, HIGHER, 6)
    tie(brain, "V1", low)
    tie(brain, "V2", high)
    assert brain.area("V1").synapses["V2_V1"].weight.equal(-torch.eye(UNITS, dtype=torch.float64))
    frame = generative(2, EYE, 7)
    upper = torch.cat([2 * torch.eye(UNITS) + low.t() @ low, -high], 1)
    lower = torch.cat([-high.t(), torch.eye(HIGHER) + high.t() @ high], 1)
    seen = torch.cat([low.t() @ frame.t(), torch.zeros(HIGHER, 2)])
    expected = torch.linalg.solve(torch.cat([upper, lower]), seen)
    found = held(brain, frame, 4000)
    both = torch.cat([found["V1"], found["V2"]], 1)
    torch.testing.assert_close(both, expected.t(), rtol=1e-8, atol=1e-8)
