"""The examples of README and docs/adding.md work as they stand there."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from areas import Cell, Leaky
from brainmodel.brain import AreaPlan, Brain
from brainmodel.cli import main
from brainmodel.data.streams import Part
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from objectives import Objective, SquaredError

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "adding.md"
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
    assert set(EXAMPLES) == {"threshold", "quiet", "instant", "dots"}


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


def test_the_data_set_shows_a_dot_that_moves_and_goes_on(example):
    made = example("dots").Dots(size=16, speed=0.5, window=6, batch_size=3, episode=40, seed=1)
    stream = made.stream(made.share(Part.TRAINING))
    first, second = stream.window(0), stream.window(1)
    assert first.inputs["eye"].shape == (6, 3, *made.shapes["eye"]) and first.reset[0].all()
    again = made.stream(made.share(Part.TRAINING)).window(1)
    assert again.inputs["eye"].equal(second.inputs["eye"])
    eye = torch.cat([first.inputs["eye"], second.inputs["eye"]])[:, 0, 0].double()
    wave = torch.exp(2j * torch.pi * torch.arange(16) / 16)
    moved = [
        torch.angle((eye.sum(dim) * wave).sum(1)).diff() * 16 / (2 * torch.pi) for dim in (2, 1)
    ]
    moved = [(step + 8) % 16 - 8 for step in moved]
    angle = first.labels["direction"][0, 0]
    for steps, expected in zip(moved, (angle.sin(), angle.cos()), strict=True):
        torch.testing.assert_close(steps, (0.5 * expected).expand(11), atol=2e-3, rtol=0)
    held_out = made.stream(made.share(Part.VALIDATION)).window(0).labels["direction"]
    assert not set(held_out.flatten().tolist()) & set(first.labels["direction"].flatten().tolist())
    with pytest.raises(ValueError, match="size: need 4 pixels or more, got 3"):
        example("dots").Dots(size=3)


def test_the_data_set_trains_a_brain_by_its_config(example, monkeypatch, tmp_path: Path):
    example("dots")
    monkeypatch.chdir(tmp_path)
    main(
        [
            "fit",
            "--config=quick",
            "--data=dots.Dots",
            "--trainer.fast_dev_run=1",
            "--report.scenes=0",
        ]
    )


@pytest.mark.slow
def test_the_first_cell_of_readme_learns_on_the_config_that_readme_names(
    monkeypatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    page = (ROOT / "README.md").read_text()
    (cell,) = [c for c in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "(Cell):" in c]
    (tmp_path / "decay.py").write_text(cell)
    assert "--config configs/default.yaml --model.areas.LM.cell decay.Decay" in page
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    small = ["--data.batch_size=2", "--data.validation_windows=1", "--pictures.scenes=0"]
    steps = ["--trainer.max_steps=10", "--trainer.enable_progress_bar=false", "--report.scenes=0"]
    steps += ["--report.ahead=[]"]
    monkeypatch.setattr("brainmodel.training.callbacks.report.STEPS", 48)  # of the linear rival
    main(["fit", "--config=default", "--model.areas.LM.cell=decay.Decay", *small, *steps])
    said = capsys.readouterr().out.splitlines()
    row, *_ = [line.split() for line in said if line.startswith("  LM ")]
    error, untrained = float(row[3]), float(row[4])  # over that of repeating the last drive
    assert error < 0.5 * untrained, row
