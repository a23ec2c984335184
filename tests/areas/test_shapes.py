"""Shapes in signatures are checked here, in the tests, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError

from areas.lstm import lstm_step

ROOT = Path(__file__).parents[2]


def test_a_call_with_shapes_that_do_not_agree_is_refused() -> None:
    unit = torch.zeros(3, 4)
    lstm_step(unit, unit, unit, unit, memory=unit)
    with pytest.raises(TypeCheckError, match="memory"):
        lstm_step(unit, unit, unit, unit, memory=torch.zeros(2, 4))
    with pytest.raises(TypeCheckError, match="input"):
        lstm_step(unit.long(), unit, unit, unit, memory=unit)


def test_whoever_trains_pays_for_no_check() -> None:
    code = (
        "import torch; from areas.lstm import lstm_step; unit = torch.zeros(3, 4);"
        "print(lstm_step(unit, unit, unit, unit, memory=torch.zeros(1, 4))[0].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "torch.Size([3, 4])", done.stderr
