"""Old names in configs: found, refused in one sentence, or replaced. Free of torch."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from brainmodel.errors import Refused
from brainmodel.moved_names import OPTIONS, PACKAGES, new_name

PATH = rf"(?<![\w./\\-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+(?![\w/\\-]|\.\w)"
"""A dotted path below our packages that stands by itself: no part of a file's name."""
KEYS = {field.rpartition(".")[2]: new for field, new in OPTIONS.items()}
KEY = rf"(?<![\w.])(?:{'|'.join(KEYS)})(?=\s*:)"
"""An option that is called otherwise now, as the key of a mapping."""


def nodes(content: Any, field: str = "") -> Iterator[tuple[str, Any]]:
    """All that is in a config, and the field of each: mappings and lists before what they hold.

    Args:
        content: mappings, lists and values; a text that holds a mapping or a list counts as it.
        field: where the content stands, as a dotted path.
    """
    if isinstance(content, str) and content.lstrip().startswith(("{", "[")):
        content = _parsed(content)
    yield field, content
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from nodes(value, _inside(field, key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from nodes(value, _inside(field, index))


def old_names(content: Any, field: str = "") -> dict[str, tuple[str, str]]:
    """By field, each old name in a config, and the name to give; see `nodes`."""
    found = {}
    for place, value in nodes(content, field):
        if place in OPTIONS:
            found.setdefault(place, (place.rpartition(".")[2], OPTIONS[place]))
        elif isinstance(value, str) and (new := new_name(value.strip())):
            found[place] = (value.strip(), new)
    return found


def require_new_names(content: Any, file: str, field: str = "") -> None:
    """Refuse old names in a config, in files of parts that it names, or in a checkpoint's config.

    Args:
        content: see `nodes`.
        file: that holds it, for `migrate`; "" for an option of the command line.
        field: where the content stands.

    Raises:
        Refused: naming the field, the old name and the new one.
    """
    for place, (old, new) in old_names(content, field).items():
        where = ": ".join(filter(None, (file, place)))
        remedy = f"give that, or run `brainmodel migrate {file or 'FILE'}`"
        raise Refused(f"{where}: {old} is called {new} now; {remedy}")
    for _, text in nodes(content):
        if isinstance(text, str) and text.endswith((".yaml", ".yml")) and Path(text).is_file():
            held = _parsed(Path(text).read_text(encoding="utf-8", errors="replace"))
            if old_names(held):
                require_new_names(held, text)


def names_in(text: str) -> list[tuple[str, str]]:
    """Each old name in a text, and the one to give."""
    found = re.findall(f"{PATH}|{KEY}", text)
    return [(name, new) for name in found if (new := KEYS.get(name) or new_name(name))]


def with_new_names(text: str) -> str:
    """A text with each old name in it replaced."""
    paths = re.sub(PATH, lambda found: new_name(found[0]) or found[0], text)
    return re.sub(KEY, lambda found: KEYS[found[0]], paths)


def renamed(content: Any, field: str = "") -> Any:
    """A config with each old name in it replaced; see `nodes`."""
    if isinstance(content, Mapping):
        made = {}
        for key, value in content.items():
            place = _inside(field, key)
            made[OPTIONS.get(place, key) if key in KEYS else key] = renamed(value, place)
        return made
    if isinstance(content, list):
        return [renamed(value, _inside(field, index)) for index, value in enumerate(content)]
    return with_new_names(content) if isinstance(content, str) else content


def _inside(field: str, key: Any) -> str:
    return field if key in ("class_path", "init_args") else f"{field}.{key}".strip(".")


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
