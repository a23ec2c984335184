"""Which learning rules there are to compare: the configs of configs/learning, by name."""

from collections.abc import Callable
from functools import cache

import yaml
from jsonargparse import ArgumentParser

from areas import Area, Cell
from brainmodel import CONFIGS
from brainmodel.learning import EPropLiteral, Rule


@cache
def configs() -> dict[str, str]:
    """The rules' configs by name."""
    return {path.stem: path.read_text() for path in sorted((CONFIGS / "learning").glob("*.yaml"))}


def rule(name: str) -> Rule:
    """The rule a config describes."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Rule, "part")
    made = parser.parse_object({"part": yaml.safe_load(configs()[name])})
    return parser.instantiate(made).part


def fitting(cell: Callable[[], Cell]) -> list[str]:
    """Names of the rules that take a cell, but for definitions that are slow on purpose."""
    found = []
    for name in configs():
        made = rule(name)
        try:
            made.build(Area(cell(), [4], [4], {}, None, ["drive"]))
        except ValueError:
            continue
        if not isinstance(made, EPropLiteral):
            found.append(name)
    return found
