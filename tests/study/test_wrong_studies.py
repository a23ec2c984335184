"""Wrong studies: one sentence each, before anything runs and before anything is written."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from brainmodel.command_line.config_files import merge
from brainmodel.study.plan import read_plan
from tests.study.test_study import SMALL, study
from tests.training.test_refusals import refused

RULES = ["brainmodel.learning.BPTT"]
WRONG: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown key": (
        {"factors": {"rule": {"key": "model.areas.PFC.rul", "levels": RULES}}},
        ("factors, rule BPTT", "rul"),
    ),
    "unknown option": (
        {"factors": {"rule": {"key": "model.lerning_rate", "levels": [0.1]}}},
        ("factors, rule 0.1", "model.lerning_rate", "did you mean model.learning_rate"),
    ),
    "unknown class": (
        {"factors": {"rule": {"key": "model.areas.PFC.rule", "levels": ["brainmodel.learning.B"]}}},
        ("factors, rule B: ", "there is no 'B'"),
    ),
    "no levels": (
        {"factors": {"rule": {"key": "model.areas.PFC.rule", "levels": []}}},
        ("factors.rule: has no levels",),
    ),
    "no key": ({"factors": {"rule": {"levels": RULES}}}, ("factors.rule", "add a key")),
    "levels alike": (
        {"factors": {"rule": {"key": "model.areas.PFC.rule", "levels": ["a.B", "c.B"]}}},
        ("factors.rule", "two levels of one name", "B, B"),
    ),
    "a taken name": (
        {"factors": {"score": {"key": "model.learning_rate", "levels": [0.1]}}},
        ("factors.score", "a column 'score' already"),
    ),
    "no factors": ({"factors": {}}, ("factors: need one or more",)),
    "unknown level": (
        {"factors": {"task": {"levels": {"one": "tasks/nothing"}}}},
        ("there is no file 'tasks/nothing'",),
    ),
    "no seeds": ({"seeds": []}, ("seeds: need whole numbers", "[]")),
    "a seed twice": ({"seeds": [1, 1]}, ("seeds", "each once", "[1, 1]")),
    "no base": ({"base": None}, ("base: need the name of a config",)),
    "wrong base": ({"base": "nothing"}, ("there is no file 'nothing'",)),
    "no measures": ({"measures": {}}, ("measures: need one or more",)),
    "unknown measure": (
        {"measures": {"accuracy": "held_out_terms/PFC.party.accuracy"}},
        ("measures.accuracy: nothing measures held_out_terms/PFC.party.accuracy", "PFC.parity"),
    ),
    "what is made small": (
        {
            "base": "tasks/centre_out_reaching_closed",
            "changes": {
                "model": {"areas": {"PFC": None}},
                "data": {"init_args": {"batch_size": 2}},
            },
            "factors": {"rate": {"key": "model.learning_rate", "levels": [0.1]}},
            "measures": {"miss": "held_out_terms/M1.reach.miss"},
        },
        ("measures.miss: lower is better, as M1.reach makes it small; give {of:", "lower}"),
    ),
    "better": ({"measures": {"a": {"of": "x", "better": "much"}}}, ("measures.a", "much")),
    "section": ({"factor": {}}, ("there is no section factor",)),
    "tuning seed": (
        {"tune": {"grid": {"model.learning_rate": [0.1]}, "seed": 1}},
        ("tune.seed: 1 is among the seeds",),
    ),
    "tuning without end": (
        {"tune": {"grid": {"model.learning_rate": []}, "seed": 9}},
        ("tune.grid.model.learning_rate: need a list",),
    ),
    "tuned by": (
        {"tune": {"grid": {"model.learning_rate": [0.1]}, "seed": 9, "by": "luck"}},
        ("tune.by", "'luck'", "accuracy"),
    ),
    "two factors of one option": (
        {
            "factors": {
                name: {"key": "model.learning_rate", "levels": levels}
                for name, levels in (("one", [0.1, 0.2]), ("other", [0.3, 0.4]))
            }
        },
        ("factors, one 0.2, other 0.3: is the same training as one 0.1, other 0.3: another",),
    ),
    "a factor that the grid replaces": (
        {
            "factors": {"rate": {"key": "model.learning_rate", "levels": [0.1, 0.2]}},
            "tune": {"grid": {"model.learning_rate": [0.3]}, "seed": 9},
        },
        ("factors, rate 0.2: is the same training as rate 0.1", "or tune.grid, sets the same"),
    ),
    "levels of one content": (
        {"factors": {"rate": {"levels": {"as it is": {}, "other": {"model": {"final": 1.0}}}}}},
        ("factors, rate other: is the same training as rate as it is",),
    ),
    "a point twice": (
        {"tune": {"grid": {"model.learning_rate": [0.1, 0.1]}, "seed": 9}},
        ("tune.grid: point 1 is the same training as a point before it",),
    ),
    "seeds as a factor": (
        {"factors": {"seeds": {"key": "data.init_args.seed", "levels": [0, 1]}}},
        ("factors, seeds 0: data.seed: is 0 in every cell", "give seeds: [0]"),
    ),
    "no end": ({"changes": {"trainer": {"max_steps": -1}}}, ("trainer.max_steps: is not given",)),
}


def wrong_config(changes: dict[str, Any]) -> str:
    """The small study with sections replaced, but for changes, which are merged."""
    content = yaml.safe_load(Path(SMALL).read_text())
    laid = changes | {"changes": merge(content["changes"], changes.get("changes", {}))}
    Path("wrong.yaml").write_text(yaml.safe_dump(content | laid))
    return "wrong.yaml"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_study_is_refused_in_one_sentence(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, words = WRONG[name]
    path = wrong_config(changes)
    sentence = refused(capsys, "study", f"--config={path}", "--out=out")
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out=out", "--workers=-1"], ("workers: need 0 or more, got -1",)),
        (["--out=out", "--workers=two"], ("workers", "two")),
        (["--out=out", "--stale_after=0.1"], ("stale_after: need 2 or more",)),
        (["--out=out", "--seeds=[a]"], ("seeds", "a")),
        (["--out=out", "--worker=2"], ("factors", "there is no option worker")),
        (["--out=out", "--seed_everything=3"], ("seed_everything: is 3 in every cell",)),
        (["--out=out", "--data.seed=0"], ("data.seed: is 0 in every cell", "give seeds: [0]")),
        (["--out=out", "--storage=nowhere://x"], ("storage: nowhere://x cannot be opened",)),
        ([], ("out: is missing",)),
    ],
)
def test_a_wrong_option_is_refused_in_one_sentence(
    options: list[str], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(capsys, "study", f"--config={SMALL}", *options)
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(("module", "option"), [("optuna", "workers"), ("submitit", "slurm")])
def test_a_missing_extra_is_told(
    module: str, option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    sentence = refused(capsys, "study", f"--config={SMALL}", "--out=out", f"--{option}=1")
    extra = {"optuna": "sweeps", "submitit": "clusters"}[module]
    assert module in sentence and f"pip install 'brainmodel[{extra}]'" in sentence


def test_without_slurm_jobs_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    told = refused(capsys, "study", f"--config={SMALL}", "--out=out", "--slurm=1")
    assert "there is no sbatch here" in told


def test_the_folder_or_storage_of_another_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").mkdir()
    Path("taken", "thesis.tex").write_text("mine")
    told = refused(capsys, "study", f"--config={SMALL}", "--out=taken")
    assert "taken holds something else than a study" in told
    told = refused(capsys, "study", f"--config={SMALL}", "--out=taken/thesis.tex")
    assert "is a file" in told
    study("--workers=0")
    study("--workers=0")  # the control: the same again
    told = refused(capsys, "study", f"--config={SMALL}", "--out=out", "--trainer.max_steps=9")
    assert "holds results of other settings, which are not mixed" in told
    assert "give another --out" in told
    study("--workers=0", "--storage=sqlite:///all.db", out="one")
    study("--workers=0", "--storage=sqlite:///all.db", out="two")  # the control
    words = ["--out=one", "--storage=sqlite:///all.db", "--seeds=[5]"]
    assert "other settings" in refused(capsys, "study", f"--config={SMALL}", *words)


def test_levels_are_values_of_a_key_partial_configs_or_names_of_configs() -> None:
    plan = read_plan(
        {
            "base": ["trials"],
            "factors": {
                "rate": {"key": "model.learning_rate", "levels": [0.1, 0.01]},
                "rule": {"key": "model.areas.PFC.rule", "levels": {"a": {"class_path": "x.Y"}}},
                "task": {"levels": {"add": "tasks/add", "both": ["tasks/copy", {"data": {}}]}},
            },
            "seeds": [3],
            "measures": {"error": "held_out_relative_error/V1"},
        }
    )
    losses = read_plan(
        {
            "base": "trials",
            "factors": {"rate": {"key": "model.learning_rate", "levels": [0.1]}},
            "seeds": [0],
            "measures": {"loss": "held_out_loss/V1.next", "right": "held_out_terms/V1.a.accuracy"},
        }
    )
    assert [measure.higher for measure in losses.measures] == [False, True]
    rate, rule, task = plan.factors
    assert [(level.name, level.words) for level in rate.levels] == [
        ("0.1", ("--model.learning_rate=0.1",)),
        ("0.01", ("--model.learning_rate=0.01",)),
    ]
    assert rule.levels[0].words == ('--model.areas.PFC.rule={"class_path": "x.Y"}',)
    assert [level.configs for level in task.levels] == [
        ("tasks/add",),
        ("tasks/copy", {"data": {}}),
    ]
    assert not plan.measures[0].higher and len(plan.cells) == 4
