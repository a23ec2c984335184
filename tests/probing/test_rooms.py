"""The rooms of probing: files of other rooms are reached by the door, and by few."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PROBING = ROOT / "brainmodel" / "probing"
SHARED = {
    "array_files",
    "array_types",
    "drawing",
    "optional",
}  # small files that every room may use
DOORS = sorted(PROBING.rglob("__init__.pyi"))


class Arrow(NamedTuple):
    """An import across rooms; the files beside the rooms are rooms of their own."""

    file: str
    room: str
    beyond: tuple[str, ...]  # the file behind the door that is named; empty at the door


def arrows(source: str, file: Path) -> Iterator[Arrow]:
    """Across rooms, in a source text."""
    mine = file.parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "brainmodel.probing"
        ):
            room, *beyond = (*(node.module or "").split(".")[2:], "")
            if room != mine and room not in SHARED:
                yield Arrow(str(file), room, tuple(filter(None, beyond)))


def all_arrows() -> list[Arrow]:
    files = [path for path in PROBING.rglob("*.py") if path.name != "__init__.py"]
    return [a for path in files for a in arrows(path.read_text(), path.relative_to(PROBING))]


def test_other_rooms_are_entered_by_their_doors() -> None:
    assert not [arrow for arrow in all_arrows() if arrow.beyond]
    past = "from brainmodel.probing.metrics.rsa import RSA"  # the control
    (arrow,) = arrows(past, Path("scores/new.py"))
    assert arrow == ("scores/new.py", "metrics", ("rsa",))
    assert not list(arrows(past, Path("metrics/new.py")))


def test_few_files_know_of_other_rooms() -> None:
    rooms = {path.name for path in PROBING.iterdir() if path.is_dir()}
    known = {(arrow.file, arrow.room) for arrow in all_arrows()}
    # The files beside the rooms put them together, so they are to know them.
    between = {(file, room) for file, room in known if {Path(file).parts[0], room} <= rooms}
    assert len(between) <= 60, sorted(between)
    assert ("scores/sampling.py", "recordings") in between
    assert ("findings.py", "scores") in known - between


@pytest.mark.parametrize("door", DOORS, ids=lambda path: path.parent.name)
def test_what_a_door_lists_is_there(door: Path) -> None:
    package = import_module(".".join(door.parent.relative_to(ROOT).parts))
    listed = [name.name for node in ast.parse(door.read_text()).body for name in node.names]  # type: ignore[attr-defined]
    assert listed and len(set(listed)) == len(listed)
    assert all(getattr(package, name) is not None for name in listed)
