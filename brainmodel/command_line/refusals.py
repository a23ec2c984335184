"""Errors of a configuration in one sentence: which field, which value, what would be right."""

import difflib
import inspect
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, get_type_hints

from jsonargparse import ArgumentParser
from pytorch_lightning import LightningDataModule

from brainmodel.command_line.config_files import Config
from brainmodel.command_line.entries import NAMED, EntryError
from brainmodel.command_line.own_files import told, where
from brainmodel.errors import Refused
from brainmodel.moved_names import listed
from brainmodel.old_names import nodes
from objectives import Objective

NOISE = (
    "Does not validate against any of the Union",
    "Subtypes:",
    "Errors:",
    "Given value",
    "Got value",
    "Expected a <class 'NoneType'>",
    "- Expected a <class 'NoneType'>",
    "Expected a path but",
)
EXPECTED = r"Expected an? <class '([^']+)'>(?:\.? Got value: (.*))?"
EXAMPLES = {
    "cell": "areas.GRU",
    "rule": "brainmodel.learning.EProp",
    "objectives": "objectives.SquaredError",
    "predictor": "areas.Predictor",
    "scope": "brainmodel.scopes.Local",
    "engine": "brainmodel.engines.Compiled",
    "optimizer": "torch.optim.Adam",
    "adapters": "brainmodel.pathways.Pool",
    "data": "brainmodel.data.Photographs",
    "callbacks": "brainmodel.training.callbacks.SynapticScaling",
    "logger": "brainmodel.training.RunFolder",
    "recording": "brainmodel.probing.recordings.NpzFiles",
    "metrics": "brainmodel.probing.metrics.RSA",
    "baselines": "brainmodel.probing.baselines.Pixels",
    "analyses": "brainmodel.probing.analyses.Expectation",
}
WORDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}
CALLBACK_SECTIONS = ("alignment", "checkpoint", "monitor", "pictures", "report")
HINT = "--print_config shows every option"


def check_form(config: Config, known: Iterable[str]) -> None:
    """Refuse config files whose sections are unknown, or are not mappings.

    Args:
        config: the merged files.
        known: names of all options.

    Raises:
        Refused: naming the section.
    """
    known = list(known)
    first = {name.partition(".")[0] for name in known}
    for section, content in config.items():
        if section not in first:
            raise Refused(unknown(section, [*first, *known]))
        if section in ("trainer", "model") and not isinstance(content, dict):
            raise Refused(f"{section}: need a mapping of options, got {content!r}")
        for option in content if section in ("trainer", "model", *CALLBACK_SECTIONS) else ():
            if isinstance(content, dict) and f"{section}.{option}" not in known:
                raise Refused(unknown(f"{section}.{option}", known))


def require_finite(config: Config) -> None:
    """Refuse a number that is none, or infinite: no option takes it.

    Raises:
        Refused: naming the option.
    """
    for field, value in nodes(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise Refused(f"{field}: need a finite number, got {value}")


def explain(error: BaseException, config: Config, rest: Sequence[str], known: Sequence[str]) -> str:
    """One sentence for an error that parsing or building raised.

    Args:
        error: what was raised.
        config: the merged config files.
        rest: the options that were laid over it.
        known: names of all options.
    """
    text = str(error)
    if isinstance(error, EntryError):
        return explain_entry(error)
    if match := re.search(r"unrecognized arguments: --(\S+)", text):
        return unknown(match[1].split("=")[0], known)
    if match := re.search(r"Subcommand '\w+' does not accept option '([^']+)'", text):
        return unknown(match[1], known)
    if match := re.search(r"arguments are required: (?:\w+\.)?(.*)", text):
        names = re.sub(r"\b(fit|validate|test)\.", "", match[1])
        entry = culprit(config, rest, "")
        missing = names if entry is None else f"{entry[0]}.{names}"
        return f"{missing}: is missing; give it in a config, such as --config default"
    place, reason = read_error(text)
    if entry := culprit(config, rest, place):
        place = entry[0] + place.removeprefix(".".join(entry[0].split(".")[:2]))
        place, reason = (entry[0] + entry[1][0], entry[1][1]) if entry[1] else (place, reason)
    if reason.startswith(("areas", "pathways", "groups", "learning_rate", "final")):
        reason = f"model.{reason}"
    return f"{place}: {reason}" if place and not reason.startswith(place) else reason


def explain_entry(error: EntryError) -> str:
    """One sentence for what is wrong with an area, a pathway or a shared objective."""
    kind = NAMED[error.place.split(".")[1]]
    known = list(inspect.signature(kind).parameters)
    text = str(error)
    if match := re.search(r"(?:unrecognized arguments: --|does not accept option ')([\w.]+)", text):
        return f"{error.place}: {unknown(match[1], known)}"
    if match := re.search(r"arguments are required: (.*)", text):
        if within := _within(kind, error.entry):
            return f"{error.place}{within[0]}: {within[1]}"
        missing = " and ".join(f"{error.place}.{name}" for name in match[1].split(", "))
        return f"{missing}: is missing; give it"
    place, reason = read_error(text)
    if place.startswith("objectives"):
        place, reason = _within(kind, error.entry) or (place, reason)
    if not place and (match := re.match(r"(?:there is|this has) no option '(\w+)'", reason)):
        reason = unknown(match[1], known)
    place = place.removeprefix("entry").lstrip(".")
    return f"{error.place}{'.' * bool(place)}{place}: {reason}"


def read_error(text: str) -> tuple[str, str]:
    """The dotted path at which jsonargparse found a mistake, and the mistake."""
    place, reasons, owner, given = [], [], "", None
    for line in map(str.strip, text.splitlines()):
        line = line.removeprefix("- ")
        if match := re.match(r"(?:Parser|Configuration) key [\"']([^\"']+)[\"']:?\s*(.*)", line):
            if not reasons:
                place.append(match[1])
            line = match[2]
        if match := re.match(r"Problem with given class_path '([^']+)':?\s*(.*)", line):
            owner, line = match[1], match[2]
        if match := re.match(r"Given value: (.*)", line):
            given = given or match[1]
        if line and not line.startswith(NOISE):
            reasons.append(line)
    place = ".".join(place)
    return place, plainly(reasons or text.splitlines()[:1], owner, given, place)


def plainly(reasons: Sequence[str], owner: str, given: str | None, place: str) -> str:
    """jsonargparse's reasons in one plain sentence; of several, the most specific."""
    wanted = [m[1] for reason in reasons if (m := re.match(EXPECTED, reason))]
    if len(wanted) == len(reasons):
        got = next((m[2] for r in reasons if (m := re.match(EXPECTED, r)) and m[2]), given)
        return f"need {' or '.join(WORDS.get(w, _short(w)) for w in wanted)}, got {got!r}"
    reason = next(r for r in reasons if not re.match(EXPECTED, r))
    if match := re.search(r"Group '\w+' does not accept option '([^']+)'", reason):
        return f"there is no option {match[1]!r}; {HINT}"
    if match := re.search(r"Option '([^']+)' is not accepted", reason):
        owner = owner or (
            found[1] if (found := re.search(r"class_path='([\w.]+)'", reason)) else ""
        )
        return f"{_short(owner)} has no option {match[1]!r}; {HINT}"
    if match := re.search(r"Expected a typing.Literal\[(.*)\](?:\. Got value: (.*))?", reason):
        return f"need one of {match[1]}, got {match[2] or given!r}"
    if match := re.search(r"Expected a dot import path string: (.*)", reason):
        return f"there is no class {match[1]!r}; give its path{_like(place)}"
    if match := re.search(r"(?:module|No) '?([\w.]+)'? (?:has no )?attribute '?(\w+)'?", reason):
        return f"there is no {match[2]!r} in {match[1]}; {_instead(match[1], match[2], place)}"
    if match := re.search(r"Importing '([\w.]+)' is not allowed", reason):
        return f"{match[1]} is not called; give another, such as torch.tanh for an activation"
    if match := re.search(r"No module named '([^']+)'", reason):
        return f"there is no module {match[1]!r} here; give the path of a class{_like(place)}"
    if match := re.search(r"Import path (\S*) ?does not correspond to a subclass of (\w+)", reason):
        return f"need a {match[2]}{_like(place)}, got {match[1] or given or 'another class'}"
    return reason.rstrip(".")


def _instead(package: str, name: str, place: str) -> str:
    names = [path.rpartition(".")[2] for path in listed() if path.rpartition(".")[0] == package]
    if near := difflib.get_close_matches(name, names, n=1):
        return f"did you mean {package}.{near[0]}?"
    return f"give the path of a class{_like(place)}"


def _like(place: str) -> str:
    kind = next((k for k in reversed(place.split(".")) if k in EXAMPLES), None)
    return "" if kind is None else f", such as {EXAMPLES[kind]}"


def culprit(
    config: Config, rest: Iterable[str], place: str
) -> tuple[str, tuple[str, str] | None] | None:
    """Where a mistake is: in the data, or in which area, pathway or group; and what it is.

    Found by parsing and building each alone; options of the command line come last.

    Returns:
        its place, and the place and reason within it where they are known; None if nowhere here.
    """
    if not place and (problem := _problem(LightningDataModule, config.get("data"))):
        return "data", problem
    model = config.get("model")
    for section, kind in NAMED.items():
        entries = model.get(section) if isinstance(model, Mapping) else None
        for name, entry in (entries or {}).items():
            if problem := _problem(kind, entry):
                return f"model.{section}.{name}", _within(kind, entry) or problem
        for word in rest:
            found = re.match(rf"--(model\.{section}\.\w+)", word)
            if found and place.startswith(f"model.{section}"):
                return found[1], None
    return None


def _within(kind: Any, entry: Any) -> tuple[str, str] | None:
    """Which part of an area is wrong by itself, and what is; None if all are right, or unknown."""
    if kind is not NAMED["areas"] or not isinstance(entry, Mapping):
        return None
    types = get_type_hints(kind)
    parts = [(f".{name}", types[name], value) for name, value in entry.items() if name in types]
    objectives = entry.get("objectives")
    for name, value in objectives.items() if isinstance(objectives, Mapping) else ():
        parts.insert(0, (f".objectives.{name}", Objective, value))
    for place, part, value in parts:
        if problem := _problem(part, value):
            return place + problem[0], problem[1]
    return None


def at_line(error: BaseException) -> str:
    """What an error is and where in the user's own file it arose, "" if it did not arise there."""
    cause: BaseException | None = error
    while cause is not None:
        if place := where(cause):
            return f"{told(cause)} ({place})"
        cause = cause.__cause__
    return ""


def _problem(kind: Any, entry: Any) -> tuple[str, str] | None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--entry", type=kind)
    try:
        parser.instantiate(parser.parse_object({"entry": entry}))
    except Exception as error:
        place, reason = read_error(str(error))
        reason = at_line(error) or reason
        if match := re.search(r"arguments are required: (.*)", str(error)):
            return place.removeprefix("entry"), f"{match[1]}: is missing; give it"
        if match := re.match(r"there is no option '(\w+)'", reason):
            reason = unknown(match[1], list(inspect.signature(kind).parameters))
        return place.removeprefix("entry"), reason
    return None


def unknown(option: str, known: Collection[str]) -> str:
    """A sentence for an option that there is not, with the one that may have been meant."""
    if inside := [name for name in known if name in (f"model.{option}", f"trainer.{option}")]:
        return f"there is no option {option}; it belongs under {inside[0]}"
    near = difflib.get_close_matches(option, known, n=1, cutoff=0.7)
    return f"there is no option {option}; " + (f"did you mean {near[0]}?" if near else HINT)


def _short(path: str) -> str:
    return path.rpartition(".")[2] or "this"
