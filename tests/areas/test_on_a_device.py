"""Triton loops on a graphics processor; `tests/conftest.py` hides it from every other test.

Where there is one, one test of the suite runs this file in a process that sees it; by hand:

    CUDA_VISIBLE_DEVICES=0 python -m pytest tests/areas/test_on_a_device.py
"""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

from areas import SubLSTM
from areas.loops.precision import products_in
from brainmodel.learning import BPTT, EProp
from tests import lessons, toy
from tests.run_of_steps import assert_near, window

ROOT = Path(__file__).parents[2]
DTYPES = [torch.float32, torch.float64]
SHAPES = [[5], [70], [256], [3, 4, 5]]
DRIVERS = ("/dev/nvidiactl", "/dev/kfd")  # of NVIDIA, of AMD
SEEN = torch.cuda.is_available()
needs_device = pytest.mark.skipif(not SEEN, reason="no graphics processor is seen in this process")


@pytest.mark.skipif(SEEN, reason="this process sees a graphics processor: it runs the tests itself")
@pytest.mark.skipif(
    not any(Path(driver).exists() for driver in DRIVERS), reason="there is no graphics processor"
)
def test_all_of_this_file_passes_on_the_graphics_processor_that_is_here() -> None:
    command = [sys.executable, "-m", "pytest", "-q", str(Path(__file__).relative_to(ROOT))]
    shown = os.environ | {"CUDA_VISIBLE_DEVICES": "0"}
    done = subprocess.run(command, cwd=ROOT, env=shown, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


@needs_device
@pytest.mark.parametrize("cell", toy.CELLS)
@torch.no_grad()
def test_a_run_there_is_its_tensor_calls_here(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for dtype, units in product(DTYPES, SHAPES):
        there = window(toy.CELLS[cell](), 19, units, dtype, "cuda")
        assert type(there.forward()).__name__ == "TritonForward"
        found = there.go()
        with monkeypatch.context() as patched:
            patched.setenv("BRAINMODEL_NATIVE", "0")
            expected = window(toy.CELLS[cell](), 19, units, dtype).go()
        for a, b in zip(found, expected, strict=True):
            assert_near(a.cpu(), b)


@needs_device
@torch.no_grad()
def test_products_there_are_short_where_that_is_said() -> None:
    exact = window(SubLSTM(), 19, [70], torch.float32, "cuda").go()
    with products_in(torch.bfloat16):
        found = window(SubLSTM(), 19, [70], torch.float32, "cuda").go()
    for a, b in zip(found, exact, strict=True):
        torch.testing.assert_close(a, b, rtol=5e-2, atol=5e-2)
    assert not torch.equal(found[0], exact[0])


@needs_device
@pytest.mark.parametrize("rule", [BPTT, EProp])
@pytest.mark.parametrize("maps", [False, True])
def test_a_brain_there_learns_what_it_learns_here(rule: type, maps: bool) -> None:
    def brain() -> toy.Brain:
        return toy.ladder(lambda name: rule(), cells=[SubLSTM] * 3, maps=maps)

    inputs, reset = toy.stream(brain(), batch=3, steps=4)
    here = lessons.learn(brain(), inputs, reset, [3, 1])
    inputs = {name: signal.cuda() for name, signal in inputs.items()}
    there = lessons.learn(brain().cuda(), inputs, reset.cuda(), [3, 1])
    lessons.assert_same({name: gradient.cpu() for name, gradient in there.items()}, here)
