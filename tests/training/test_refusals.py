"""Wrong configurations: one sentence with field, value and remedy, status 2, nothing written."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from brainmodel.cli import main
from tests.training.runs import TINY, fit

DRY = ("--trainer.fast_dev_run=1",)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one sentence with which a command line is refused."""
    before = sorted(Path.cwd().rglob("*"))
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(words)
    said = capsys.readouterr()
    assert left.value.code == 2
    assert said.err.startswith("brainmodel: ")
    assert said.err.count("\n") == 1, "more than one line"
    assert "Traceback" not in said.err
    assert sorted(Path.cwd().rglob("*")) == before, "something was written"
    return said.err.removeprefix("brainmodel: ").rstrip("\n")


WRONG_OPTIONS = {
    "--model.areas.V1.kernel=x": ("model.areas.V1.kernel", "a whole number", "'x'"),
    "--model.areas.V1.kernel=4": ("areas.V1", "kernel", "odd", "4"),
    "--model.areas.V1.units=[8,16]": ("areas.V1", "units", "[8, 16]"),
    "--model.areas.V1.units=[8,7,7]": ("pathways.eye_V1", "pooling", "(8, 7, 7)"),
    "--model.areas.V1.cell=Foo": ("areas.V1.cell", "'Foo'", "areas.GRU"),
    "--model.areas.V1.cell=areas.Foo": ("areas.V1.cell", "'Foo'", "areas.GRU"),
    "--model.areas.V1.cell.alpha=3": ("areas.V1.cell", "SubLSTM", "'alpha'"),
    "--model.areas.V1.afferents=[rate]": ("areas.V1.afferents", "'drive', 'error'", "rate"),
    "--model.areas.PM.rule=GatedMicrocircuit": ("areas.PM", "SubLSTM", "LSTM", "use EProp"),
    "--model.areas.PM.objectives.next=objectives.No": ("areas.PM.objectives", "'No'"),
    "--model.areas.PM.objectives.next=objectives.Poisson": ("PM", "Poisson", "softplus"),
    "--model.areas.PM.objectives.a={class_path: CrossEntropy, init_args: {label: b, classes: 3}}": (
        "areas.PM.objectives.a: CrossEntropy",
        "'b'",
        "motion, photograph, saccade",
    ),
    "--model.areas.PM.weights.next=-1": ("areas.PM", "weights.next", "0 or more", "-1"),
    "--model.areas.PM.weights.nxt=1": ("areas.PM", "weights.nxt", "there are next"),
    "--model.areas.PM.modulator=Reward": ("areas.PM", "modulator", "'reward'", "eye"),
    "--model.areas.PM.learning_rate=-1": ("areas.PM.learning_rate", "above 0", "-1"),
    "--model.pathways.V1_PM.kind=sideways": ("pathways.V1_PM.kind", "'feedback'", "'sideways'"),
    "--model.pathways.eye_V1.source=ear": ("pathways.eye_V1.source", "'ear'", "eye"),
    "--model.pathways.V1_PM.target=MT": ("pathways.V1_PM.target", "'MT'", "V1, PM"),
    "--model.pathways.PM_V1.delay=0": ("pathways", "PM -> V1", "delay: 1"),
    "--model.pathways.PM_V1.delay=-1": ("pathways.PM_V1.delay", "0 or more", "-1"),
    "--model.scope=Sideways": ("model.scope", "'Sideways'", "scopes.Local"),
    "--model.lerning_rate=3": ("model.lerning_rate", "did you mean model.learning_rate"),
    "--model.learning_rate=none": ("model.learning_rate", "a number", "'none'"),
    "--model.learning_rate=0": ("model.learning_rate", "above 0", "0"),
    "--model.learning_rates.foo=1": ("learning_rates.foo", "predictor", "V1.predictor"),
    "--model.optimizer=torch.optim.Adamm": ("model.optimizer", "'Adamm'", "torch.optim.Adam"),
    "--model.final=0": ("model.final", "(0, 1]", "0"),
    "--data.size=x": ("data.size", "a whole number", "'x'"),
    "--data.size=-1": ("data", "size", "-1"),
    "--data.batch_size=0": ("data", "batch_size", "0", "at least 1"),
    "--data.sise=3": ("data", "Photographs", "'sise'"),
    "--data=brainmodel.data.Foo": ("data", "'Foo' in brainmodel.data", "data.Photographs"),
    "--trainer.callbacks+=brainmodel.training.callbacks.Foo": (
        "trainer.callbacks",
        "'Foo' in brainmodel.training.callbacks",
        "such as brainmodel.training.callbacks.SynapticScaling",
    ),
    "--trainer.callbacks+=brainmodel.training.callbacks.Monitr": (
        "trainer.callbacks",
        "'Monitr' in brainmodel.training.callbacks",
        "did you mean brainmodel.training.callbacks.Monitor?",
    ),
    "--data=MyData": ("data", "'MyData'", "brainmodel.data.Photographs"),
    "--trainer.max_stps=3": ("trainer.max_stps", "did you mean trainer.max_steps"),
    "--trainer.max_epochs=many": ("trainer.max_epochs", "a whole number", "'many'"),
    "--trainer.max_epo=1": ("trainer.max_epo", "did you mean trainer.max_epochs"),  # no short forms
    "--trainer.accelerator=tpuu": ("accelerator", "tpuu", "cpu"),
    "--alignment.every_n_steps=-1": ("alignment.every_n_steps", "0 or more", "-1"),
    "--seed_everything=x": ("seed_everything", "a whole number", "'x'"),
    "--report.scenes=-1": ("report.scenes", "0 or more", "-1"),
    "--ckpt_path=nowhere.ckpt": ("ckpt_path", "'nowhere.ckpt'", "give the path"),
}


@pytest.mark.sampled(12)
@pytest.mark.parametrize("option", WRONG_OPTIONS)
def test_a_wrong_option_is_refused_in_one_sentence(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(capsys, "fit", "--config", TINY, option)
    for part in WRONG_OPTIONS[option]:
        assert part in sentence, sentence


WRONG_FILES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "misspelt": ({"model": {"areas": {"V1": {"kernal": 3}}}}, ("areas.V1", "mean kernel")),
    "unknown section": ({"modell": {}}, ("modell", "did you mean model")),
    "unknown option": ({"trainer": {"max_stps": 3}}, ("max_stps", "trainer.max_steps")),
    "no cell": (
        {"model": {"areas": {"MT": {"units": [4], "rule": "brainmodel.learning.EProp"}}}},
        ("model.areas.MT.cell", "missing"),
    ),
    "no source": ({"model": {"pathways": {"x": {"target": "V1"}}}}, ("pathways.x.source",)),
    "list of areas": ({"model": {"areas": ["V1"]}}, ("model.areas", "mapping", "['V1']")),
    "number for an area": ({"model": {"areas": {"V1": 3}}}, ("model.areas.V1", "got 3")),
    "number for the trainer": ({"trainer": 3}, ("trainer", "got 3")),
    "area gone, pathway left": ({"model": {"areas": {"PM": None}}}, ("pathways.V1_PM", "'PM'")),
    "no drive": ({"model": {"pathways": {"eye_V1": None}}}, ("areas.V1", "no drive")),
    "no data": ({"data": None}, ("data", "missing")),
    "no module": ({"data": {"class_path": "nowhere.Data"}}, ("data", "'nowhere'")),
    "cell out of range": (
        {
            "model": {
                "areas": {"PM": {"cell": {"class_path": "areas.Leaky", "init_args": {"alpha": 3}}}}
            }
        },
        ("areas.PM", "alpha", "3"),
    ),
    "one stream for a contrast": (
        {
            "model": {
                "groups": {
                    "agree": {
                        "class_path": "objectives.VICReg",
                        "init_args": {"areas": ["V1", "PM"]},
                    }
                }
            },
            "data": {"init_args": {"batch_size": 1}},
        },
        ("groups.agree", "VICReg", "2 streams", "got 1", "data.batch_size"),
    ),
    "a shared objective of nobody": (
        {
            "model": {
                "groups": {
                    "agree": {
                        "class_path": "objectives.VICReg",
                        "init_args": {"areas": ["V1", "MT"]},
                    }
                }
            },
        },
        ("groups.agree", "'MT'", "V1, PM"),
    ),
    "nothing to learn for": (
        {"model": {"areas": {name: {"objectives": {"next": None}} for name in ("V1", "PM")}}},
        ("areas: none has an objective", "{next: objectives.SquaredError}"),
    ),
    "extends itself": ({"extends": "wrong"}, ("wrong.yaml", "extends itself")),
    "extends nothing": ({"extends": "nothing"}, ("'nothing'", "quick")),
    "not a mapping": (["fit"], ("wrong.yaml", "a config is a mapping", "list")),
    "part of a brain": ({"class_path": "areas.GRU"}, ("one part", "--model.areas.V1.cell")),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_is_refused_in_one_sentence(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content, parts = WRONG_FILES[name]
    Path("wrong.yaml").write_text(yaml.safe_dump(content))
    sentence = refused(capsys, "fit", "--config", TINY, "--config", "wrong.yaml")
    for part in parts:
        assert part in sentence, sentence


def test_the_same_command_lines_without_a_mistake_are_accepted() -> None:
    Path("right.yaml").write_text(yaml.safe_dump({"model": {"areas": {"V1": {"kernel": 5}}}}))
    main(["fit", "--config", TINY, "--config", "right.yaml", "--data.size=16", *DRY])


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["fitt"], ("'fitt'", "fit")),
        (["fit"], ("--config default",)),
        (["fit", "--config"], ("--config", "default")),
        (["fit", "--config", "nowhere"], ("'nowhere'", "quick")),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(
    words: list[str], parts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(capsys, *words)
    for part in parts:
        assert part in sentence, sentence


def test_files_that_are_not_what_they_should_be_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("tab.yaml").write_text("model:\n\tareas: 3\n")
    assert "tab.yaml, line 2" in refused(capsys, "fit", "--config", "tab.yaml")
    Path("picture.yaml").write_bytes(bytes(range(256)))
    assert "picture.yaml" in refused(capsys, "fit", "--config", "picture.yaml")
    Path("some.ckpt").write_text("some")
    said = refused(capsys, "fit", "--config", TINY, "--ckpt_path=some.ckpt")
    assert "some.ckpt is not a checkpoint" in said


def test_a_checkpoint_that_does_not_fit_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    begun = str(fit("--trainer.max_epochs=1") / "checkpoints" / "last.ckpt")
    quiet = "--trainer.logger=false"
    wrong = {
        "--model.areas.PM.units=[7]": ("areas.V1.synapses.PM_V1", "[16, 6, 1, 1]", "[16, 7"),
        "--model.areas.PM.objectives.next=objectives.Gaussian": ("PM.next", "has no"),
        "--data.batch_size=3": ("data.batch_size", "2 streams", "has 3", "resume with"),
    }
    for option, parts in wrong.items():
        words = ("fit", "--config", TINY, quiet, f"--ckpt_path={begun}", option)
        sentence = refused(capsys, *words, "--trainer.max_epochs=2")
        for part in parts:
            assert part in sentence, sentence
    content = torch.load(begun, weights_only=True)
    torch.save(content | {"streams": content["streams"] * 2}, "two.ckpt")
    said = refused(capsys, "fit", "--config", TINY, quiet, "--ckpt_path=two.ckpt")
    assert "streams of 2 processes" in said


def test_an_earlier_run_is_never_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    first = fit("--trainer.max_epochs=1")
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    second = fit("--trainer.max_epochs=1", "--seed_everything=1")
    assert first.name == "version_0" and second.name == "version_1"
    refused_again = refused(
        capsys, "fit", "--config", TINY, "--trainer.logger.name=run", "--trainer.logger.version=0"
    )
    assert "runs/run/version_0" in refused_again
    assert {path: path.read_bytes() for path in first.rglob("*") if path.is_file()} == before
