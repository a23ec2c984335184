"""Fused loops compute what the tensor calls they were made of compute, or stand back."""

import math
import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from areas import Leaky
from areas.loops.compiled import Unavailable, find_compiler
from areas.loops.dynamics import Dynamics
from areas.loops.fuse import fuse
from areas.loops.fused_steps import FusedForward
from areas.loops.native import Kernel
from areas.loops.steps import TensorForward
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.scopes import Global
from tests import lessons, toy

DTYPES = [torch.float32, torch.float64]
Function = Callable[..., Sequence[Tensor]]

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler")


def assert_near(found: Tensor, expected: Tensor, slack: float = 1.0) -> None:
    """Equal but for rounding in their precision."""
    rounding = slack * (1e-6 if found.dtype == torch.float32 else 1e-13)
    torch.testing.assert_close(found, expected, rtol=rounding, atol=rounding, equal_nan=True)


def fused(function: Function, results: int, *tensors: Tensor) -> list[Tensor]:
    """What the fused loop makes of tensors [rows, columns]."""
    kernel = fuse(function, (0, len(tensors)), (0, results), tensors[0].dtype)
    made = [torch.full_like(tensors[0], math.nan) for _ in range(results)]
    kernel.call(*tensors[0].shape, *(t.data_ptr() for t in (*tensors, *made)))
    return made


@needs_compiler
@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (5, 33), (129, 63)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_chain_of_operations_is_what_its_tensor_calls_are(
    dtype: torch.dtype, shape: tuple[int, int]
) -> None:
    def chain(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        gate = torch.sigmoid(x) * torch.tanh(y) - 0.3
        return gate / (1 + x.abs()), torch.relu(gate).exp().sqrt(), torch.where(x > y, -x, y * 2.5)

    x, y = torch.randn(2, *shape, dtype=dtype).unbind(0)
    found = fused(chain, 3, x, y)
    for a, b in zip(found, chain(x, y), strict=True):
        assert_near(a, b)


@needs_compiler
def test_grouped_arrays_lie_side_by_side_and_results_may_overwrite_inputs() -> None:
    kernel = fuse(lambda a, b, c: (a - b, a * c, b + c), (2, 1), (2, 1), torch.float64)
    pair, c = torch.randn(3, 2, 5, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    (a, b), third = pair.clone().unbind(1), c.clone()
    addresses = [pair.data_ptr(), c.data_ptr()]
    kernel.call(3, 5, *addresses, *addresses)
    expected = torch.stack([a - b, a * third], 1), b + third
    torch.testing.assert_close((pair, c), expected)


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_and_the_logistic_are_accurate_near_zero_and_far_away(dtype: torch.dtype) -> None:
    sizes = torch.logspace(-30, 2.5, 4001, dtype=torch.float64)
    x = torch.cat([-sizes.flip(0), torch.zeros(1, dtype=torch.float64), sizes]).to(dtype)[None]
    found = fused(lambda x: (torch.tanh(x), torch.sigmoid(x)), 2, x)
    tanh, logistic = (signal.double() for signal in found)
    exact, rounding = x.double(), 2 * torch.finfo(dtype).eps
    assert (tanh - exact.tanh()).abs().max() < rounding
    assert (logistic - exact.sigmoid()).abs().max() < rounding
    near = exact.abs() < (1e-3 if dtype == torch.float64 else 1e-1)
    assert ((tanh - exact.tanh()).abs() <= rounding * exact.abs())[near].all()
    assert tanh[0, 0] == -1 and tanh[0, -1] == 1 and logistic[0, 0] < 1e-30 and logistic[0, -1] == 1


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_softplus_is_native_and_accurate_far_away(dtype: torch.dtype) -> None:
    x = torch.linspace(-80, 80, 3201, dtype=torch.float64).to(dtype)[None]
    found = fused(lambda x: (F.softplus(x),), 1, x)
    exact, rounding = torch.logaddexp(x.double(), torch.zeros(())), 4 * torch.finfo(dtype).eps
    far = 3e-9  # of x alone, which torch takes from 20 on
    assert ((found[0].double() - exact).abs() <= rounding * exact + far * (x > 20)).all()


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_rectifier_with_a_ceiling_is_native_both_ways(dtype: torch.dtype) -> None:
    x = torch.tensor([[-math.inf, -1.0, 0.0, 1.0, 6.0, 7.0, math.inf, math.nan]], dtype=dtype)
    found = fused(lambda x: (F.relu6(x),), 1, x)
    assert torch.equal(found[0][:, :-1], F.relu6(x)[:, :-1])
    assert found[0][0, -1].isnan()
    dynamics = Dynamics(Leaky(0.5, F.relu6))
    assert dynamics.loops_in_use(torch.device("cpu"), dtype).missing is None


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_not_a_number_stays_visible(dtype: torch.dtype) -> None:
    x = torch.tensor([[math.nan, 1.0, -1.0, math.inf, -math.inf]], dtype=dtype)
    functions = (torch.tanh, torch.sigmoid, torch.relu, torch.exp, torch.abs)
    found = fused(lambda x: tuple(f(x) for f in functions), len(functions), x)
    for a, f in zip(found, functions, strict=True):
        assert_near(a, f(x))


def undefined(*tensors: Tensor) -> tuple[Tensor]:
    return (torch.special.i0(tensors[0]),)


REFUSED: dict[str, Function] = {
    "an unknown operation": undefined,
    "a sum with a factor": lambda x: (torch.add(x, x, alpha=2),),
    "a difference with a factor": lambda x: (torch.rsub(x, 1, alpha=2),),
    "a division that rounds": lambda x: (torch.div(x, 0.3, rounding_mode="floor"),),
    "a conversion that rounds": lambda x: (x.to(torch.int32).to(x.dtype),),
    "a constant tensor": lambda x: (x * torch.tensor(0.9),),
    "a choice by value": lambda x: (x if x.max() > 0 else -x,),
    "several results of one operation": lambda x: (torch.frexp(x)[0],),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_c_expression_is_not_fused(case: str) -> None:
    with pytest.raises(Unavailable, match="no C expression|not of pointwise operations alone"):
        fused(REFUSED[case], 1, torch.randn(2, 3))


def test_other_precisions_are_not_fused() -> None:
    with pytest.raises(Unavailable, match="float32 or float64, not float16"):
        fuse(lambda x: (x + 1,), (0, 1), (0, 1), torch.float16)


ACTIVATIONS: list[Callable[[Tensor], Tensor]] = [
    torch.tanh,
    torch.relu,
    torch.sigmoid,
    lambda x: torch.sin(x).square(),
    torch.abs,
    torch.sin,
    F.softplus,
    F.gelu,
    F.elu,
    F.leaky_relu,
    F.silu,
    F.softsign,
    F.hardtanh,
    F.relu6,
    lambda x: torch.add(x.sin(), x.cos(), alpha=0.5),
    lambda x: torch.rsub(x, 1, alpha=3),
    lambda x: x.clamp(-0.5, 0.5),
    lambda x: torch.where(x > 0, x, 0.1 * x),
    lambda x: torch.maximum(x, 2 * x),
    lambda x: x * torch.tensor(0.5),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda f: f.__name__)
def test_any_activation_learns_as_autograd_says_fused_or_not(activation) -> None:
    brain = toy.lone(Leaky(0.6, activation), rule=BPTT(), afferents=["drive", "error"])
    inputs, reset = toy.stream(brain)
    lessons.assert_same(
        lessons.learn(brain, inputs, reset), lessons.learn_literally(brain, inputs, reset)
    )


def both(monkeypatch: pytest.MonkeyPatch, brain: Callable[[], Brain], dtype: torch.dtype):
    """Activity and gradients of one brain, with native loops and by tensor calls."""
    found = []
    for native in ("1", "0"):
        monkeypatch.setenv("BRAINMODEL_NATIVE", native)
        made = brain().to(dtype)
        inputs, reset = toy.stream(made, batch=3)
        inputs = {name: signal.to(dtype) for name, signal in inputs.items()}
        found.append((made(inputs, reset)[0], lessons.learn(made, inputs, reset, [4, 1]), made))
    return found


def loops(brain: Brain) -> list[bool]:
    """Of each loop the areas asked for, whether it is native."""
    kernels = [brain.area(name).dynamics._kernels for name in brain.areas]
    return [isinstance(kernel, Kernel) for made in kernels for kernel in made.values()]


@pytest.mark.sampled(12)
@needs_compiler
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cell", toy.CELLS)
def test_native_loops_and_tensor_calls_agree(
    monkeypatch: pytest.MonkeyPatch, cell: str, dtype: torch.dtype, maps: bool
) -> None:
    def brain() -> Brain:
        rules = {"V1": BPTT, "LM": EProp, "PM": BPTT}
        return toy.ladder(lambda name: rules[name](), cells=[toy.CELLS[cell]] * 3, maps=maps)

    (did, learnt, fast), (did_too, learnt_too, slow) = both(monkeypatch, brain, dtype)
    assert all(loops(fast)) and not any(loops(slow)) and len(loops(slow)) >= 2
    for name in did:
        for a, b in zip(did[name][:4], did_too[name][:4], strict=True):
            assert_near(a, b, slack=30)  # rounding travels on, from step to step
    for name in learnt:
        assert_near(learnt[name], learnt_too[name], slack=300)


def test_many_steps_by_tensor_calls_are_differentiated_stretch_by_stretch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    brain = toy.ladder(lambda name: BPTT(), Global())
    inputs, reset = toy.stream(brain, steps=7)
    whole = lessons.learn(brain, inputs, reset)
    for elements in (1, 30, 60):
        monkeypatch.setattr("areas.loops.steps.CHUNK", elements)
        lessons.assert_same(lessons.learn(brain, inputs, reset), whole)
    brain.scope = type(toy.ladder(lambda name: BPTT()).scope)()
    local = lessons.learn_literally(brain, inputs, reset, local=True)
    lessons.assert_same(lessons.learn(brain, inputs, reset), local)


@needs_compiler
def test_signals_that_do_not_lie_in_one_piece_are_taken_as_they_are() -> None:
    brain = toy.ladder(lambda name: EProp(), maps=True)
    inputs, reset = toy.stream(brain, batch=3)
    eye = inputs["eye"]
    usual = lessons.learn(brain, inputs, reset)
    strided = torch.stack([eye, torch.full_like(eye, math.nan)], -1)[..., 0]
    channels_last = eye.movedim(2, -1).contiguous().movedim(-1, 2)
    batch_first = eye.transpose(0, 1).contiguous().transpose(0, 1)
    for laid in (strided, channels_last, batch_first):
        assert not laid.is_contiguous() and torch.equal(laid, eye)
        lessons.assert_same(lessons.learn(brain, {"eye": laid}, reset), usual)


@needs_compiler
def test_a_loop_of_other_strides_is_not_native_says_so_and_gives_the_same() -> None:
    dynamics = toy.lone(Leaky()).area("V1").dynamics
    currents, rates = torch.randn(4, 2, 6, dtype=torch.float64), torch.zeros(5, 2, 6).double()
    wide = torch.zeros(5, 2, 12, dtype=torch.float64)[..., ::2]
    usual = dynamics.forward(currents, {"rate": rates})
    with pytest.warns(RuntimeWarning, match="does not lie in one piece of memory"):
        other = dynamics.forward(currents, {"rate": wide})
    for t in range(4):
        usual.step(t)
        other.step(t)
    assert (type(usual), type(other)) == (FusedForward, TensorForward)
    torch.testing.assert_close(rates, wide)
    expected = torch.zeros(2, 6, dtype=torch.float64)
    for t in range(4):
        expected = 0.5 * expected + 0.5 * torch.tanh(currents[t])
    torch.testing.assert_close(rates[-1], expected)


def without_compiler(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("PATH", "")


def test_without_a_compiler_all_is_done_by_tensor_calls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usual = toy.lone(rule=EProp())
    inputs, reset = toy.stream(usual)
    expected = lessons.learn(usual, inputs, reset)
    without_compiler(monkeypatch, tmp_path)
    monkeypatch.setattr(toy, "KERNELS", {})
    brain = toy.lone(rule=EProp())
    with pytest.warns(RuntimeWarning, match="there is no C compiler"):
        lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    assert loops(brain) == [False, False]
    assert not list(tmp_path.rglob("*.so"))


@needs_compiler
def test_a_copied_or_saved_brain_makes_its_loops_anew(tmp_path: Path) -> None:
    brain = toy.lone(rule=EProp())
    inputs, reset = toy.stream(brain)
    expected = lessons.learn(brain, inputs, reset)
    torch.save(brain, tmp_path / "brain.pt")
    loaded = torch.load(tmp_path / "brain.pt", weights_only=False)
    for copy in (deepcopy(brain), loaded):
        lessons.assert_same(lessons.learn(copy, inputs, reset), expected)
        assert all(loops(copy))


def test_the_switch_off_is_looked_at_where_loops_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    with pytest.raises(Unavailable, match="BRAINMODEL_NATIVE=0"):
        fuse(lambda x: (x + 1,), (0, 1), (0, 1), torch.float32)
    assert os.environ["BRAINMODEL_NATIVE"] == "0"
