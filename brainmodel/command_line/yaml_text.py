"""YAML as people write it, read strictly: what PyYAML would pass over in silence is refused.

Of a key that stands twice in a mapping PyYAML keeps the later value; aliases may make a value
contain itself, or a short text billions of values. Keys such as `off` are words here.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from brainmodel.errors import Refused

MOST_VALUES = 100_000
"""Values in one file, those that aliases repeat counted again."""


class _Unsound(yaml.MarkedYAMLError):
    """YAML that would be read, but not as it was meant."""


class _Strict(yaml.SafeLoader):
    """PyYAML's safe loader, which looks at the whole text before it makes anything of it."""

    def get_single_node(self) -> yaml.Node | None:
        """The text as a tree of nodes, refused if it is not sound."""
        root = super().get_single_node()
        if root is not None and _count(root, {}, set()) > MOST_VALUES:
            raise _Unsound(problem=f"holds more than {MOST_VALUES} values; take aliases out")
        return root


def read_yaml(text: str, where: str) -> Any:
    """What a text says.

    Args:
        text: YAML.
        where: what the text is called in a refusal: the file, or the option.

    Raises:
        Refused: naming the line, if it is not YAML, has a key twice, or contains itself.
    """
    try:
        return yaml.load(text, _Strict)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        kind = "" if isinstance(error, _Unsound) else "not a yaml file: "
        problem = getattr(error, "problem", None) or "it is not text"
        raise Refused(f"{where}{line}: {kind}{problem}") from None
    except RecursionError:
        raise Refused(f"{where}: is nested too deeply; write it flatter") from None
    except ValueError as error:  # a date or number such as 2026-99-99
        raise Refused(f"{where}: not a yaml file: {error}; quote what is text") from None


def read_yaml_file(path: Path) -> Any:
    """What a file says.

    Raises:
        Refused: see `read_yaml`; also if it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path}: not a yaml file: it is not text") from None
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
    return read_yaml(text, str(path))


def _count(node: yaml.Node, known: dict[yaml.Node, int], above: set[yaml.Node]) -> int:
    """How many values a node holds, itself among them; each node is looked at once."""
    if node in above:
        raise _at(node, "contains itself; take the alias out")
    if node not in known:
        above.add(node)
        if isinstance(node, yaml.MappingNode):
            _require_single(node)
            _take_as_words(node)
        known[node] = 1 + sum(_count(child, known, above) for child in _children(node))
        above.remove(node)
    return known[node]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _require_single(mapping: yaml.MappingNode) -> None:
    """Refuse a key that stands twice in one mapping; merged ones (<<) may be given anew."""
    seen: dict[Hashable, int] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value in seen:
            first = seen[key.value] + 1
            raise _at(key, f"{key.value!r} stands here already, in line {first}; keep one of them")
        seen[key.value] = key.start_mark.line


def _take_as_words(mapping: yaml.MappingNode) -> None:
    """Keys are names: YAML 1.1 would read `off:` as false, and `on:` as true."""
    for key, _ in mapping.value:
        if key.tag == "tag:yaml.org,2002:bool":
            key.tag = "tag:yaml.org,2002:str"


def _at(node: yaml.Node, problem: str) -> _Unsound:
    return _Unsound(problem=problem, problem_mark=node.start_mark)
