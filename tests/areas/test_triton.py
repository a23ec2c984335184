"""Triton loops, interpreted on the processor, are what tensor calls are; so are their gradients."""

import inspect
import math
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from areas import LSTM, Cell, Leaky, SubLSTM
from areas.loops import fuse, triton_kernel, triton_text
from areas.loops.compiled import Unavailable
from areas.loops.dynamics import Dynamics
from areas.loops.triton_kernel import Array, TritonKernel, fuse_in_triton
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.learning.credit.influence_passes import TritonPasses
from tests import lessons, toy
from tests.run_of_steps import STEPS, assert_near, window

DTYPES = [torch.float32, torch.float64]
PROCESSOR = torch.device("cpu")

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="there is no Triton here")


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.delenv("BRAINMODEL_NATIVE", raising=False)


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each launch took."""
    assert triton_kernel._trouble("cpu") is None, "tried before, so that it does not count"
    steps, sweep = [], TritonKernel.sweep

    def counted(kernel: TritonKernel, size: Any, many: int, *arguments: Any) -> None:
        steps.append(many)
        sweep(kernel, size, many, *arguments)

    monkeypatch.setattr(TritonKernel, "sweep", counted)
    return steps


def made_of(function: Callable[..., Sequence[Tensor]], results: int, *tensors: Tensor):
    """What the loop makes of tensors [rows, columns]."""
    kernel = fuse_in_triton(function, (0, len(tensors)), (0, results), tensors[0].dtype)
    made = [torch.full_like(tensors[0], math.nan) for _ in range(results)]
    rows, columns = tensors[0].shape
    kernel.sweep((rows, columns), 1, [Array(t) for t in (*tensors, *made)], None)
    return made


def both(
    monkeypatch: pytest.MonkeyPatch, cell: Cell, batch: int, units: Sequence[int], kind: torch.dtype
) -> list[list[Tensor]]:
    """A run forwards and back by Triton loops, and by tensor calls."""
    found, runs = [], []
    for native in ("1", "0"):
        monkeypatch.setenv("BRAINMODEL_NATIVE", native)
        with torch.no_grad():
            made = window(cell, batch, units, kind)
            runs += [type(made.forward()).__name__, type(made.reverse()).__name__]
            found.append(made.go())
    assert runs == ["TritonForward", "TritonReverse", "TensorForward", "TensorReverse"]
    return found


@pytest.mark.sampled(4)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cell", toy.CELLS)
def test_a_run_of_every_cell_is_its_tensor_calls(
    monkeypatch: pytest.MonkeyPatch, cell: str, dtype: torch.dtype
) -> None:
    for a, b in zip(*both(monkeypatch, toy.CELLS[cell](), 3, [5], dtype), strict=True):
        assert_near(a, b)


@pytest.mark.parametrize(
    ("batch", "units"),
    [(1, [1]), (17, [16]), (2, [33]), (19, [70]), (2, [2, 3, 5]), (1, [6, 9, 10])],
    ids=str,
)
def test_blocks_end_where_rows_and_units_do(
    monkeypatch: pytest.MonkeyPatch, batch: int, units: Sequence[int]
) -> None:
    monkeypatch.setattr(triton_kernel, "UNITS", 64)
    monkeypatch.setattr(triton_kernel, "DEPTH", 256)
    for a, b in zip(*both(monkeypatch, SubLSTM(), batch, units, torch.float64), strict=True):
        assert_near(a, b)


@torch.no_grad()
def test_a_run_is_one_launch_until_weights_are_too_many(
    monkeypatch: pytest.MonkeyPatch, launches: list[int]
) -> None:
    few = window(LSTM(), 3, [5], torch.float64).go()
    assert launches == [STEPS - 1, STEPS - 2, 1]
    launches.clear()
    monkeypatch.setattr("areas.loops.triton_steps.MOST", 4 * 5 * 5 - 1)
    many = window(LSTM(), 3, [5], torch.float64).go()
    assert launches == [1] * (2 * STEPS - 3) + [1]
    for a, b in zip(few, many, strict=True):
        assert_near(a, b)


@torch.no_grad()
def test_an_empty_run_changes_nothing() -> None:
    made, untouched = (window(LSTM(), 3, [4], torch.float64) for _ in range(2))
    made.forward().run(STEPS, STEPS, made.area.recurrence)
    made.reverse().run(1, 1, made.area.recurrence)
    none = window(LSTM(), 0, [4], torch.float64)
    none.forward().step(0)
    for a, b in zip(made[1:], untouched[1:], strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("rule", ["bptt", "e_prop", "gated_microcircuit", "rflo"])
def test_the_steps_of_a_window_are_two_launches_each_way_at_most(
    rule: str, launches: list[int]
) -> None:
    brain = toy.lone(toy.fit(rule)(), rule=toy.RULES[rule](), afferents=["drive"])
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    activities, _ = brain(inputs, reset)
    assert launches in ([6], [6, 5]), "the steps; what traces will need of the next window"
    launches.clear()
    activities["V1"].rate.sum().backward()
    assert launches in ([6], [5, 1])


@pytest.mark.parametrize("maps", [False, True])
def test_a_brain_learns_what_it_learns_by_tensor_calls(
    monkeypatch: pytest.MonkeyPatch, maps: bool, launches: list[int]
) -> None:
    found = []
    for native in ("1", "0"):
        monkeypatch.setenv("BRAINMODEL_NATIVE", native)
        rules = {"V1": BPTT, "LM": EProp, "PM": BPTT}
        cells = [SubLSTM, Leaky, LSTM]
        brain: Brain = toy.ladder(lambda name, own=rules: own[name](), cells=cells, maps=maps)
        inputs, reset = toy.stream(brain, batch=3, steps=4)
        found.append(lessons.learn(brain, inputs, reset, [3, 1]))
    assert launches
    lessons.assert_same(*found)


@pytest.mark.parametrize("dtype", DTYPES)
def test_mathematics_is_accurate_near_zero_and_far_away(dtype: torch.dtype) -> None:
    sizes = torch.logspace(-30, 2.5, 401, dtype=torch.float64)
    x = torch.cat([-sizes.flip(0), torch.zeros(1, dtype=torch.float64), sizes]).to(dtype)[None]
    functions = (torch.tanh, torch.sigmoid, F.softplus, lambda x: x.abs().log1p())
    found = made_of(lambda x: tuple(f(x) for f in functions), len(functions), x)
    errors = [(a.double() - f(x.double())).abs() for a, f in zip(found, functions, strict=True)]
    rounding, size = 4 * torch.finfo(dtype).eps, x.double().abs()
    assert errors[0].max() < rounding and errors[1].max() < rounding
    assert (errors[0] <= rounding * size)[size < (1e-3 if dtype == torch.float64 else 1e-1)].all()
    assert (errors[2] <= rounding * F.softplus(x.double()) + 1e-12).all()
    assert (errors[3] <= rounding * size.log1p()).all()


def test_what_is_not_a_number_stays_visible() -> None:
    x = torch.tensor([[math.nan, 1.0, -1.0, math.inf, -math.inf]], dtype=torch.float64)
    functions = (torch.tanh, torch.sigmoid, torch.relu, torch.exp, torch.abs, F.relu6, torch.log1p)
    found = made_of(lambda x: tuple(f(x) for f in functions), len(functions), x)
    for a, f in zip(found, functions, strict=True):
        torch.testing.assert_close(a, f(x), equal_nan=True)


def test_choices_and_constants_are_what_tensor_calls_make_of_them() -> None:
    def chosen(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        inside = torch.logical_and(x > -1, x <= y) | torch.logical_not(y < 0.1)
        return torch.where(inside, x / 0.3, -y), torch.full_like(x, 0.1), (x >= y) * x, 1 / y

    x, y = torch.randn(2, 7, 11, dtype=torch.float64).unbind(0)
    for a, b in zip(made_of(chosen, 4, x, y), chosen(x, y), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-15, atol=0)


def test_both_languages_know_the_same_operations() -> None:
    assert list(triton_text.EXPRESSIONS) == list(fuse.EXPRESSIONS)


def test_an_area_says_that_triton_takes_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Dynamics(Leaky()).loops_in_use(PROCESSOR, torch.float32)
    assert str(told).startswith("native loops (compiled by Triton 3.") and told.missing is None
    with pytest.raises(Unavailable, match="no Triton expression .* of the operation 'round'"):
        made_of(lambda x: (x.round(),), 1, torch.ones(1, 1))
    with pytest.raises(Unavailable, match="float32 or float64, not float16"):
        made_of(lambda x: (x + 1,), 1, torch.ones(1, 1).half())
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    told = Dynamics(Leaky()).loops_in_use(PROCESSOR, torch.float32)
    assert "BRAINMODEL_NATIVE=0" in str(told)


@pytest.mark.parametrize(
    ("what", "instead", "why"),
    [
        ("find_spec", lambda name: None, "there is no Triton; it comes with torch's wheels"),
        ("_kernel", lambda *_: 1 / 0, "Triton fails: division by zero"),
        ("TritonKernel.sweep", lambda *_: None, "Triton computes something else"),
    ],
)
def test_where_triton_does_not_work_tensor_calls_take_the_steps(
    what: str, instead: Callable[..., Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    triton_kernel._trouble.cache_clear()
    monkeypatch.setattr(f"areas.loops.triton_kernel.{what}", instead)
    try:
        made = window(Leaky(), 2, [3], torch.float64)
        assert str(made.area.dynamics.loops_in_use(PROCESSOR, torch.float64)).startswith(
            f"tensor calls ({why}"
        )
        assert type(made.forward()).__name__ == "TensorForward"
    finally:
        triton_kernel._trouble.cache_clear()


def test_float32_is_multiplied_as_torch_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert triton_kernel.precision() == "ieee"
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "high")
    assert triton_kernel.precision() == "tf32"


def for_an_h100(launched: Any, pointers: set[str], kind: str, **chosen: Any) -> str:
    """The machine's text of a function that Triton launches, for a device that need not be there.

    Args:
        launched: the function.
        pointers: which of its arguments are arrays.
        kind: of the numbers in them, as Triton calls it.
        chosen: its constants.
    """
    from triton import compile
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    names = list(inspect.signature(launched.fn).parameters)
    kinds = {name: f"*{kind}" if name in pointers else "i32" for name in names}
    kinds |= dict.fromkeys(chosen, "constexpr")
    made = compile(ASTSource(launched, kinds, chosen), target=GPUTarget("cuda", 90, 32))
    assert made.asm["cubin"]
    return made.asm["ptx"]


@pytest.fixture
def _on_an_h100(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TRITON_INTERPRET")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("areas.loops.triton_kernel._trouble", lambda device: None)


@pytest.mark.slow  # a compiler
@pytest.mark.parametrize(
    ("direction", "dtype", "kind"), [(0, torch.float32, "fp32"), (1, torch.float64, "fp64")]
)
@pytest.mark.usefixtures("_on_an_h100")
def test_a_graphics_processor_has_a_program_for_a_cell(
    direction: int, dtype: torch.dtype, kind: str
) -> None:
    kernel = Dynamics(SubLSTM())._fuse(direction, "cuda", dtype)
    assert isinstance(kernel, TritonKernel)
    names = list(inspect.signature(kernel.launched.fn).parameters)
    arrays = {name for name in names if f"{name}_by" in names} | {"weight"}
    chosen = {"BEFORE": not direction, "AFTER": bool(direction), "PRECISION": "tf32"}
    chosen |= {"ROWS": 16, "UNITS": 128, "DEPTH": 16}
    import triton.language as tl

    chosen |= dict.fromkeys(("SHORT", "TAKEN"), tl.float64 if direction else tl.bfloat16)
    text = for_an_h100(kernel.launched, arrays, kind, **chosen)
    assert text.count("bar.sync") >= 2, "what was written is waited for"


@pytest.mark.usefixtures("_on_an_h100")
def test_a_graphics_processor_has_programs_for_influences() -> None:
    made, tile = TritonPasses().made, {"ROWS": 32, "SOURCES": 64}
    pointers = {"old", "moved", "back", "weights", "signal", "kept", "bars", "found"}
    for_an_h100(made["move"], pointers, "fp32", **tile, STEPS=16, PRECISION="ieee")
    for_an_h100(made["credit"], pointers, "fp32", **tile)
