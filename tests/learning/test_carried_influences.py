"""Influences moved on and credited, by native loops and by tensor calls: their definition."""

import pytest
import torch
from torch import Tensor

from brainmodel.learning.credit import carried_influences, influence_passes
from brainmodel.learning.credit.carried_influences import credit_influences, move_influences
from brainmodel.learning.credit.influence_passes import TritonPasses, compiled
from brainmodel.learning.credit.reused_memory import ReusedMemory

Size = tuple[int, int, int, int, int, int, int]
SIZES: list[Size] = [  # (batch, lane, field, unit, current, source, time)
    (1, 1, 1, 1, 1, 1, 1),
    (3, 2, 2, 5, 3, 2, 4),
    (5, 3, 2, 7, 2, 40, 3),
    (2, 1, 1, 8, 1, 64, 2),
    (4, 2, 1, 6, 3, 33, 5),
    (5, 2, 2, 60, 5, 256, 3),  # so large that it is written past the caches
]

pytestmark = [
    pytest.mark.parametrize("dtype", [torch.float32, torch.float64]),
    pytest.mark.parametrize("size", SIZES, ids=str),
]


def another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tensors of the processor treated as if they lay elsewhere."""
    monkeypatch.setattr(carried_influences, "passes", lambda kept: None)
    monkeypatch.setattr("areas.loops.chunks.cached", lambda device: False)


@pytest.fixture(
    params=["one core", "two cores", "tensor calls", "another device", "Triton"], autouse=True
)
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, size: Size) -> None:
    """How the passes are made, however small they are."""
    if request.param == "another device":
        another_device(monkeypatch)
        return
    if request.param == "tensor calls":
        monkeypatch.setattr(carried_influences, "passes", lambda kept: None)
        monkeypatch.setattr(carried_influences, "CHUNK", 200)  # of few streams at a time
        return
    if request.param == "Triton":
        pytest.importorskip("triton")
        monkeypatch.setenv("TRITON_INTERPRET", "1")
        tile = (128, 256) if size is SIZES[-1] else (16, 16)  # interpreted, each takes its time
        monkeypatch.setattr(influence_passes, "TILE", {"ROWS": tile[0], "SOURCES": tile[1]})
        assert type(carried_influences.passes(torch.zeros(1))) is TritonPasses
        return
    if compiled(torch.float32) is None:
        pytest.skip("no C compiler")
    count = 1 if request.param == "one core" else 2
    monkeypatch.setattr("areas.loops.native.torch.get_num_threads", lambda: count)
    monkeypatch.setattr("areas.loops.native.SHARED", 0)


def assert_near(found: Tensor, expected: Tensor) -> None:
    """Equal but for rounding of sums in another order."""
    rounding = 1e-5 if found.dtype == torch.float32 else 1e-12
    torch.testing.assert_close(found, expected, rtol=rounding, atol=rounding)


def each_row(bar: Tensor, currents: int) -> Tensor:
    """[batch, unit] as [batch, current * unit, 1]."""
    return bar.repeat(1, currents)[:, :, None]


def test_influences_move_by_their_definition(size: Size, dtype: torch.dtype) -> None:
    batch, lanes, fields, units, currents, sources, steps = size
    torch.manual_seed(0)
    old = torch.randn(batch, lanes, currents * units, sources, dtype=dtype)
    before = torch.randn(batch, units, lanes, fields, dtype=dtype)
    back = [lane.unbind(2) for lane in before.unbind(2)]
    weights = torch.randn(steps, batch, lanes, currents * units, dtype=dtype)
    signal = torch.randn(steps, batch, sources, dtype=dtype)
    found = move_influences(old, back, weights.unbind(2), signal, ReusedMemory())
    written = torch.einsum("tblr,tbj->blrj", weights, signal)
    for lane, bars in enumerate(back):
        held = sum(each_row(bar, currents) * old[:, f] for f, bar in enumerate(bars))
        assert_near(found[:, lane], held + written[:, lane])
    assert_near(move_influences(None, back, weights.unbind(2), signal, ReusedMemory()), written)


def test_moving_leaves_what_was_before(size: Size, dtype: torch.dtype) -> None:
    batch, lanes, _, units, currents, sources, steps = size
    old = torch.ones(batch, lanes, currents * units, sources, dtype=dtype)
    back = [[torch.zeros(batch, units, dtype=dtype)]] * lanes
    weights = [torch.ones(steps, batch, currents * units, dtype=dtype)] * lanes
    move_influences(
        old, back, weights, torch.ones(steps, batch, sources, dtype=dtype), ReusedMemory()
    )
    assert bool((old == 1).all())


def test_layout_in_memory_does_not_matter(size: Size, dtype: torch.dtype) -> None:
    batch, lanes, _, units, currents, sources, steps = size
    torch.manual_seed(0)
    old = torch.randn(batch, lanes, currents * units, sources, dtype=dtype)
    weights = [torch.randn(steps, batch, currents * units, dtype=dtype) for _ in range(lanes)]
    signal = torch.randn(steps, batch, sources, dtype=dtype)
    back = [[torch.randn(batch, units, dtype=dtype)] for _ in range(lanes)]
    turned = [
        [bar.t().contiguous().t() for bar in bars] if k else bars for k, bars in enumerate(back)
    ]
    mixed = [each.transpose(0, 2).contiguous().transpose(0, 2) for each in weights]
    other = signal.transpose(0, 2).contiguous().transpose(0, 2)
    found = move_influences(
        old.transpose(1, 3).contiguous().transpose(1, 3), turned, mixed, other, ReusedMemory()
    )
    assert_near(found, move_influences(old, back, weights, signal, ReusedMemory()))
    gradients = [torch.zeros(currents * units, sources, dtype=dtype) for _ in range(2)]
    credit_influences(old, back[0], gradients[0])
    credit_influences(old.transpose(1, 3).contiguous().transpose(1, 3), back[0], gradients[1])
    assert_near(gradients[0], gradients[1])


def test_credit_is_the_sum_over_streams_and_fields(size: Size, dtype: torch.dtype) -> None:
    batch, lanes, _, units, currents, sources, _ = size
    torch.manual_seed(0)
    kept = torch.randn(batch, lanes + 1, currents * units, sources, dtype=dtype)
    bars = torch.randn(batch, units, lanes, dtype=dtype).unbind(2)
    found = torch.randn(currents * units, sources, dtype=dtype)
    expected = found + sum(
        (each_row(bar, currents) * kept[:, 1 + f]).sum(0) for f, bar in enumerate(bars)
    )
    credit_influences(kept[:, 1:], bars, found)
    assert_near(found, expected)
