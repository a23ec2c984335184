"""What rules are made of knows the contract of a rule and no rule."""

import ast
from pathlib import Path

import pytest

from brainmodel.learning import credit

ROOM = "brainmodel.learning"
KNOWN = (f"{ROOM}.rule", f"{ROOM}.learning_signal", f"{ROOM}.credit")
FILES = sorted(Path(credit.__file__).parent.glob("*.py"))


def rules_imported(text: str) -> list[str]:
    """Modules of the room that a file of `credit` imports and must not know."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = node.module or ""
            found += [f"{whole}.{alias.name}" if whole == ROOM else whole for alias in node.names]
    inside = [name for name in found if name.startswith(ROOM)]
    return [n for n in inside if not any(n == k or n.startswith(f"{k}.") for k in KNOWN)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_of_credit_imports_a_rule(path: Path) -> None:
    assert rules_imported(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "from brainmodel.learning.bptt import BPTT",
        "from brainmodel.learning import EProp",
        "import brainmodel.learning.rtrl",
        "from brainmodel.learning.modulation import Reward",
    ],
)
def test_who_does_is_noticed(line: str) -> None:
    assert rules_imported(line)
    assert rules_imported("from brainmodel.learning.rule import Rule") == []
