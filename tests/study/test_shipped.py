"""The studies that come along can be built, and the page shows one of them as it is."""

import re
import warnings
from pathlib import Path

import pytest
import yaml

from brainmodel import CONFIGS
from brainmodel.command_line.config_files import read_config
from brainmodel.command_line.study_checks import check_cells
from brainmodel.command_line.train_command import quieten
from brainmodel.study.plan import StudyPlan, read_plan

STUDIES = sorted(path.stem for path in (CONFIGS / "studies").glob("*.yaml"))
PAGE = Path(__file__).parents[2] / "docs" / "studies.md"


def every_level_once(plan: StudyPlan) -> list[tuple[int, ...]]:
    counts = [len(factor.levels) for factor in plan.factors]
    return [tuple(k % count for count in counts) for k in range(max(counts))]


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_every_study_can_be_built_and_has_a_reservoir(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To build every combination of every level would take minutes; the command does so."""
    monkeypatch.setattr(StudyPlan, "combinations", property(every_level_once))
    plan = read_plan(read_config(f"studies/{name}"))
    with warnings.catch_warnings():
        quieten()
        check_cells(plan, [])
    text = (CONFIGS / "studies" / f"{name}.yaml").read_text()
    levels = {level.name: level for factor in plan.factors for level in factor.levels}
    assert "brainmodel.learning.NoLearning" in str(levels["reservoir"])
    assert f"#   python train.py study --config studies/{name} --out runs/studies/" in text


def test_the_page_shows_the_study_that_it_names() -> None:
    shown = [
        yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    ]
    shipped = read_config("studies/rules_by_cells")
    shipped["changes"] = {"trainer": shipped["changes"]["trainer"]}
    assert shown[0] == shipped
    assert shown[1]["tune"] == read_config("studies/rules_on_delayed_match")["tune"]
