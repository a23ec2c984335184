"""What the optimizer is given: pathways that learn, no constants, and not nothing."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves

from areas import ALIF, GRU
from brainmodel.brain import AreaPlan
from brainmodel.learning import EProp
from brainmodel.pathways import Pathway
from brainmodel.scopes import Adjacent, Global, Scope
from brainmodel.training.module import BrainModule
from brainmodel.training.old_checkpoints import without_constants
from brainmodel.training.parameter_groups import parameter_groups
from objectives import SquaredError
from tests import lessons, toy
from tests.training.parts import Scaled
from tests.training.runs import same


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single windows do not pay for native loops."""
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


def module(
    cell: Any = GRU, scope: Scope | None = None, objective: bool = True, **others: Any
) -> BrainModule:
    """V1 and LM, the second driven by the first over a pathway that may learn."""
    goals = {"next": SquaredError()} if objective else {}
    plans = {name: AreaPlan(cell(), [3], EProp(), dict(goals)) for name in ("V1", "LM")}
    adapters = [Scaled()] if isinstance(scope, Global) else []
    pathways = {"up": Pathway("eye", "V1"), "on": Pathway("V1", "LM", adapters=adapters)}
    return BrainModule(plans, pathways, {"eye": [3]}, scope=scope, **others)


@pytest.mark.parametrize(
    ("rates", "rate"),
    [({}, 1e-3), ({"pathway": 0.3}, 0.3), ({"pathway": 0.3, "pathways.on": 0.5}, 0.5)],
)
def test_a_pathway_that_learns_has_a_group_of_its_own(rates: dict[str, float], rate: float) -> None:
    made = module(scope=Global(), learning_rates=rates)
    groups = {group["name"]: group for group in made.parts}
    (share,) = made.brain.routes["on"].parameters()
    assert groups["pathways.on"]["params"] == [share] and groups["pathways.on"]["lr"] == rate
    assert "pathways.up" not in groups
    held = [p for group in made.parts for p in group["params"]]
    assert {id(p) for p in held} == {id(p) for p in made.brain.parameters() if p.requires_grad}


def test_a_pathway_that_learns_gets_the_gradient_of_autograd() -> None:
    plans = {name: toy.plan(GRU()) for name in ("V1", "LM")}
    pathways = {"up": Pathway("eye", "V1"), "on": Pathway("V1", "LM", adapters=[Scaled()])}
    brain = toy.brain(plans, pathways, {"eye": [3]}, Global())
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    assert found["routes.on.adapters.0.share"].abs() > 1e-3
    lessons.assert_same(found, lessons.learn_literally(brain, inputs, reset))


def test_a_pathway_whose_weights_are_kept_is_taken_by_every_scope() -> None:
    fixed = Scaled().requires_grad_(False)
    plans = {name: toy.plan(GRU()) for name in ("V1", "LM")}
    pathways = {"up": Pathway("eye", "V1"), "on": Pathway("V1", "LM", adapters=[fixed])}
    brain = toy.brain(plans, pathways, {"eye": [3]}, Adjacent())
    own = dict.fromkeys(brain.areas, None)
    assert not [g for g in parameter_groups(brain, own, 1e-3, {}) if "pathways" in g["name"]]


def test_a_brain_without_objectives_is_refused_where_losses_are_wanted() -> None:
    made = module(objective=False)
    for stage in ("fit", "validate", "test"):
        with pytest.raises(ValueError, match="areas: none has an objective, so there is nothing"):
            made.setup(stage)
    activities, _ = made.brain({"eye": torch.rand(4, 2, 3)}, torch.zeros(4, 2, dtype=torch.bool))
    assert activities["LM"].rate.any(), "it can be looked at"
    module().setup("fit")


def test_a_checkpoint_from_when_constants_were_biases_loads() -> None:
    made = module(ALIF)
    optimizer = torch.optim.Adam(made.parts)
    made.brain({"eye": torch.rand(4, 2, 3)}, torch.zeros(4, 2, dtype=torch.bool))[0][
        "LM"
    ].error.square().mean().backward()
    optimizer.step()
    today = {"state_dict": made.state_dict(), "optimizer_states": [optimizer.state_dict()]}
    today = deepcopy(today | {"streams": ["something"]})
    old = deepcopy(today)
    for name in ("V1", "LM"):
        key = f"brain.areas.{name}.bias"
        old["state_dict"][key] = torch.cat([old["state_dict"][key], torch.full((3,), 0.18)])
    places = [
        place for part in old["optimizer_states"][0]["param_groups"] for place in part["params"]
    ]
    params = [p for part in made.parts for p in part["params"]]
    for place, parameter in zip(places, params, strict=True):
        if any(parameter is made.brain.area(name).bias for name in ("V1", "LM")):
            state = old["optimizer_states"][0]["state"][place]
            for key in ("exp_avg", "exp_avg_sq"):
                state[key] = torch.cat([state[key], torch.ones(3)])
    without_constants(old, made.brain, made.parts)
    assert old["streams"] == [] and today["streams"], "what rules remember has other shapes now"
    made.load_state_dict(old["state_dict"])
    assert made.brain.area("V1").constants.tolist() == pytest.approx([0.2] * 3)
    assert same(*(tree_leaves(content["optimizer_states"]) for content in (old, today)))
    unchanged = deepcopy(today)
    without_constants(unchanged, made.brain, made.parts)
    assert unchanged["streams"] == ["something"]
