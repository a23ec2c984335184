"""Old names of classes are refused with the new one, and rewritten by `migrate`."""

import subprocess
import sys
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import torch
import yaml
from pytorch_lightning import Callback, LightningDataModule

from brainmodel import CONFIGS
from brainmodel.cli import main
from brainmodel.errors import Refused
from brainmodel.moved_names import PACKAGES, RENAMED, listed, new_name
from brainmodel.old_names import old_names, renamed
from brainmodel.training import BrainModule
from tests.training.runs import TINY, checkpoint, fit, saved
from tests.training.test_refusals import refused

ROOT = Path(__file__).parents[2]
OLD = Path(__file__).with_name("old_names.txt").read_text().split()
"""All paths by which a config could name a class before the moves (commit e4b3241): as packages
listed them, and as files held them."""


def test_a_name_that_a_config_could_hold_is_still_there_or_leads_to_the_new_one() -> None:
    for old in OLD:
        new = new_name(old) or old
        package, _, name = new.rpartition(".")
        assert new in listed(), f"{old} -> {new}"
        kind = getattr(import_module(package), name)
        assert isinstance(kind, type), old
        assert kind.__name__ == name and (old in RENAMED or name == old.rpartition(".")[2])


def test_the_old_names_are_those_of_many_rooms_and_some_moved() -> None:
    moved = [old for old in OLD if new_name(old)]
    assert len(OLD) > 250 and 0 < len(moved) < len(OLD)
    assert {path.partition(".")[0] for path in moved} == {"areas", "objectives", "brainmodel"}


def test_the_configs_that_come_along_hold_no_old_name() -> None:
    for path in CONFIGS.rglob("*.yaml"):
        assert not old_names(yaml.safe_load(path.read_text())), path


def test_what_a_package_lists_is_there_and_refused_by_the_name_of_its_file() -> None:
    for path, file in listed().items():
        package, _, name = path.rpartition(".")
        assert getattr(import_module(package), name) is getattr(import_module(file), name)
        assert new_name(path) is None
        by_file = f"{file}.{name}"
        assert by_file in listed() or listed()[str(new_name(by_file))] == file, path


def below(kind: type) -> set[type]:
    """All subclasses of a class that are loaded."""
    return {kind}.union(*map(below, kind.__subclasses__()))


def test_every_class_that_keeps_a_contract_is_listed_by_a_package() -> None:
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        import_module(".".join(parts).removesuffix(".__init__"))
    known = {getattr(import_module(p.rpartition(".")[0]), p.rpartition(".")[2]) for p in listed()}
    contracts = {kind for kind in known if isabstract(kind)} | {Callback, LightningDataModule}
    contracts = {kind for kind in contracts if kind.__name__ != "Comparison"}  # metrics make them
    keeping = {kind for contract in contracts for kind in below(contract) if not isabstract(kind)}
    ours = {kind for kind in keeping if kind.__module__.partition(".")[0] in PACKAGES}
    assert len(ours) > 100
    made = {"ObjectiveOfSeeds", "GroupObjectiveOfSeeds"}  # by `together`; no config names them
    own = {"SaveConfig", "RightTerms"}  # of the command line, which adds them by itself
    assert {kind.__name__ for kind in ours - known} == own | made


WRONG: dict[str, Any] = {
    "model.scope": {"model": {"scope": "brainmodel.learning.Local"}},
    "model.areas.V1.cell": {
        "model": {"areas": {"V1": {"cell": {"class_path": "areas.lstm.LSTM"}}}}
    },
    "model.pathways.V1_PM.adapters.0": {
        "model": {"pathways": {"V1_PM": {"adapters": ["brainmodel.pathway.Pool"]}}}
    },
    "trainer.callbacks.0": {
        "trainer": {"callbacks": [{"class_path": "brainmodel.training.monitor.Monitor"}]}
    },
    "metrics.rsa": {"metrics": {"rsa": "brainmodel.probing.rsa.RSA"}},
}


def deepest(content: Any) -> str:
    """The only text in a config."""
    while not isinstance(content, str):
        content = content[0] if isinstance(content, list) else next(iter(content.values()))
    return content


@pytest.mark.parametrize("field", WRONG)
@pytest.mark.parametrize("command", ["fit", "probe"])
def test_an_old_name_in_a_file_is_refused_with_field_old_and_new_name(
    field: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("base.yaml").write_text(yaml.safe_dump(WRONG[field]))
    Path("mine.yaml").write_text("extends: base.yaml\n")
    sentence = refused(capsys, command, "--config", TINY, "--config", "mine.yaml")
    old = deepest(WRONG[field])
    for part in (field, old, f"called {new_name(old)} now", "brainmodel migrate", "base.yaml"):
        assert part in sentence, sentence


@pytest.mark.parametrize(
    "words",
    [
        ("--model.scope=brainmodel.learning.Local",),
        ("--model.scope", "brainmodel.learning.Local"),
        ("--model.scope.class_path", "brainmodel.learning.Local"),
        ("--model.scope={class_path: brainmodel.learning.Local}",),
    ],
)
def test_an_old_name_in_an_option_is_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(capsys, "fit", "--config", TINY, *words)
    assert sentence == (
        "model.scope: brainmodel.learning.Local is called brainmodel.scopes.Local now; give that, "
        "or run `brainmodel migrate FILE`"
    )


def test_an_old_name_in_the_file_of_a_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cell.yaml").write_text("class_path: areas.lstm.LSTM\n")
    sentence = refused(capsys, "fit", "--config", TINY, "--model.areas.V1.cell=cell.yaml")
    assert sentence.startswith("cell.yaml: areas.lstm.LSTM is called areas.LSTM now")
    assert "brainmodel migrate cell.yaml" in sentence


def test_old_names_are_refused_before_torch_is_there() -> None:
    Path("mine.yaml").write_text(yaml.safe_dump(WRONG["model.scope"]))
    code = (
        "import sys; from brainmodel.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('torch' in sys.modules)"
    )
    for words in (["fit", "--config", "mine.yaml"], ["migrate", "mine.yaml"]):
        command = [sys.executable, "-c", code, *words]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
        )
        assert ran.stdout.endswith("False\n"), ran
    assert yaml.safe_load(Path("mine.yaml").read_text()) == {
        "model": {"scope": "brainmodel.scopes.Local"}
    }


ADJACENT = {
    "class_path": "brainmodel.scopes.Adjacent",
    "init_args": {"feedback": "areas.RandomFeedback"},
}


@pytest.mark.parametrize(
    "option",
    [
        "--model.scope.way_back=areas.RandomFeedback",
        "--model.scope.init_args.way_back",
        "--model.scope={class_path: brainmodel.scopes.Adjacent, init_args: {way_back: null}}",
    ],
)
def test_an_option_that_is_called_otherwise_now_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(capsys, "fit", "--config", TINY, option, "null")
    assert sentence.startswith("model.scope.way_back: way_back is called feedback now"), sentence


@pytest.mark.parametrize("part", [False, True])
def test_migrate_renames_options_of_the_scope(
    part: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    old = "class_path: brainmodel.learning.Adjacent\ninit_args:\n  way_back:\n"
    old += "    class_path: brainmodel.learning.way_back.FixedRandom\n"
    if not part:
        old = "model:\n  scope:\n" + indent(old, "    ")
    Path("mine.yaml").write_text(old)
    words = ("--model.scope=mine.yaml",) if part else ("--config=mine.yaml",)
    field = "" if part else "model.scope"
    assert "called brainmodel.scopes.Adjacent now" in refused(capsys, "fit", "-c", TINY, *words)
    assert f"{field}.way_back".strip(".") in old_names(yaml.safe_load(old))
    main(["migrate", "mine.yaml"])
    content = yaml.safe_load(Path("mine.yaml").read_text())
    scope = content if part else content["model"]["scope"]
    assert scope["init_args"] == {"feedback": {"class_path": "areas.RandomFeedback"}}
    main(["fit", "--config", TINY, *words, "--trainer.fast_dev_run=1"])


def test_the_option_of_a_part_that_is_not_ours_keeps_its_name() -> None:
    mine = {
        "model": {
            "areas": {"V1": {"rule": {"class_path": "my.Rule", "init_args": {"way_back": 1}}}}
        }
    }
    assert not old_names(mine) and renamed(mine) == mine


MINE = """\
# what I tried last
model:
  scope:   brainmodel.learning.Local  # not "brainmodel.learning.end_to_end.Global"
  areas:
    V1: {cell: "areas.lstm.LSTM", rule: brainmodel.learning.EProp}\r
    # cell: areas.gru.GRU
trainer:
  logger: {class_path: brainmodel.training.RunFolder, init_args: {save_dir: a/areas.lstm.LSTM}}
"""


def test_migrate_rewrites_names_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    mine = Path("mine.yaml")
    mine.write_bytes(MINE.encode())
    mine.chmod(0o640)
    main(["migrate", "mine.yaml"])
    expected = (
        MINE.replace("brainmodel.learning.Local", "brainmodel.scopes.Local")
        .replace("brainmodel.learning.end_to_end.Global", "brainmodel.scopes.Global")
        .replace('"areas.lstm.LSTM"', '"areas.LSTM"')
        .replace("areas.gru.GRU", "areas.GRU")
    )
    assert mine.read_bytes() == expected.encode()
    assert Path("mine.yaml.bak").read_bytes() == MINE.encode()
    assert mine.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["mine.yaml", "mine.yaml.bak"]
    assert capsys.readouterr().out.splitlines() == [
        "mine.yaml: rewritten, and kept as it was in mine.yaml.bak",
        "  line 3: brainmodel.learning.Local -> brainmodel.scopes.Local",
        "  line 3: brainmodel.learning.end_to_end.Global -> brainmodel.scopes.Global",
        "  line 5: areas.lstm.LSTM -> areas.LSTM",
        "  line 6: areas.gru.GRU -> areas.GRU",
    ]


def test_migrate_leaves_a_file_without_old_names_and_never_writes_over_what_it_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine, kept = Path("mine.yaml"), Path("mine.yaml.bak")
    mine.write_text("model: {scope: brainmodel.scopes.Local}\n")
    before = mine.stat().st_mtime_ns
    main(["migrate", "mine.yaml"])
    assert capsys.readouterr().out == "mine.yaml: no old names\n"
    assert mine.stat().st_mtime_ns == before and not kept.exists()
    for _ in range(2):
        mine.write_text("model: {scope: brainmodel.learning.Local}\n")
        kept.write_text("of another time")
        main(["migrate", "mine.yaml"])
    assert kept.read_text() == "of another time"
    assert len(list(Path.cwd().glob("mine.yaml.bak*"))) == 3


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "there is no file"),
        ("- areas.lstm.LSTM\n", "a config is a mapping"),
        ("model: [areas.lstm.LSTM\n", "not a yaml file"),
        ('scope: "areas.lst\\x6d.LSTM"\n', "rename it by hand"),
    ],
)
def test_migrate_refuses_what_is_no_config_and_rewrites_nothing(
    content: str | None, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("good.yaml").write_text("model: {scope: brainmodel.learning.Local}\n")
    if content is not None:
        Path("bad.yaml").write_text(content)
    assert part in refused(capsys, "migrate", "good.yaml", "bad.yaml")
    assert "brainmodel.learning.Local" in Path("good.yaml").read_text()


@pytest.mark.parametrize("words", [(), ("--all",)])
def test_migrate_takes_files(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert "takes files only" in refused(capsys, "migrate", *words)


OLD_SCOPE = {
    "class_path": "brainmodel.learning.Adjacent",
    "init_args": {"way_back": "brainmodel.learning.way_back.FixedRandom"},
}


def old_checkpoint() -> Path:
    """A checkpoint as it was before the moves."""
    run = fit("--trainer.max_steps=2", config={"model": {"scope": ADJACENT}})
    content = saved(run)

    def before(plain: Any) -> Any:
        if isinstance(plain, dict):
            kept = {key: before(value) for key, value in plain.items() if key != "scope"}
            return kept | ({"scope": OLD_SCOPE} if "scope" in plain else {})
        if isinstance(plain, list):
            return [before(value) for value in plain]
        if not isinstance(plain, str):
            return plain
        return plain.replace("brainmodel.wiring.state:", "brainmodel.state:")

    for key in ("hyper_parameters", "streams"):
        content[key] = before(content[key])
    assert "scope" in content["hyper_parameters"]
    content["state_dict"] = {
        name.replace("scope.feedback.groups.", "scope.way_back.copies."): value
        for name, value in content["state_dict"].items()
    }
    assert any("way_back" in name for name in content["state_dict"])
    torch.save(content, "old.ckpt")
    return checkpoint(run)


@pytest.mark.slow
def test_a_checkpoint_with_an_old_name_is_refused_and_migrated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    new = old_checkpoint()
    sentence = (
        "ckpt_path: old.ckpt: model.scope: brainmodel.learning.Adjacent is called "
        "brainmodel.scopes.Adjacent now; give that, or run `brainmodel migrate old.ckpt`"
    )
    with pytest.raises(Refused) as raised:
        BrainModule.load_from_checkpoint("old.ckpt")
    assert str(raised.value) == sentence
    quiet = ("--config", TINY, f"--model.scope={ADJACENT}", "--ckpt_path=old.ckpt")
    assert refused(capsys, "validate", *quiet) == sentence
    assert refused(capsys, "fit", *quiet, "--trainer.logger=false") == sentence
    main(["migrate", "old.ckpt"])
    printed = capsys.readouterr().out
    assert "streams: left out, they begin anew" in printed
    assert "weights: brain.scope.way_back.copies.V1" in printed
    module, other = map(BrainModule.load_from_checkpoint, ("old.ckpt", new))
    for name, value in module.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    main(["fit", *quiet, "--trainer.max_epochs=3", "--trainer.logger=false"])
    main(["migrate", str(new)])
    assert capsys.readouterr().out.endswith("last.ckpt: no old names\n")


def test_a_probed_checkpoint_with_an_old_name_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    old_checkpoint()
    from brainmodel.command_line.probed_brains import brains

    with pytest.raises(Refused, match="is called brainmodel.scopes.Adjacent now"):
        brains(["old.ckpt"], 2)
