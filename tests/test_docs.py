"""The examples of docs/adding.md work as they stand there."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from areas import Cell, Leaky
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from objectives import Objective, SquaredError

PAGE = Path(__file__).parents[1] / "docs" / "adding.md"
EXAMPLES = dict(re.findall(r"```python file=(\w+)\.py\n(.*?)```", PAGE.read_text(), re.DOTALL))


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Import one of the page's files from a folder of its own."""
    monkeypatch.syspath_prepend(tmp_path)

    def load(name: str) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(EXAMPLES[name])
        monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return load


def gradients(cell: Cell, objective: Objective, rule: Rule) -> dict[str, torch.Tensor]:
    """Gradients of an area that watches noise, by name, in float64."""
    torch.manual_seed(0)
    plan = AreaPlan(cell, [5], rule, {"example": objective})
    pathway = Pathway("eye", "V1", signal="rate")
    brain = Brain({"V1": plan}, {"eye_to_V1": pathway}, {"eye": [4]}).double()
    eye = torch.randn(6, 3, 4, dtype=torch.float64)
    activities, _ = brain({"eye": eye}, torch.zeros(6, 3, dtype=torch.bool))
    brain.losses(activities)["V1"]["example"].backward()
    return {n: p.grad for n, p in brain.named_parameters() if p.grad is not None}


def test_the_page_has_the_examples_it_promises():
    assert set(EXAMPLES) == {"threshold", "quiet", "instant"}


def test_the_cell_learns_by_every_rule(example):
    cell = example("threshold").Threshold()
    for rule in (BPTT(), EProp()):
        found = gradients(cell, SquaredError(), rule)
        assert all(g.isfinite().all() for g in found.values())
        assert found["areas.V1.synapses.error.weight"].abs().max() > 0


def test_the_objective_is_the_mean_square_of_rates(example):
    found = gradients(Leaky(), example("quiet").Quiet(), BPTT())
    assert found["areas.V1.synapses.recurrent.weight"].abs().max() > 0
    assert found["areas.V1.predictor.bias"].abs().max() > 0  # by way of the error the area feels


def test_the_rule_is_e_prop_where_nothing_is_carried_and_not_elsewhere(example):
    rule = example("instant").Instant
    for alpha, same in ((1.0, True), (0.4, False)):
        ours = gradients(Leaky(alpha), SquaredError(), rule())
        theirs = gradients(Leaky(alpha), SquaredError(), EProp())
        equal = all(torch.allclose(ours[n], theirs[n], rtol=0, atol=1e-12) for n in theirs)
        assert equal is same
