"""Old names of classes in configs: found, refused in one sentence, or replaced. Free of torch."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from brainmodel.errors import Refused
from brainmodel.moved_names import PACKAGES, new_name

PATH = rf"(?<![\w./\\-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+(?![\w/\\-]|\.\w)"
"""A dotted path below our packages that stands by itself: no part of a file's name."""


def leaves(content: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a config, and its field.

    Args:
        content: mappings, lists and values; a text that holds a mapping or a list counts as it.
        field: where the content stands, as a dotted path.
    """
    if isinstance(content, Mapping):
        for key, value in content.items():
            inside = key not in ("class_path", "init_args")
            yield from leaves(value, f"{field}.{key}".strip(".") if inside else field)
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from leaves(value, f"{field}.{index}".strip("."))
    elif isinstance(content, str) and content.lstrip().startswith(("{", "[")):
        yield from leaves(_parsed(content), field)
    elif isinstance(content, str):
        yield field, content.strip()


def old_names(content: Any, field: str = "") -> Iterator[tuple[str, str, str]]:
    """Each old path in a config: its field, the path, and the path to give; see `leaves`."""
    for place, text in leaves(content, field):
        if new := new_name(text):
            yield place, text, new


def require_new_names(content: Any, file: str, field: str = "") -> None:
    """Refuse old paths in a config, in files of parts that it names, or in a checkpoint's config.

    Args:
        content: see `old_names`.
        file: that holds it, for `migrate`; "" for an option of the command line.
        field: where the content stands.

    Raises:
        Refused: naming the field, the old path and the new one.
    """
    for place, old, new in old_names(content, field):
        where = ": ".join(filter(None, (file, place)))
        remedy = f"give that, or run `brainmodel migrate {file or 'FILE'}`"
        raise Refused(f"{where}: {old} is called {new} now; {remedy}")
    for _, text in leaves(content):
        if text.endswith((".yaml", ".yml")) and Path(text).is_file():
            held = _parsed(Path(text).read_text(encoding="utf-8", errors="replace"))
            if any(old_names(held)):
                require_new_names(held, text)


def names_in(text: str) -> list[tuple[str, str]]:
    """Each old path in a text, and the path to give."""
    paths = re.findall(PATH, text)
    return [(path, new) for path in paths if (new := new_name(path))]


def with_new_names(text: str) -> str:
    """A text with each old path in it replaced."""
    return re.sub(PATH, lambda found: new_name(found[0]) or found[0], text)


def renamed(content: Any) -> Any:
    """A config with each old path in it replaced."""
    if isinstance(content, Mapping):
        return {renamed(key): renamed(value) for key, value in content.items()}
    if isinstance(content, list):
        return [renamed(value) for value in content]
    return with_new_names(content) if isinstance(content, str) else content


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
