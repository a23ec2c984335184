"""Brains that act on environments train by their configs, say their scores, and can be resumed."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import yaml

from brainmodel import CONFIGS
from brainmodel.cli import main
from brainmodel.training.module import BrainModule
from tests.training.runs import EVERY_STEP, checkpoint, learnt, same, saved

LOOPS = sorted(
    path.stem
    for path in (CONFIGS / "tasks").glob("*.yaml")
    if "brainmodel.data.ClosedLoop" in path.read_text()
)
SMALL = [
    "--data.batch_size=2",
    "--data.window=8",
    "--data.validation_windows=2",
    "--data.windows_per_epoch=2",
    "--report.scenes=0",
    "--pictures.scenes=0",
    "--trainer.enable_progress_bar=false",
    "--trainer.log_every_n_steps=1",
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


def needs(name: str) -> None:
    if name == "cart_pole" and find_spec("gymnasium") is None:
        pytest.skip("needs the extra `tasks`: pip install 'brainmodel[tasks]'")


def fit(name: str, folder: str, *options: str) -> Path:
    """Train a small brain of a closed loop; the folder of the run."""
    named = f"--trainer.logger.name={folder}"
    main(["fit", f"--config=tasks/{name}", *SMALL, named, *options])
    return max(Path("runs", folder).iterdir(), key=lambda path: int(path.name[8:]))


@pytest.mark.parametrize("name", LOOPS)
def test_every_closed_loop_trains_and_tells_its_score(
    name: str, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(name)
    fit(name, "loop", "--trainer.max_steps=2")
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if line.startswith("Tasks on held-out streams:")]
    config = yaml.safe_load((CONFIGS / "tasks" / f"{name}.yaml").read_text())
    for area, plan in config["model"]["areas"].items():
        for objective in set(plan["objectives"]) - {"next"}:
            assert f"{area}.{objective}." in line and "untrained " in line
    if name != "cart_pole":  # of which no chance is known
        assert "Acting without looking gets: " in said and "(chance 0." in line


def test_a_run_that_was_stopped_goes_on_in_the_same_environment(own_folder: Path) -> None:
    whole = fit("two_step_decision", "whole", *EVERY_STEP, "--trainer.max_steps=5")
    begun = f"--ckpt_path={checkpoint(whole, 3)}"
    resumed = fit("two_step_decision", "resumed", *EVERY_STEP, "--trainer.max_steps=5", begun)
    assert same(learnt(saved(resumed)), learnt(saved(whole)))
    assert not same(learnt(saved(whole, 4)), learnt(saved(whole, 5))), "a control"


def test_a_checkpoint_brings_its_environment_back(own_folder: Path) -> None:
    run = fit("centre_out_reaching_closed", "arm", *EVERY_STEP, "--trainer.max_steps=1")
    module = BrainModule.load_from_checkpoint(checkpoint(run, 1))
    inputs = {"plant": torch.rand(3, 2, 6)}
    reset = torch.zeros(3, 2, dtype=torch.bool)
    activities, _ = module.brain(inputs, reset)
    assert activities["M1"].labels["hand"].shape == (3, 2, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model.pathways.PFC_task.delay=0"], "an environment hears what was done before"),
        (["--data.environments.task.init_args.common=2"], "need a probability in [0, 1], got 2"),
        (["--model.pathways.DLS_task.read_out=next"], "has no objective 'next' that reads out"),
        (["--data.environments={}"], "environments"),
    ],
)
def test_a_loop_that_cannot_be_closed_is_refused(
    options: list[str], words: str, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "--config=tasks/two_step_decision", *SMALL, *options])
    assert words in capsys.readouterr().err
    assert not Path("runs").exists()
