"""Config files: found by path or short name, and merged, later ones over earlier ones.

A file may begin from others: `extends: default`, or a list of them. Mappings merge key by key; any
other value replaces the earlier one. Two exceptions make experiments short diffs: naming another
class (`class_path`) drops the arguments of the former one, and an area, pathway, objective or
learning rate that is set to null is taken away.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainmodel import CONFIGS
from brainmodel.command_line.yaml_text import read_yaml, read_yaml_file
from brainmodel.errors import Refused
from brainmodel.old_names import require_new_names

NAMED = r"areas\.\w+\.objectives|areas\.\w+\.weights|areas|pathways|groups|group_weights"
PROBED = ("metrics", "baselines", "analyses")
ENTRY = rf"--(model\.(?:{NAMED})|{'|'.join(PROBED)})\.([\w ]+)(?:\.(.+))?"
MERGED = ("objectives", "weights", *PROBED)  # sections that jsonargparse cannot merge
REMOVABLE = (
    "areas",
    "pathways",
    "groups",
    "objectives",
    "weights",
    "group_weights",
    "learning_rates",
    *PROBED,
)
PLACES = {
    "areas": "--model.areas.V1.cell",
    "objectives": "--model.areas.V1.objectives.next",
    "brainmodel.learning": "--model.areas.V1.rule",
    "brainmodel.learning.modulation": "--model.areas.V1.modulator",
    "brainmodel.schedules": "--model.areas.V1.plasticity",
    "brainmodel.scopes": "--model.scope",
    "brainmodel.engines": "--model.engine",
    "brainmodel.probing.metrics": "--metrics.new",
    "brainmodel.probing.baselines": "--baselines.new",
    "brainmodel.probing.analyses": "--analyses.new",
    "brainmodel.probing.recordings": "--recording",
}
"""Where the parts belong that a package lists, as an example."""
Config = dict[str, Any]


def find(name: str, folder: Path | None = None) -> Path:
    """The config file of that path (from `folder`, or here) or short name ("default").

    Raises:
        Refused: if there is none; the message lists what there is.
    """
    places = [Path(name), CONFIGS / name, CONFIGS / f"{name}.yaml", CONFIGS.parent / name]
    if folder is not None:
        places[:0] = [folder / name, folder / f"{name}.yaml"]
    for place in places:
        if place.is_file():
            return place
    known = ", ".join(path.stem for path in sorted(CONFIGS.glob("*.yaml")))
    raise Refused(
        f"--config: there is no file {name!r}; give a path, or one of the configs that come along: "
        f"{known or 'none here'}"
    )


def read_config(name: str, folder: Path | None = None, above: Sequence[Path] = ()) -> Config:
    """The content of a config file, merged over those that it extends, nulls included.

    Args:
        name: path or short name.
        folder: where relative paths begin.
        above: the files that extend it, directly or not.

    Raises:
        Refused: if the file, or one that it extends, does not exist, is not a yaml mapping or
            extends itself.
    """
    path = find(name, folder).resolve()
    if path in above:
        raise Refused(f"{path.name}: extends itself; take the name out of its extends")
    content = _whole(path)
    extended = content.pop("extends", [])
    if isinstance(extended, str):
        extended = [extended]
    if not isinstance(extended, list) or not all(isinstance(base, str) for base in extended):
        raise Refused(f"{path}: extends: need the name of a config, or a list, got {extended!r}")
    merged: Config = {}
    for base in extended:
        merged = merge(merged, read_config(base, path.parent, [*above, path]))
    return merge(merged, content)


def parsed(path: Path) -> Config:
    """The content of a yaml file as it stands.

    Raises:
        Refused: if it is not a yaml mapping, or not a sound one (see `read_yaml`).
    """
    content = read_yaml_file(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise Refused(
            f"{path}: a config is a mapping (trainer:, model:, data:), not a "
            f"{type(content).__name__}"
        )
    return content


def _whole(path: Path) -> Config:
    content = parsed(path)
    require_new_names(content, str(path))
    if "class_path" in content:
        raise Refused(
            f"{path}: is one part of a brain, not a config; give it where it belongs, such as "
            f"{belongs(content)} {path}"
        )
    return content


def belongs(part: Mapping[str, Any]) -> str:
    """The option to which one part of a brain, or of a probe, may be given."""
    package = str(part["class_path"]).rpartition(".")[0]
    if package == "objectives" and "areas" in (part.get("init_args") or {}):
        return "--model.groups.shared"
    return PLACES.get(package, "--model.areas.V1.cell")


def load(names: Sequence[str]) -> Config:
    """The config that files make together, later ones over earlier ones.

    Raises:
        Refused: see `read_config`.
    """
    merged: Config = {}
    for name in names:
        merged = merge(merged, read_config(name))
    return settle(merged)


def settle(config: Config, parent: str = "") -> Config:
    """A config without the entries that null takes away."""
    return {
        key: settle(value, key) if isinstance(value, dict) else value
        for key, value in config.items()
        if value is not None or parent not in REMOVABLE
    }


def lay_over(config: Config, words: Sequence[str]) -> tuple[Config, list[str]]:
    """Merge those options into a config that jsonargparse cannot: entries by name, and null.

    Args:
        config: the merged files.
        words: of the command line, without config files.

    Returns:
        the config with these options laid over it, and the words that are left.
    """
    rest = []
    remaining = iter(words)
    for word in remaining:
        option, given, value = word.partition("=")
        if not (match := re.fullmatch(ENTRY, option)):
            rest.append(word)
            continue
        value = value if given else next(remaining, "")
        section, name, argument = match[1], match[2], match[3]
        content = read_yaml(value, option)
        if not section.endswith(MERGED) and (content is not None or argument):
            rest.append(f"{option}={value}")
            continue
        if argument and section.endswith("weights"):
            content = {argument: content}
        elif argument:
            content = {"init_args": {argument.removeprefix("init_args."): content}}
        laid: Config = {name: content}
        for key in reversed(section.split(".")):
            laid = {key: laid}
        config = merge(config, laid)
    return settle(config), rest


def check_options(words: Sequence[str]) -> None:
    """Refuse options that name a class by a path that it no longer has.

    Args:
        words: of the command line, without config files.

    Raises:
        Refused: see `require_new_names`.
    """
    field = ""
    for word in words:
        option, given, value = word.partition("=")
        if option.startswith("--"):
            field = option.removeprefix("--").rstrip("+")
            field = field.removesuffix(".class_path").replace(".init_args.", ".")
            require_new_names(None, "", field)
        if given or not option.startswith("--"):
            require_new_names(value if given else word, "", field)


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Config:
    """One mapping over another; see the head of this file.

    Args:
        under: what is there.
        over: what is laid over it; neither is changed.
    """
    merged = dict(under)
    if "class_path" in over and over["class_path"] != merged.get("class_path"):
        merged = {}
    for key, value in over.items():
        if isinstance(value, Mapping):
            there = merged.get(key)
            if isinstance(there, str) and "init_args" in value and "class_path" not in value:
                there = {"class_path": there}
            merged[key] = merge(there if isinstance(there, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
