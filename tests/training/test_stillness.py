"""A silent brain, a black film and rates that never move are told, and marked in the table."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from brainmodel.data.window import Window
from brainmodel.training.stillness import Stillness
from objectives import Activity
from tests.training.runs import fit


def seen(**signals: Tensor) -> Stillness:
    """What was seen of an input "eye" and areas, [time, batch, unit] each."""
    found, zero = Stillness(), torch.zeros(3, 2, 1)
    valid = torch.ones(3, 2, dtype=torch.bool)
    areas = {
        name: Activity(zero, zero, zero, rate, valid)
        for name, rate in signals.items()
        if name != "eye"
    }
    found.see(Window({"eye": signals["eye"]}, ~valid, {}), areas)
    return found.of_all_processes()


MOVING = torch.arange(6.0).view(3, 2, 1)
STEADY = MOVING[:1].expand(3, 2, 1) + 1
NOTHING = torch.zeros(3, 2, 1)


def test_what_moves_is_not_told() -> None:
    assert seen(eye=MOVING, V1=MOVING).sentences() == []
    assert seen(eye=MOVING, V1=MOVING).words() == {}


@pytest.mark.parametrize(
    ("signals", "words", "sentences"),
    [
        ({"eye": NOTHING, "V1": MOVING}, {}, ["The input eye is black"]),
        ({"eye": STEADY, "V1": MOVING}, {}, ["The input eye never changes"]),
        (
            {"eye": MOVING, "V1": NOTHING, "LM": STEADY},
            {"V1": "silent", "LM": "still"},
            ["Area V1 is silent", "Area LM does not move"],
        ),
        (
            {"eye": MOVING, "V1": NOTHING, "LM": NOTHING},
            {"V1": "silent", "LM": "silent"},
            ["The whole brain is silent"],
        ),
    ],
)
def test_what_is_silent_or_still_is_told(
    signals: dict[str, Tensor], words: dict[str, str], sentences: list[str]
) -> None:
    found = seen(**signals)
    assert found.words() == words
    said = found.sentences()
    assert len(said) == len(sentences) and all(map(str.startswith, said, sentences)), said


def test_one_window_in_which_it_moves_is_enough() -> None:
    found = seen(eye=NOTHING, V1=NOTHING)
    valid = torch.ones(3, 2, dtype=torch.bool)
    found.see(
        Window({"eye": MOVING}, ~valid, {}),
        {"V1": Activity(NOTHING, NOTHING, NOTHING, MOVING, valid)},
    )
    assert found.sentences() == []


SILENT = """
from typing import NamedTuple
from torch import Tensor
from areas import Cell

class SilentState(NamedTuple):
    rate: Tensor

class Silent(Cell):
    '''Units that never fire.'''
    currents = ("current",)
    carried = ("rate",)
    state = SilentState
    def step(self, currents, state):
        return SilentState(0.0 * currents[0] + 0.0 * state.rate)
"""


def test_a_silent_area_is_marked_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    Path("silent.py").write_text(SILENT)
    plan = {"cell": "silent.Silent", "rule": "brainmodel.learning.BPTT"}
    fit("--trainer.max_steps=1", config={"model": {"areas": {"PM": plan}}})
    said = capsys.readouterr().out
    assert said.count("Area PM is silent: all its rates are 0; larger weights") == 2  # and before
    row, *_ = [line for line in said.splitlines() if line.startswith("  PM ")]
    assert row.endswith("  silent") and "V1 is silent" not in said
