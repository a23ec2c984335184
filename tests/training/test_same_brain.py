"""Weights of the same shapes are not taken for those of a brain that computes something else."""

from pathlib import Path
from typing import Any

import pytest

from brainmodel.cli import main
from brainmodel.command_line.probed_brains import brains
from brainmodel.errors import Refused
from brainmodel.training.same_brain import (
    require_same_brain,
    require_same_frozen,
    shows_otherwise,
)
from tests.training.runs import EVERY_STEP, TINY, checkpoint, fit, saved

OTHER = {
    "--model.areas.PM.cell=areas.SubLSTM": "areas.PM.cell is areas.LSTM in the checkpoint and",
    "--model.areas.V1.predictor.activation=torch.sigmoid": "areas.V1.predictor.activation is None",
    "--data.size=16": "inputs.eye is [1, 8, 8] in the checkpoint and [1, 16, 16] in the brain",
    "--model.pathways.PM_V1.delay=2": "pathways.PM_V1.delay is None in the checkpoint and 2 in",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("run")
        patch.chdir(folder)
        return folder / fit("--trainer.max_epochs=1", *EVERY_STEP)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("command", ["fit", "validate"])
@pytest.mark.parametrize("option", OTHER)
def test_a_checkpoint_of_a_brain_that_computes_something_else_is_refused(
    run: Path, command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = f"--ckpt_path={checkpoint(run)}"
    with pytest.raises(SystemExit) as left:
        main([command, f"--config={TINY}", begun, option])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert left.value.code == 2 and f"brainmodel: ckpt_path: {OTHER[option]}" in said, said
    assert said.endswith("give the config that lies beside the checkpoint's run")
    assert not Path("runs").exists()


def test_another_rule_or_objective_may_go_on_from_a_checkpoint_and_is_told(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control: what a brain learns for, and how, is a matter of each run."""
    options = (
        "--model.areas.PM.rule=brainmodel.learning.BPTT",
        "--trainer.max_epochs=2",
        *EVERY_STEP,
    )
    assert saved(fit(f"--ckpt_path={checkpoint(run)}", *options))["global_step"] == 10
    said = capsys.readouterr().out
    rule = "areas.PM.rule was brainmodel.learning.EProp, and is brainmodel.learning.BPTT from here"
    assert rule in said and said.count("from here on") == 1, said


def test_other_data_are_told_when_a_run_goes_on(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = (f"--ckpt_path={checkpoint(run)}", "--trainer.max_epochs=2", *EVERY_STEP)
    fit(*begun, "--data.num_workers=1")
    said = capsys.readouterr().out
    assert "Goes on after" in said and "from here on" not in said, "the same, made by a worker"
    fit(*begun, "--data.blur=2", "--data.window=3", "--data.seed=7")
    said = capsys.readouterr().out.splitlines()
    assert "data.blur was 1.0, and is 2.0 from here on." in said, said
    assert "data.seed was 0, and is 7 from here on." in said, "left out before"
    assert "data.window was 4, and is 3 from here on." in said, said
    fit(*begun, "--data=brainmodel.data.DriftingGratings", "--data.size=8", "--data.batch_size=2")
    said = capsys.readouterr().out
    gratings = "brainmodel.data.Photographs, and is brainmodel.data.DriftingGratings from here on"
    assert f"data was {gratings}." in said and said.count("from here on") == 1, said


def test_of_a_checkpoint_that_does_not_say_its_data_nothing_is_said() -> None:
    own = {"class_path": "brainmodel.data.MovingDigits", "init_args": {"speed": 3.0}}
    assert shows_otherwise({}, own) == []
    before = {"datamodule_hyper_parameters": own | {"init_args": {"speed": 2.0}}}
    assert shows_otherwise(before, own) == ["data.speed was 2.0, and is 3.0 from here on."]


def test_a_run_that_has_nothing_left_to_learn_says_so(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for steps, done in ((2, True), (6, False)):
        fit(f"--ckpt_path={checkpoint(run)}", f"--trainer.max_steps={steps}", *EVERY_STEP)
        assert ("Nothing is learnt" in capsys.readouterr().out) == done


def test_checkpoints_of_two_kinds_of_brain_are_not_probed_together(run: Path) -> None:
    option = "--model.areas.PM.cell=areas.SubLSTM"
    other = fit("--trainer.max_epochs=1", option, *EVERY_STEP, folder="other")
    assert len(brains([str(checkpoint(run)), str(checkpoint(run, 3))], 2)[0]) == 2
    with pytest.raises(Refused, match=r"areas.PM.cell is areas.SubLSTM in .* and areas.LSTM"):
        brains([str(checkpoint(run)), str(checkpoint(other))], 2)


def test_moments_of_another_optimizer_are_refused(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = f"--ckpt_path={checkpoint(run)}"
    with pytest.raises(SystemExit):
        main(["fit", f"--config={TINY}", begun, "--model.optimizer=torch.optim.SGD"])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "model.optimizer: is torch.optim.SGD, and the checkpoint holds what torch.optim" in said


def test_the_config_says_the_options_of_the_optimizer_of_a_resumed_run(run: Path) -> None:
    begun, decay = f"--ckpt_path={checkpoint(run)}", "--model.optimizer.init_args.weight_decay=0.3"
    resumed = saved(fit(begun, decay, "--trainer.max_epochs=2", *EVERY_STEP, folder="decayed"))
    usual = saved(fit(begun, "--trainer.max_epochs=2", *EVERY_STEP, folder="usual"))
    for content, expected in ((resumed, 0.3), (usual, 0)):
        (optimizer,) = content["optimizer_states"]
        assert {group["weight_decay"] for group in optimizer["param_groups"]} == {expected}
    name = "brain.areas.PM.synapses.recurrent.weight"
    assert not resumed["state_dict"][name].equal(usual["state_dict"][name])


def columns(*populations: str, **others: object) -> dict[str, Any]:
    """A model section with one area of these populations."""
    of = {name: {"share": 0.5} for name in populations}
    cell = {"class_path": "areas.Populations", "init_args": {"of": of}}
    return {"areas": {"V1": {"cell": cell, "projections": {}, "plastic": {}} | others}}


def test_populations_in_another_order_or_of_other_names_are_other_units() -> None:
    was = {"hyper_parameters": columns("E", "PV", "SST")}
    require_same_brain(was, columns("E", "PV", "SST"))
    for others in (("E", "SST", "PV"), ("E", "PV"), ("E", "PV", "VIP")):
        with pytest.raises(Refused, match=r"areas\.V1\.cell\.of is \['E', 'PV', 'SST'\] in the"):
            require_same_brain(was, columns(*others))
    with pytest.raises(Refused, match=r"areas\.V1\.projections is \{\} in the checkpoint"):
        require_same_brain(was, columns("E", "PV", "SST", projections={"drive": {}}))


def test_moments_of_synapses_that_were_frozen_are_not_taken_for_those_of_others() -> None:
    was = {"hyper_parameters": columns("E", plastic={"drive": False, "error": True})}
    require_same_frozen(was, columns("E", plastic={"drive": False}))
    require_same_frozen({"hyper_parameters": {}}, columns("E", plastic={"drive": False}))
    said = r"areas\.V1\.plastic freezes error, and froze drive as the optimizer began to remember"
    with pytest.raises(Refused, match=said):
        require_same_frozen(was, columns("E", plastic={"error": False}))
    with pytest.raises(Refused, match="freezes nothing, and froze drive"):
        require_same_frozen(was, columns("E"))
