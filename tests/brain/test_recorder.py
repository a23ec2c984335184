"""A tape has the meaning of a CUDA graph: the same operations, memory and numbers of the host."""

import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from brainmodel.engines import CudaGraphs, Replayed, Tape
from brainmodel.errors import Unrecordable


def test_a_tape_reads_what_stands_in_its_tensors_and_writes_into_the_same_results() -> None:
    x, total, calls = torch.ones(3), torch.zeros(3), []

    def function() -> Tensor:
        calls.append(1)
        total.add_(x)
        return (2 * x[1:]).cumsum(0)

    taken = Tape().record(function)
    assert torch.equal(total, torch.zeros(3)), "recording changes nothing"
    result = taken.result
    for value in (1.0, 5.0):
        x.fill_(value)
        taken.replay()
        assert torch.equal(result, torch.tensor([2 * value, 4 * value]))
    assert torch.equal(total, torch.full((3,), 6.0)) and calls == [1]
    assert taken.operations == 3, "views are none"


def test_a_tape_freezes_numbers_of_the_host() -> None:
    x, factor = torch.ones(2), [2.0]
    taken = Tape().record(lambda: factor[0] * x)
    factor[0] = 9.0
    taken.replay()
    assert torch.equal(taken.result, torch.full((2,), 2.0))


def test_a_tape_draws_random_numbers_anew() -> None:
    torch.manual_seed(3)
    expected = [torch.rand(2), torch.rand(2)]
    torch.manual_seed(3)
    taken = Tape().record(lambda: torch.rand(2))
    for wanted in expected:
        taken.replay()
        assert torch.equal(taken.result, wanted)


ASKED: dict[str, Callable[[Tensor], object]] = {
    "item": lambda x: x.sum().item(),
    "bool": lambda x: bool(x.any()),
    "float": lambda x: float(x[0]),
    "tolist": lambda x: x.tolist(),
    "numpy": lambda x: x.numpy(),
    "nonzero": lambda x: x.nonzero(),
    "where": lambda x: torch.where(x > 0),
    "a mask": lambda x: x[x > 0],
    "masked_select": lambda x: x.masked_select(x > 0),
    "unique": lambda x: x.unique(),
    "equal": lambda x: torch.equal(x, x),
    "a number of the host": lambda x: x + torch.tensor([1.0, 2.0, 3.0]),
    "memory past torch": lambda x: x.data_ptr(),
}


@pytest.mark.parametrize("name", ASKED)
def test_who_asks_the_device_is_refused(name: str) -> None:
    x = torch.ones(3)
    with pytest.raises(Unrecordable, match="something in it"):
        Tape().record(lambda: ASKED[name](x))


def test_cuda_is_told_in_words_that_torch_has() -> None:
    inspect.signature(torch.cuda.graph).bind(
        None, object(), object(), capture_error_mode="thread_local"
    )
    assert "thread_local" in inspect.getsource(CudaGraphs.record)
    with pytest.raises(ValueError, match=r"^engine.kinds: need 1 or more kinds of windows, got 0"):
        Replayed(kinds=0)
