"""The areas, pathways and shared objectives of a brain: each is parsed by itself, and once.

Lightning's command line checks a value anew at every level above it, which for a mapping of areas
comes to ten times. So the entries are taken out of the config before it parses the rest, and put
back parsed. What is wrong with one is then known to be wrong with that one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import yaml
from jsonargparse import ArgumentParser

from brainmodel.brain import AreaPlan
from brainmodel.command_line.config_files import Config
from brainmodel.command_line.yaml_text import read_yaml
from brainmodel.errors import Refused
from brainmodel.pathways.pathway import Pathway
from objectives import GroupObjective

NAMED: dict[str, Any] = {"areas": AreaPlan, "pathways": Pathway, "groups": GroupObjective}


class Parts(NamedTuple):
    """A config and its options in two parts."""

    entries: dict[str, dict[str, Any]]  # by section, by name: what the files say
    options: dict[str, list[str]]  # by "section.name", options of that entry, as of an "--entry"
    config: Config  # the rest
    rest: list[str]  # options of the rest


def take_apart(config: Config, words: Sequence[str]) -> Parts:
    """Entries and their options apart from all the rest.

    Args:
        config: the merged files.
        words: options that are laid over them.

    Raises:
        Refused: if a section is no mapping by name.
    """
    model = dict(config["model"]) if isinstance(config.get("model"), Mapping) else {}
    entries: dict[str, dict[str, Any]] = {}
    for section in NAMED:
        entries[section] = dict(_by_name(section, model.pop(section, None)))
    options: dict[str, list[str]] = {}
    rest: list[str] = []
    for option, value in _pairs(words):
        if match := re.fullmatch(r"--model\.(areas|pathways|groups)\.(\w+)(.*)", option):
            place = f"{match[1]}.{match[2]}"
            prefix = "--entry" if match[1] == "groups" else "-"
            options.setdefault(place, []).append(f"{prefix}{match[3]}={value}".replace("-.", "--"))
            entries[match[1]].setdefault(match[2], {})
        elif match := re.fullmatch(r"--model\.(areas|pathways|groups)", option):
            entries[match[1]] = dict(_by_name(match[1], read_yaml(value or "", option)))
        else:
            rest.append(option if value is None else f"{option}={value}")
    left = config | ({"model": model} if "model" in config else {})
    return Parts(entries, options, left, rest)


def parse_entries(parts: Parts) -> dict[str, dict[str, Any]]:
    """By section, by name: each entry checked against its class, with all defaults.

    Raises:
        EntryError: naming the entry.
    """
    return {
        section: {
            name: _parse(section, name, entry, parts.options.get(f"{section}.{name}", []))
            for name, entry in entries.items()
        }
        for section, entries in parts.entries.items()
    }


class EntryError(Exception):
    """What the parser said of one entry, and which it is."""

    def __init__(self, place: str, entry: Any, cause: Exception):
        super().__init__(str(cause))
        self.place, self.entry = place, entry


def text_of_rest(parts: Parts) -> str:
    """The config that Lightning's parser sees: without the entries, which are parsed already."""
    model = parts.config.get("model") or {}
    held = {"model": model | {"areas": {}, "pathways": {}}} if isinstance(model, dict) else {}
    return yaml.safe_dump(parts.config | held, sort_keys=False)


def _parse(section: str, name: str, entry: Any, options: Sequence[str]) -> Any:
    parser = entry_parser(section)
    try:
        if section == "groups":
            parsed = parser.parse_object({"entry": entry} if entry else {})
        else:
            parsed = parser.parse_object(entry)
        if options:
            parsed = parser.parse_args(list(options), namespace=parsed)
    except Exception as error:
        raise EntryError(f"model.{section}.{name}", entry, error) from error
    return parsed.entry if section == "groups" else parsed


@cache
def entry_parser(section: str) -> ArgumentParser:
    """A parser of the options of one entry, or of the option "--entry" where it is of any class."""
    parser = ArgumentParser(exit_on_error=False, allow_abbrev=False, logger=False)
    if section == "groups":
        parser.add_argument("--entry", type=NAMED[section], sub_configs=True)
    else:
        parser.add_class_arguments(NAMED[section], sub_configs=True)
    return parser


def _by_name(section: str, entries: Any) -> Mapping[str, Any]:
    if entries is None:
        return {}
    if not isinstance(entries, Mapping):
        raise Refused(f"model.{section}: need a mapping by name, got {entries!r}")
    for name, entry in entries.items():
        if not isinstance(name, str):
            raise Refused(f"model.{section}: need names that are text, got {name!r}; quote it")
        if not isinstance(entry, Mapping) and not (isinstance(entry, str) and section == "groups"):
            raise Refused(f"model.{section}.{name}: need a mapping of options, got {entry!r}")
    return entries


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Each option and its value, whether joined by "=" or the next word; None where it has none."""
    remaining = list(words)
    while remaining:
        option, given, value = remaining.pop(0).partition("=")
        if given:
            yield option, value
        elif option.startswith("--model.") and remaining:
            yield option, remaining.pop(0)
        else:
            yield option, None
