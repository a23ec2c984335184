"""Products of synapses in bfloat16, where mixed precision asks for it; states in float32."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from areas import SubLSTM
from areas.loops.precision import asked_for, products_in
from areas.synapses import Synapses, connect
from brainmodel.learning import EProp
from tests import lessons, toy
from tests.run_of_steps import window

SHORT = torch.bfloat16
PRODUCTS: dict[str, Callable[[Synapses, Tensor, Tensor], Tensor]] = {
    "forward": lambda own, source, target: own(source),
    "transpose": lambda own, source, target: own.transpose(target),
    "gradient": lambda own, source, target: own.gradient(source, target),
    "adder": lambda own, source, target: added(own.adder(), source, target),
    "add_transpose": lambda own, source, target: added(own.add_transpose, target, source),
}


def added(add: Callable[[Tensor, Tensor], None], signal: Tensor, out: Tensor) -> Tensor:
    """What a function makes of a copy of `out`."""
    changed = out.clone()
    add(signal, changed)
    return changed


def assert_short(found: Tensor, exact: Tensor) -> None:
    """In float32, as near as bfloat16 comes, and no nearer."""
    assert found.dtype == exact.dtype == torch.float32
    error = (found - exact).norm() / exact.norm()
    assert 1e-5 < error < 2e-2


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("shape", [[], [5, 4]], ids=["dense", "maps"])
@torch.no_grad()
def test_synapses_multiply_in_what_was_said(shape: list[int], product: str) -> None:
    own = connect([7, *shape], [6, *shape], 2, 3)
    source, target = torch.randn(3, 7, *shape), torch.randn(3, 12, *shape)
    exact = PRODUCTS[product](own, source, target)
    with products_in(SHORT):
        assert_short(PRODUCTS[product](own, source, target), exact)
    assert torch.equal(PRODUCTS[product](own, source, target), exact)


@torch.no_grad()
def test_numbers_of_double_length_are_multiplied_as_they_are() -> None:
    own, source = connect([7], [6], 2, 3).double(), torch.randn(3, 7, dtype=torch.float64)
    exact = own(source)
    with products_in(SHORT):
        assert torch.equal(own(source), exact)


@torch.no_grad()
def test_runs_of_steps_by_triton_round_factors_and_keep_states_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("triton")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    usual, made = (window(SubLSTM(), 3, [20], torch.float32) for _ in range(2))
    before = made.currents[1].clone()
    exact = usual.go()
    with products_in(SHORT):
        found = made.go()
    assert_short(made.currents[1] - before, usual.currents[1] - before)
    for a, b in zip(found, exact, strict=True):
        assert a.dtype == torch.float32
        torch.testing.assert_close(a, b, rtol=5e-2, atol=5e-2)


def test_a_brain_learns_with_short_products_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    brain = toy.ladder(lambda name: EProp()).float()
    inputs, reset = toy.stream(brain)
    exact = lessons.learn(brain, inputs, reset)
    asked = "brainmodel.roll_out.roll_out.asked_for"
    monkeypatch.setattr(asked, lambda device: SHORT)
    found = lessons.learn(brain, inputs, reset)
    for area in brain.areas:
        name = f"areas.{area}.synapses.recurrent.weight"
        assert_short(found[name], exact[name])


def test_mixed_precision_is_asked_of_graphics_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    device, processor = torch.device("cuda"), torch.device("cpu")
    assert asked_for(device) is None
    with torch.autocast("cpu", dtype=SHORT):
        assert asked_for(processor) is None
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda kind: True)
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: SHORT)
    assert asked_for(device) == SHORT
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: torch.float16)
    assert asked_for(device) is None
