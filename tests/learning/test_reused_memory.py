"""Reused memory: large tensors get what others left, and no more is kept than is in use."""

import gc
from copy import deepcopy

import pytest
import torch

from brainmodel.learning.credit.reused_memory import LARGE, ReusedMemory

ELEMENTS = LARGE // 4


def test_a_large_tensor_gets_the_memory_that_another_left() -> None:
    memory = ReusedMemory()
    example = torch.zeros(3, ELEMENTS)
    kept, first = memory.like(example), memory.like(example)
    place = first.data_ptr()
    del first
    gc.collect()
    assert memory.spare == memory.used == 3 * LARGE
    again = memory.like(example)
    assert again.data_ptr() == place != kept.data_ptr()
    assert memory.spare == 0


def test_what_a_view_needs_is_not_given_away() -> None:
    memory = ReusedMemory()
    held = memory.like(torch.zeros(ELEMENTS))
    view = held.fill_(1.0)[5:9].detach()
    del held
    gc.collect()
    memory.like(torch.zeros(ELEMENTS)).fill_(2.0)
    assert view.tolist() == [1.0] * 4


def test_no_more_is_kept_than_is_in_use() -> None:
    memory = ReusedMemory()
    tensors = [memory.like(torch.zeros(size * ELEMENTS)) for size in (1, 2, 4, 1)]
    assert memory.used == 8 * LARGE
    del tensors[2]
    gc.collect()
    assert (memory.used, memory.spare) == (4 * LARGE, 4 * LARGE)
    tensors.pop()
    gc.collect()
    assert (memory.used, memory.spare) == (3 * LARGE, LARGE)
    tensors.clear()
    gc.collect()
    assert (memory.used, memory.spare) == (0, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("elements", [7, ELEMENTS + 1])
def test_a_tensor_of_the_same_kind_and_contiguous(dtype: torch.dtype, elements: int) -> None:
    example = torch.zeros(elements, 2, dtype=dtype).t()
    made = ReusedMemory().like(example)
    assert made.shape == example.shape
    assert made.dtype == dtype
    assert made.is_contiguous()
    torch.testing.assert_close(made.fill_(3.0), torch.full((2, elements), 3.0, dtype=dtype))


def test_without_anonymous_memory_the_allocator_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("mmap.MAP_ANONYMOUS")
    memory = ReusedMemory()
    assert memory.like(torch.zeros(ELEMENTS)).shape == (ELEMENTS,)
    assert memory.used == 0


def test_a_copy_begins_without_blocks() -> None:
    memory = ReusedMemory()
    held = memory.like(torch.zeros(ELEMENTS))
    assert memory.used == held.numel() * 4
    copied = deepcopy(memory)
    assert (copied.used, copied.spare) == (0, 0)
