"""Each seed has an objective of its own: exact, whatever it computes, unless chance enters."""

from typing import cast

import jsonargparse
import pytest
import torch
import yaml
from torch import nn

import areas
from areas import Predictor
from brainmodel import CONFIGS
from brainmodel.brain import Brain
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global, Local
from brainmodel.seeds import inputs_together, labels_together, together
from objectives import GroupObjective, Objective, SquaredError
from tests import toy
from tests.seeds.training import EXACT, drawn, require_same, windows_of

OBJECTIVES = sorted(path.stem for path in (CONFIGS / "objectives").glob("*.yaml"))


def objective(name: str) -> Objective | GroupObjective:
    """The objective of a config."""
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--objective", type=Objective | GroupObjective)
    text = (CONFIGS / "objectives" / f"{name}.yaml").read_text()
    return parser.instantiate(parser.parse_object({"objective": yaml.safe_load(text)}))["objective"]


def brain(name: str, maps: bool, scope) -> Brain:
    """Two areas, of which the first, or both, have the objective."""
    made = objective(name)
    shared = isinstance(made, GroupObjective)
    names = list(made.areas)[:2] if shared else ["V1", "LM"]
    names = ["V1", *(n for n in names if n != "V1")] if not shared else names
    low = made.predictions[0] if isinstance(made, Objective) else 0.0
    phi = torch.nn.functional.softplus if low > -1 else None
    if isinstance(made, Objective) and made.predictions[1] == 1:
        phi = torch.sigmoid
    own = {"own": made} if isinstance(made, Objective) else {}
    sizes = ([2, 4, 4], [2, 4, 4]) if maps else ([6], [5])
    plans = {
        n: toy.plan(
            areas.GRU(),
            size,
            predictor=Predictor(phi),
            objectives={"error": SquaredError()} | (own if k == 0 else {}),
        )
        for k, (n, size) in enumerate(zip(names, sizes, strict=True))
    }
    first, second = names
    pathways = {"up": Pathway("eye", first), "on": Pathway(first, second)}
    groups = {"shared": made} if isinstance(made, GroupObjective) else None
    built = Brain(plans, pathways, {"eye": sizes[0]}, scope(), groups).double()
    return built


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_exact_or_refused(name: str) -> None:
    turn = OBJECTIVES.index(name)
    maps, scope = turn % 2 == 1, (Local, Global)[turn // 2 % 2]
    if objective(name).draws:
        with pytest.raises(ValueError, match="draws at random"):
            together([drawn(lambda: brain(name, maps, scope), seed) for seed in range(2)])
    else:
        require_same(lambda: brain(name, maps, scope), labels=True, area=None)


def test_terms_are_told_of_each_seed() -> None:
    brains = [drawn(lambda: brain("cross_entropy", False, Local), seed) for seed in range(2)]
    whole, windows = together(brains), [windows_of(b, k, 1, True) for k, b in enumerate(brains)]
    inputs = inputs_together([own.inputs[0] for own in windows])
    activities, _ = whole(inputs, windows[0].resets[0])
    labels = labels_together([own.labels[0] for own in windows])
    activity = activities["V1"]._replace(labels=labels)
    joined = cast(Objective, cast(nn.ModuleDict, whole.objectives["V1"])["own"])
    found, told = joined.terms(activity), joined.told(joined.sums(activity))
    for seed, (one, own) in enumerate(zip(brains, windows, strict=True)):
        alone = one(own.inputs[0], own.resets[0])[0]["V1"]._replace(labels=own.labels[0])
        objective = cast(Objective, cast(nn.ModuleDict, one.objectives["V1"])["own"])
        expected = objective.terms(alone)
        assert expected
        for name, value in expected.items():
            torch.testing.assert_close(found[f"seed {seed}: {name}"], value, **EXACT)
            torch.testing.assert_close(told[f"seed {seed}: {name}"], value, **EXACT)
