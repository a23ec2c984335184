"""Config files merge key by key, extend each other, and are found by path or name."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from brainmodel import CONFIGS
from brainmodel.command_line.config_files import (
    belongs,
    find,
    lay_over,
    load,
    merge,
    parsed,
    read_config,
    settle,
)
from brainmodel.errors import Refused


def write(name: str, content: Any) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(yaml.safe_dump(content))
    return name


def test_mappings_merge_key_by_key_and_the_later_wins() -> None:
    under = {"model": {"areas": {"V1": {"units": [4], "kernel": 3}, "PM": {"units": [2]}}}}
    over = {"model": {"areas": {"V1": {"kernel": 5}}}}
    merged = merge(under, over)
    assert merged["model"]["areas"] == {"V1": {"units": [4], "kernel": 5}, "PM": {"units": [2]}}
    assert under["model"]["areas"]["V1"]["kernel"] == 3  # neither is changed


def test_merging_is_associative() -> None:
    a = {"x": {"class_path": "A", "init_args": {"p": 1, "q": 2}}, "areas": {"V1": {"k": 1}}}
    b = {"x": {"init_args": {"p": 3}}, "areas": {"V1": {"l": 2}, "PM": {}}}
    c = {"x": {"class_path": "C"}, "areas": {"V1": {"k": 4}}}
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, b) != merge(b, a)


def test_null_takes_away_what_has_a_name_and_is_a_value_elsewhere() -> None:
    under = {"areas": {"V1": {"predictor": {}}, "PM": {}}, "pathways": {"a": {}}, "scope": "x"}
    over = {"areas": {"V1": {"predictor": None}, "PM": None}, "pathways": {"a": None}}
    merged = settle(merge(under, over | {"scope": None}))
    assert merged == {"areas": {"V1": {"predictor": None}}, "pathways": {}, "scope": None}


def test_a_class_named_anew_starts_with_arguments_of_its_own() -> None:
    under = {"cell": {"class_path": "areas.Leaky", "init_args": {"alpha": 0.5}}}
    assert merge(under, {"cell": {"class_path": "areas.GRU"}}) == {
        "cell": {"class_path": "areas.GRU"}
    }
    assert merge(under, {"cell": "areas.GRU"}) == {"cell": "areas.GRU"}
    same = merge(under, {"cell": {"class_path": "areas.Leaky", "init_args": {"activation": "f"}}})
    assert same["cell"]["init_args"] == {"alpha": 0.5, "activation": "f"}


def test_arguments_join_a_class_that_was_named_by_its_path_alone() -> None:
    merged = merge({"rule": "learning.EProp"}, {"rule": {"init_args": {"carry": False}}})
    assert merged["rule"] == {"class_path": "learning.EProp", "init_args": {"carry": False}}


def test_a_file_extends_others_beside_it_or_by_short_name() -> None:
    write("deep/base.yaml", {"extends": "quick", "trainer": {"max_epochs": 7}})
    write("deep/more.yaml", {"trainer": {"max_steps": 3}})
    name = write("deep/mine.yaml", {"extends": ["base", "more.yaml"], "data": {"x": 1}})
    config = read_config(name)
    assert config["trainer"]["max_epochs"] == 7
    assert config["trainer"]["max_steps"] == 3
    assert config["model"] == read_config("quick")["model"]
    assert config["data"]["x"] == 1
    assert "extends" not in config


def test_a_later_file_takes_away_what_an_earlier_one_named() -> None:
    gone = write("gone.yaml", {"model": {"areas": {"PM": None}}})
    back = write("back.yaml", {"model": {"areas": {"PM": {"units": [3]}}}})
    assert list(load(["quick"])["model"]["areas"]) == ["V1", "PM"]
    assert list(load(["quick", gone])["model"]["areas"]) == ["V1"]
    assert load(["quick", gone, back])["model"]["areas"]["PM"] == {"units": [3]}


@pytest.mark.parametrize("name", ["quick", "quick.yaml", "configs/quick.yaml"])
def test_configs_that_come_along_are_found_from_any_folder(name: str) -> None:
    assert find(name).samefile(CONFIGS / "quick.yaml")


def test_a_file_here_goes_before_one_that_comes_along() -> None:
    write("quick.yaml", {"trainer": {}})
    assert find("quick.yaml").samefile("quick.yaml")
    assert find("quick").samefile(CONFIGS / "quick.yaml")


PARTS = [path for path in sorted(CONFIGS.rglob("*.yaml")) if "class_path" in parsed(path)]


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_a_part_says_where_it_belongs(path: Path) -> None:
    place = belongs(parsed(path))  # of V1, where the brain of mixed.yaml has not to be asked
    anywhere = re.escape(f"#   {place} {path.relative_to(CONFIGS.parent)}").replace("V1", r"\w+")
    anywhere = anywhere.replace(r"objectives\.next", r"objectives\.\w+")
    assert re.search(f"^{anywhere}$", path.read_text(), re.MULTILINE)
    with pytest.raises(Refused, match=f"one part .* {place} "):
        load([str(path)])


def test_files_that_extend_each_other_are_refused() -> None:
    write("a.yaml", {"extends": "b.yaml"})
    with pytest.raises(Refused, match="extends itself"):
        read_config(write("b.yaml", {"extends": "a.yaml"}))


def test_options_name_objectives_and_take_entries_away() -> None:
    words = [
        "--model.areas.PM=null",
        "--model.pathways.V1_PM",
        "null",
        "--model.areas.V1.objectives.next=objectives.Slowness",
        "--model.areas.V1.objectives.next.horizon",
        "2",
        "--model.areas.V1.objectives.more=objectives.Gaussian",
        "--model.areas.V1.weights.next=0.5",
        "--model.areas.V1.weights.more.value=2",
        "--model.areas.V1.kernel=5",
        "--model.areas.V1.predictor=null",
        "--print_config",
    ]
    config, rest = lay_over(load(["quick"]), words)
    assert rest == ["--model.areas.V1.kernel=5", "--model.areas.V1.predictor=null", words[-1]]
    assert list(config["model"]["areas"]) == ["V1"]
    assert set(config["model"]["pathways"]) == {"eye_V1", "PM_V1"}
    objective = {"class_path": "objectives.Slowness", "init_args": {"horizon": 2}}
    assert config["model"]["areas"]["V1"]["objectives"] == {
        "next": objective,
        "more": "objectives.Gaussian",
    }
    assert config["model"]["areas"]["V1"]["weights"] == {"next": 0.5, "more": {"value": 2}}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_drives_an_area_is_called_by_its_two_ends(path: Path) -> None:
    """So that an option or a later file finds the same pathway in every brain."""
    pathways = ((yaml.safe_load(path.read_text()) or {}).get("model") or {}).get("pathways") or {}
    for name, pathway in pathways.items():
        ends = pathway and (pathway.get("source"), pathway.get("target"))
        if ends and None not in ends and pathway.get("kind", "feedforward") == "feedforward":
            assert name.startswith("_".join(ends)), name
