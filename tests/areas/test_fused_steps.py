"""A run of native steps, its products compiled in, is what the same steps are one by one."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from areas import (
    ALIF,
    GRU,
    Area,
    Cell,
    ConductanceBased,
    FixSubLSTM,
    Leaky,
    Pyramidal,
    ShortTermPlasticity,
    SubLSTM,
)
from areas.loops.compiled import find_compiler
from areas.loops.steps import Forward, Reverse
from areas.record import stretches

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
STEPS = 5

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C compiler")


class Window(NamedTuple):
    """What a run of steps reads, and where it writes."""

    area: Area
    currents: Tensor
    fields: dict[str, Tensor]
    rate_bar: Tensor
    carried_bar: list[Tensor]

    def forward(self) -> Forward:
        """Its steps."""
        return self.area.dynamics.forward(self.currents, self.fields)

    def reverse(self) -> Reverse:
        """The reverse of its steps."""
        befores = [self.fields[name][:-1] for name in self.area.cell.carried]
        return self.area.dynamics.reverse(self.currents, befores, self.rate_bar, self.carried_bar)


def window(cell: str, size: tuple[int, int], dtype: torch.dtype) -> Window:
    """The same window each time: currents, a state before it, and what a loss says."""
    torch.manual_seed(0)
    batch, units = size
    area = Area(CELLS[cell](), [units], [2], {}, None, ["drive"]).to(dtype)
    count = len(area.cell.currents)
    fields = {
        name: torch.rand(STEPS + 1, batch, units, dtype=dtype)
        for name in area.cell.state._fields  # type: ignore[attr-defined]
    }
    bars = [torch.randn(batch, units, dtype=dtype) for _ in area.cell.carried]
    currents = torch.randn(STEPS, batch, count * units, dtype=dtype)
    return Window(area, currents, fields, torch.randn(STEPS, batch, units, dtype=dtype), bars)


def assert_near(found: Tensor, expected: Tensor) -> None:
    """Equal but for rounding, which sums of other order and later steps make larger."""
    rounding = 1e-4 if found.dtype == torch.float32 else 1e-12
    torch.testing.assert_close(found, expected, rtol=rounding, atol=rounding)


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Number of threads that share a loop, however small it is."""
    monkeypatch.setattr("areas.loops.native.torch.get_num_threads", lambda: request.param)
    monkeypatch.setattr("areas.loops.native.SHARED", 0)
    return request.param


@pytest.mark.sampled(8)
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
        made = window(cell, size, dtype)
        forward = made.forward()
        forward.run(1, STEPS, made.area.recurrence)
        reverse = made.reverse()
        reverse.run(2, STEPS, made.area.recurrence)
        reverse.run(1, 2)
        runs.append(type(forward).__name__)
        said = (reverse.currents_bar[1:], made.rate_bar, *made.carried_bar)
        found.append((made.currents, *made.fields.values(), *said))
    assert runs == ["FusedForward", "TensorForward"]
    for a, b in zip(*found, strict=True):
        assert_near(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_an_empty_run_changes_nothing(cell: str) -> None:
    made, untouched = window(cell, (3, 4), torch.float64), window(cell, (3, 4), torch.float64)
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
