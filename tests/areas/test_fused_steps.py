"""A run of native steps, its products compiled in, is what the same steps are one by one."""

from collections.abc import Callable

import pytest
import torch

from areas import (
    ALIF,
    GRU,
    Cell,
    ConductanceBased,
    FixSubLSTM,
    Leaky,
    Pyramidal,
    ShortTermPlasticity,
    SubLSTM,
)
from areas.loops.compiled import find_compiler
from areas.record import stretches
from tests.run_of_steps import STEPS, assert_near, window

CELLS: dict[str, Callable[[], Cell]] = {
    "ALIF": ALIF,
    "Conductance": ConductanceBased,
    "Fix": FixSubLSTM,
    "GRU": GRU,
    "Leaky": Leaky,
    "Pyramidal": Pyramidal,
    "ShortTerm": ShortTermPlasticity,
    "Sub": SubLSTM,
}
SIZES = [(1, 1), (7, 3), (9, 16), (8, 32), (19, 37)]  # (batch, unit); a panel has 2 to 32 columns

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C compiler")


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Number of threads that share a loop, however small it is."""
    monkeypatch.setattr("areas.loops.native.torch.get_num_threads", lambda: request.param)
    monkeypatch.setattr("areas.loops.native.SHARED", 0)
    return request.param


@pytest.mark.sampled(12)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.usefixtures("threads")
@torch.no_grad()
def test_a_run_is_its_steps_one_by_one(
    monkeypatch: pytest.MonkeyPatch, cell: str, dtype: torch.dtype, size: tuple[int, int]
) -> None:
    found, runs = [], []
    for native in ("1", "0"):
        monkeypatch.setenv("BRAINMODEL_NATIVE", native)
        made = window(CELLS[cell](), size[0], size[1:], dtype)
        runs.append(type(made.forward()).__name__)
        found.append(made.go())
    assert runs == ["FusedForward", "TensorForward"]
    for a, b in zip(*found, strict=True):
        assert_near(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_an_empty_run_changes_nothing(cell: str) -> None:
    made, untouched = (window(CELLS[cell](), 3, [4], torch.float64) for _ in range(2))
    made.forward().run(STEPS, STEPS, made.area.recurrence)
    reverse = made.reverse()
    reverse.run(1, 1, made.area.recurrence)
    for a, b in zip(made[1:], untouched[1:], strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("breaks", "expected"),
    [
        ([False] * 3, [(0, 3)]),
        ([True, False, True, True], [(0, 2), (2, 3), (3, 4)]),
        ([False, False, True], [(0, 2), (2, 3)]),
        ([], []),
    ],
)
def test_stretches_begin_where_a_stream_was_reset(
    breaks: list[bool], expected: list[tuple[int, int]]
) -> None:
    assert stretches(breaks) == expected
