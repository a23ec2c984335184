"""Objectives that areas share, and parameters that a rule owns, learn with the rest."""

import pytest
import torch
from torch import Tensor, nn

from areas import Area, Record
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, Gradients, Memory, Rule
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.pathways.pathway import Pathway
from objectives import (
    Activity,
    AreaPrediction,
    Competition,
    DecoupledInterface,
    Discrimination,
    Gated,
    GroupObjective,
    MultiHorizon,
    SimSiam,
    Slowness,
    SquaredError,
    Variational,
)
from tests import lessons, toy


class Agreement(GroupObjective):
    """Areas agree on the mean of their rates."""

    def forward(self, activities: dict[str, Activity]) -> Tensor:
        """Loss [time, batch]."""
        first, second = (activities[name].rate.flatten(2).mean(2) for name in self.areas)
        return (first - second).square()


class Tuned(Rule):
    """A rule with a weight of its own, that asks for more of it at each step."""

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        self.feedback = nn.Parameter(torch.ones(3))

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        steps = float(len(record.currents))
        return {"rule.feedback": -steps * torch.ones_like(self.feedback)} | predictor_gradients(
            area, record, signal.prediction
        )


def pair(groups: dict[str, GroupObjective] | None) -> Brain:
    plans = {name: toy.plan(objectives={"error": SquaredError()}) for name in ("V1", "LM")}
    pathways = {"up": Pathway("eye", "V1"), "up_LM": Pathway("V1", "LM")}
    torch.manual_seed(0)
    return Brain(plans, pathways, {"eye": [3]}, groups=groups).double()


def test_a_shared_objective_teaches_all_its_areas() -> None:
    brain = pair({"agreement": Agreement(["V1", "LM"])})
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    losses = brain.losses(activities)
    assert set(losses) == {"V1", "LM", "groups"}
    rates = [activities[name].rate.mean(2) for name in ("V1", "LM")]
    expected = ((rates[0] - rates[1]).square() * ~reset).mean()
    torch.testing.assert_close(losses["groups"]["agreement"], expected)
    losses["groups"]["agreement"].backward()
    for name in brain.areas:
        gradient = brain.area(name).bias.grad
        assert gradient is not None and gradient.any()
    assert "groups" not in pair(None).losses(activities)


def test_a_shared_objective_of_unknown_areas_is_refused() -> None:
    with pytest.raises(ValueError, match=r"groups\.agreement: areas: there is no 'MT'; there are"):
        pair({"agreement": Agreement(["V1", "MT"])})


MAY_LEARN = {
    "discrimination": ({"V1", "LM"}, Discrimination(["V1", "LM"], penalty=0.0)),
    "unfooled discrimination": ({"LM"}, Discrimination(["V1", "LM"], fooling=0.0)),
    "variational": ({"V1", "LM"}, Variational(["V1", "LM"])),
    "competition": ({"V1", "LM"}, Competition(["V1", "LM"])),
    "agreement": ({"LM", "PM"}, SimSiam(["LM", "PM"], features=3)),
    "area prediction": ({"V1"}, AreaPrediction(["V1", "LM"])),
    "interface": ({"V1"}, DecoupledInterface(["V1", "PM"], MultiHorizon([1]), wait=1)),
    "gate": ({"V1"}, Gated(["V1", "PM"], Slowness())),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", MAY_LEARN)
def test_a_shared_objective_reaches_the_areas_it_may_and_no_other(name: str) -> None:
    learners, group = MAY_LEARN[name]
    plans = {area: toy.plan() for area in ("V1", "LM", "PM")}
    pathways = {
        "up": Pathway("eye", "V1"),
        "up_LM": Pathway("V1", "LM"),
        "up_PM": Pathway("LM", "PM", signal="rate"),
        "down": Pathway("PM", "V1", "feedback", "rate"),
    }
    torch.manual_seed(0)
    brain = Brain(plans, pathways, {"eye": [3]}, groups={"shared": group}).double()
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    brain.losses(activities)["groups"]["shared"].backward()
    found = {
        area
        for area in brain.areas
        if any(p.grad is not None and p.grad.any() for p in brain.area(area).parameters())
    }
    assert found == learners


def test_a_rule_may_own_parameters_that_learn() -> None:
    brain = toy.ladder(lambda name: Tuned() if name == "LM" else BPTT())
    assert "rules.LM.feedback" in dict(brain.named_parameters())
    inputs, reset = toy.stream(brain, steps=6)
    found = lessons.learn(brain, inputs, reset)
    assert found["rules.LM.feedback"].tolist() == [-6.0] * 3
    assert not found["areas.LM.bias"].any() and found["areas.LM.predictor.bias"].any()
