"""The floor plan: small files, folders and functions; names that stand once; what configs name."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from brainmodel import CONFIGS

ROOT = Path(__file__).parent.parent
PACKAGES = ("areas", "objectives", "brainmodel")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FOLDERS = sorted({path.parent for path in SOURCES})
MOST_FILES, MOST_LINES, LONGEST = 25, 300, 45
OURS = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+")


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def types_in(text: str) -> Iterator[str]:
    """Names of the classes and of the type aliases that a file defines."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and re.match(r"[A-Z]+[a-z]", target.id):
                yield target.id


def repeated(texts: Iterable[str]) -> set[str]:
    """Names of types that more than one of these files defines; private ones do not count."""
    count = Counter(name for text in texts for name in set(types_in(text)))
    return {name for name, files in count.items() if files > 1 and not name.startswith("_")}


def long_functions(text: str, most: int = LONGEST) -> set[str]:
    """Names of the functions of a file that have more lines than that."""
    return {
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= most
    }


def hidden_imports(text: str) -> list[str]:
    """Imports of our own that only a type checker sees, and that no import rule would."""
    return [
        node.module or ""
        for block in ast.walk(ast.parse(text))
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES
    ]


def is_package(module: str) -> bool:
    """Whether a dotted path is a folder of ours: what a config may name things of."""
    return (ROOT / module.replace(".", "/") / "__init__.py").is_file()


def test_no_type_has_the_name_of_another() -> None:
    assert repeated(path.read_text() for path in SOURCES) == set()
    planted = [
        "class Trace: ...\nFloats = int",
        "class Trace: ...\nLONG = 1",
        "Floats = str\nLONG = 2",
    ]
    assert repeated(planted) == {"Trace", "Floats"}, "the control"


def test_files_and_functions_are_small() -> None:
    texts = {inside(path): path.read_text() for path in SOURCES}
    assert [file for file, text in texts.items() if len(text.splitlines()) > MOST_LINES] == []
    assert [(file, names) for file, text in texts.items() if (names := long_functions(text))] == []


def test_a_long_function_is_noticed() -> None:
    text = "def short():\n    return 1\ndef long():\n" + "    x = 1\n" * LONGEST
    assert long_functions(text) == {"long"}


@pytest.mark.parametrize("folder", FOLDERS, ids=inside)
def test_a_large_folder_holds_parts_that_configs_name(folder: Path) -> None:
    files = [path for path in folder.glob("*.py") if path.stem != "__init__"]
    if len(files) <= MOST_FILES:
        return
    listed = vars(import_module(inside(folder).replace("/", ".")))
    shown = {getattr(part, "__module__", "").rpartition(".")[2] for part in listed.values()}
    assert {path.stem for path in files} <= shown


def test_no_import_is_hidden_from_the_import_rules() -> None:
    found = [(inside(path), hidden_imports(path.read_text())) for path in SOURCES]
    assert [(file, modules) for file, modules in found if modules] == []


def test_a_hidden_import_is_noticed() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from areas.cell import Cell\n"
    assert hidden_imports(text) == ["areas.cell"]


def named_in(path: Path) -> list[str]:
    """What of ours a config names, comments apart."""
    lines = [line.partition(" #")[0] for line in path.read_text().splitlines()]
    return [name for line in lines if not line.startswith("#") for name in OURS.findall(line)]


def test_configs_name_packages_and_not_files() -> None:
    for path in CONFIGS.rglob("*.yaml"):
        for name in named_in(path):
            package, _, part = name.rpartition(".")
            assert is_package(package), f"{path}: {name} is found in a file; name its package"
            assert hasattr(import_module(package), part), f"{path}: {name}"
    assert not is_package("areas.lstm")
    assert is_package("areas"), "the control"
