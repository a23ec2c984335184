"""Keys of an area's weights: they name its parameters, and no other file makes or cuts them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from areas import Area, Leaky, LearntFeedback, Predictor
from areas.keys import BIAS, belongs_to_predictor, of_feedback, of_predictor, of_units, short

ROOT = Path(__file__).parent.parent.parent
MADE_HERE = {"areas/keys.py", "brainmodel/wiring/parameter_names.py"}
FILES = sorted(path for folder in ("areas", "brainmodel") for path in (ROOT / folder).rglob("*.py"))
PIECE = re.compile(r"synapses\.|^predictor\.$|predictor\.bias|\.weight$")


def area() -> Area:
    predictor = Predictor(feedback=LearntFeedback())
    return Area(Leaky(0.5), [3], [2], {"top": [4]}, predictor, afferents=["drive", "error"])


def test_the_keys_are_what_the_parameters_are_called() -> None:
    sources = ("drive", "error", "top", "recurrent", BIAS)
    keys = {of_units(source) for source in sources}
    keys |= {of_predictor(source) for source in ("rate", "top", BIAS)} | {of_feedback("weight")}
    made = area()
    assert made.weights().keys() == keys
    for key, parameter in made.weights().items():
        assert made.get_parameter(key) is parameter
    groups = made.all_synapses()
    assert groups.keys() == {key for key in keys if key.endswith("weight")} - {
        of_feedback("weight")
    }
    assert all(made.weights()[key] is synapses.weight for key, synapses in groups.items())


def test_a_key_says_whose_it_is() -> None:
    found = {short(key): belongs_to_predictor(key) for key in area().weights()}
    units = ("drive", "error", "top", "recurrent", "bias")
    predictor = ("predictor.rate", "predictor.top", "predictor.bias", "predictor.feedback")
    assert found == dict.fromkeys(units, False) | dict.fromkeys(predictor, True)


def texts(source: str) -> Iterator[str]:
    """Pieces of text in a file, but for its docstrings and what its errors say."""
    silent: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):  # parents come before their children
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or isinstance(node, ast.Raise):
            silent.update(ast.walk(node))
        elif isinstance(node, ast.Constant) and node not in silent and isinstance(node.value, str):
            yield node.value


def cuts(source: str) -> list[str]:
    return [text for text in texts(source) if PIECE.search(text)]


def test_no_other_file_makes_or_cuts_a_key() -> None:
    others = [path for path in FILES if path.relative_to(ROOT).as_posix() not in MADE_HERE]
    assert [path for path in others if cuts(path.read_text())] == []


@pytest.mark.parametrize(
    "line",
    [
        'found[f"synapses.{name}.weight"] = 1',
        'name.startswith("predictor.")',
        'name.removesuffix(".weight")',
        'found = {"predictor.bias": 1}',
    ],
)
def test_who_does_is_noticed(line: str) -> None:
    assert cuts(line)
