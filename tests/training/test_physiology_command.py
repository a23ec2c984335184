"""The command `physiology`, from a checkpoint to the page."""

import csv
from pathlib import Path

import pytest
import torch

from brainmodel.cli import main
from brainmodel.command_line.exposures import of_last_stage
from brainmodel.physiology import phenomena
from brainmodel.physiology.phenomena import Phenomenon
from brainmodel.probing import Trained
from tests.training.runs import fit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step of a brain with an eye of 8 pixels and feedback."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as moved:
        moved.chdir(folder)
        return folder / fit("--trainer.max_steps=1") / "checkpoints" / "last.ckpt"


@pytest.mark.slow
def test_a_page_a_table_and_a_figure_are_written(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("few.yaml").write_text(
        "phenomena: {size: {class_path: brainmodel.physiology.phenomena.SizeTuning,"
        " init_args: {cycles: [3]}},\n"
        "  move: {class_path: brainmodel.physiology.phenomena.DirectionSelectivity,"
        " init_args: {cycles: [2]}}}\n"
        "perturb: {of: {mute: {class_path: brainmodel.perturbation.Silence,"
        " init_args: {what: V1}}}}\n"
    )
    main(["physiology", "--config", "few.yaml", f"--ckpt_path={checkpoint}", "--out=found"])
    assert {path.name for path in Path("found").iterdir()} == {
        "physiology.html",
        "physiology.csv",
        "size.png",
        "move.png",
    }
    with Path("found/physiology.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["phenomenon"] for row in rows} <= {"size", "move"} and rows
    page = Path("found/physiology.html").read_text()
    for words in ("Surround suppression", "Direction selectivity", "Nassi", "1 trained and 1"):
        assert words in page
    told = capsys.readouterr().out
    assert "1 trained and 1 untrained" in told and "perturb: is left to training" in told


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "ckpt_path: is missing"),
        (["--untrained=0"], "untrained: need 1 seed or more, got 0"),
        (["--phenomena.size=nowhere.Class"], "nowhere"),
        (["--colour=3"], "colour"),
        (
            ["--phenomena.illusory=brainmodel.physiology.phenomena.IllusoryContours"],
            "phenomena.illusory: its stimuli need an eye of 24 pixels or more",
        ),
        (
            ["--phenomena.due=brainmodel.physiology.phenomena.ViolatedSequences"],
            "learnt from Photographs, in which nothing is due; train it on GratingSequences or",
        ),
        (
            [
                "--analyses.x=brainmodel.probing.analyses.Expectation",
                "--analyses.x.expected=[A]",
                "--analyses.x.unexpected=[B]",
            ],
            "learnt from Photographs, in which nothing is due; train it on GratingSequences or",
        ),
        (
            ["--phenomena.size=brainmodel.physiology.phenomena.SizeTuning"],
            "phenomena.size: cycles: an eye of 8 pixels shows 4 cycles per frame width at most",
        ),
        (
            ["--phenomena.own=brainmodel.physiology.phenomena.MismatchOfOwnMovement"],
            "phenomena.own: this brain has no input 'motion', the efference copy of how its eye",
        ),
        (["--events=1"], "events: need 2 or more of each sequence, got 1"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    options: list[str], sentence: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("few.yaml").write_text("phenomena: {omit: brainmodel.physiology.phenomena.MissingFlash}\n")
    given = [f"--ckpt_path={checkpoint}"] if options else []
    with pytest.raises(SystemExit) as left:
        main(["physiology", "--config=few.yaml", *given, *options])
    said = capsys.readouterr().err
    assert left.value.code == 2 and sentence in said and len(said.splitlines()) == 1
    assert not Path("runs").exists()


def test_a_brain_that_is_there_twice_is_refused(
    checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("few.yaml").write_text("phenomena: {omit: brainmodel.physiology.phenomena.MissingFlash}\n")
    with pytest.raises(SystemExit):
        main(["physiology", "--config=few.yaml", *[f"--ckpt_path={checkpoint}"] * 2])
    assert "has the weights of" in capsys.readouterr().err


def test_phenomena_are_of_the_last_stage_of_each_brain() -> None:
    brains = [torch.nn.Linear(1, 1) for _ in range(5)]
    stages = [("a", 1, 0), ("b", 2, 0), ("c", 2, 1), ("d", 1, 1), ("e", 1, None)]
    told = [
        Trained(name, stage, brain, seed)  # type: ignore[arg-type]
        for (name, stage, seed), brain in zip(stages, brains, strict=True)
    ]
    assert [own.instance for own in of_last_stage(told)] == ["b", "c", "e"]


def test_the_battery_holds_all_phenomena_that_any_brain_can_be_asked_for() -> None:
    from brainmodel.command_line.config_files import read_config

    named = set(read_config("physiology/battery")["phenomena"].values())
    kinds = [v for v in vars(phenomena).values() if isinstance(v, type)]
    here = {
        k.__name__
        for k in kinds
        if issubclass(k, Phenomenon)
        and k is not Phenomenon
        and not (k.needs_exposure or k.needs_motion)
    }
    assert named == {f"brainmodel.physiology.phenomena.{name}" for name in here}
