"""Errors of a configuration in one sentence: which field, which value, what would be right."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jsonargparse import ArgumentParser

from brainmodel.brain import AreaPlan
from brainmodel.pathway import Pathway
from brainmodel.training.config_files import Config
from objectives import GroupObjective

NAMED = {"areas": AreaPlan, "pathways": Pathway, "groups": GroupObjective}
NOISE = (
    "Does not validate against any of the Union",
    "Subtypes:",
    "Errors:",
    "Given value",
    "Expected a <class 'NoneType'>",
    "- Expected a <class 'NoneType'>",
    "Expected a path but",
)
WORDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}
HINT = "--print_config shows every option"


def explain(error: BaseException, config: Config, rest: Iterable[str], known: Iterable[str]) -> str:
    """One sentence for an error that parsing or building raised.

    Args:
        error: what was raised.
        config: the merged config files.
        rest: the options that were laid over it.
        known: names of all options.
    """
    text = str(error)
    if match := re.search(r"unrecognized arguments: (\S+)", text):
        return _unknown(match[1].split("=")[0], known)
    if match := re.search(r"[Kk]ey \"?'?([\w.]+)'? is required", text):
        return f"{match[1]}: is missing; give it in a config or as --{match[1]}"
    place, reason = read_error(text)
    entry = culprit(config, rest, place)
    if entry:
        place = entry[0] + place.removeprefix(".".join(entry[0].split(".")[:2]))
        place, reason = (entry[0] + entry[1][0], entry[1][1]) if entry[1] else (place, reason)
    return f"{place}: {reason}" if place and not reason.startswith(place) else reason


def read_error(text: str) -> tuple[str, str]:
    """Where jsonargparse found something wrong, as a dotted path, and what it was."""
    place, reason, owner = [], "", ""
    for line in map(str.strip, text.splitlines()):
        line = line.removeprefix("- ")
        if match := re.match(r"(?:Parser|Configuration) key [\"']([^\"']+)[\"']:?\s*(.*)", line):
            place.append(match[1])
            line = match[2]
        if match := re.match(r"Problem with given class_path '([^']+)':?\s*(.*)", line):
            owner, line = match[1], match[2]
        if line and not line.startswith(NOISE):
            reason = line
            break
    return ".".join(place), plainly(reason or text.splitlines()[0], owner)


def plainly(reason: str, owner: str) -> str:
    """jsonargparse's words as ours."""
    if match := re.search(r"Option '([^']+)' is not accepted", reason):
        return f"{_short(owner)} has no option {match[1]!r}; {HINT}"
    if match := re.search(r"Expected a typing.Literal\[(.*)\]\. Got value: (.*)", reason):
        return f"need one of {match[1]}, got {match[2]}"
    if match := re.search(r"Expected a <class '([^']+)'>\. Got value: (.*)", reason):
        return f"need {WORDS.get(match[1], _short(match[1]))}, got {match[2]!r}"
    if match := re.search(r"Expected a dot import path string: (.*)", reason):
        return f"there is no class {match[1]!r}; give its path, such as areas.GRU"
    return reason.rstrip(".")


def culprit(
    config: Config, rest: Iterable[str], place: str
) -> tuple[str, tuple[str, str] | None] | None:
    """Which area, pathway or group of the config is wrong: its place, and (place, reason) in it.

    Found by parsing and building each alone; options laid over the config are looked at last.
    """
    model = config.get("model")
    for section, kind in NAMED.items():
        entries = model.get(section) if isinstance(model, Mapping) else None
        for name, entry in (entries or {}).items():
            if problem := _problem(kind, entry):
                return f"model.{section}.{name}", problem
        for word in rest:
            found = re.match(rf"--(model\.{section}\.\w+)", word)
            if found and place.startswith(f"model.{section}"):
                return found[1], None
    return None


def _problem(kind: Any, entry: Any) -> tuple[str, str] | None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--entry", type=kind)
    try:
        parser.instantiate_classes(parser.parse_object({"entry": entry}))
    except Exception as error:
        place, reason = read_error(str(error))
        return place.removeprefix("entry"), reason
    return None


def _unknown(option: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(option, [f"--{name}" for name in known], n=1, cutoff=0.7)
    return f"there is no option {option}; " + (f"did you mean {near[0]}?" if near else HINT)


def _short(path: str) -> str:
    return path.rpartition(".")[2] or "this"
