"""Shapes in signatures are checked here, in the tests, and nowhere else."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError

from areas.lstm import LSTM, lstm_step

ROOT = Path(__file__).parents[2]


def test_a_call_with_shapes_that_do_not_agree_is_refused() -> None:
    unit = torch.zeros(3, 4)
    lstm_step(unit, unit, unit, unit, memory=unit)
    with pytest.raises(TypeCheckError, match="memory"):
        lstm_step(unit, unit, unit, unit, memory=torch.zeros(2, 4))
    with pytest.raises(TypeCheckError, match="input"):
        lstm_step(unit.long(), unit, unit, unit, memory=unit)


@pytest.mark.slow
def test_whoever_trains_pays_for_no_check() -> None:
    code = (
        "import torch; from areas.lstm import lstm_step; unit = torch.zeros(3, 4);"
        "print(lstm_step(unit, unit, unit, unit, memory=torch.zeros(1, 4))[0].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "torch.Size([3, 4])", done.stderr


def test_checking_draws_none_of_the_random_numbers_that_are_under_test() -> None:
    unit, cell = torch.zeros(3, 4), LSTM()
    state = cell.initial_state(unit)
    before = random.getstate()
    cell.step([unit] * 4, state)  # a list, of which one item is looked at
    assert random.getstate() == before
    with pytest.raises(TypeCheckError):
        cell.step(["no tensor"] * 4, state)  # type: ignore[list-item]
