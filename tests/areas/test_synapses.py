"""Synapses: an operator, its transpose, and its derivative by the weights, dense or on maps."""

import pytest
import torch
from torch import Tensor

from areas import Area, Convolution, Dense, Leaky, Predictor, Synapses
from areas.synapses import connect

KINDS = {
    "dense": lambda: (Dense(3, 5).double(), (4, 3)),
    "one pixel": lambda: (Convolution(3, 5, 1).double(), (4, 3, 6, 5)),
    "three pixels": lambda: (Convolution(3, 5, 3).double(), (4, 3, 6, 5)),
    "five pixels": lambda: (Convolution(3, 5, 5).double(), (4, 3, 6, 5)),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def operator(kind: str) -> tuple[Synapses, Tensor, Tensor]:
    """Synapses, a source's signal and something of the shape of the currents."""
    synapses, shape = KINDS[kind]()
    source = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    return synapses, source, torch.randn_like(synapses(source))


@kinds
def test_the_transpose_and_the_gradient_are_those_of_autograd(kind: str) -> None:
    synapses, source, target = operator(kind)
    back, gradient = torch.autograd.grad(synapses(source), [source, synapses.weight], target)
    torch.testing.assert_close(synapses.transpose(target), back, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(
        synapses.gradient(source.detach(), target), gradient, rtol=1e-12, atol=1e-13
    )
    assert back.any() and gradient.any()


@kinds
def test_adding_adds_what_the_operator_makes(kind: str) -> None:
    synapses, source, target = operator(kind)
    with torch.no_grad():
        for out, made, add in (
            (torch.randn_like(target), synapses(source), synapses.adder()),
            (torch.randn_like(source), synapses.transpose(target), synapses.add_transpose),
        ):
            expected = out + made
            add(source if made.shape == target.shape else target, out)
            torch.testing.assert_close(out, expected, rtol=1e-12, atol=1e-13)


@kinds
def test_few_samples_at_once_make_what_all_make(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("areas.synapses.CHUNK", 200)
    own, source, target = operator(kind)
    with torch.no_grad():
        out, expected = torch.randn_like(target), torch.zeros_like(own.weight)
        for some, bars in zip(source, target, strict=True):
            expected += own.gradient(some[None], bars[None])
        made = out + own(source)
        own.adder()(source, out)
        torch.testing.assert_close(own.gradient(source, target), expected, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(out, made, rtol=1e-12, atol=1e-13)


@kinds
def test_adding_fills_a_part_of_the_currents_in_place(kind: str) -> None:
    """As where a source reaches some of a cell's currents only."""
    synapses, source, target = operator(kind)
    with torch.no_grad():
        wide = torch.zeros(4, 9, *target.shape[2:], dtype=torch.float64)
        synapses.adder()(source, wide[:, 2:7])
        torch.testing.assert_close(wide[:, 2:7], synapses(source), rtol=1e-12, atol=1e-13)
    assert not wide[:, :2].any() and not wide[:, 7:].any()


def test_synapses_are_as_their_ends_are() -> None:
    assert isinstance(connect([3], [5], 4, 3), Dense)
    assert isinstance(connect([3, 4, 4], [5, 4, 4], 4, 3), Convolution)
    assert connect([3], [5], 4, 3).weight.shape == (20, 3)
    assert connect([3, 4, 4], [5, 4, 4], 4, 3).weight.shape == (20, 3, 3, 3)
    for source, target in (([3, 4, 4], [5]), ([3], [5, 4, 4]), ([3, 4, 4], [5, 2, 2])):
        with pytest.raises(ValueError, match="give the pathway an adapter"):
            connect(source, target, 1, 3)


def test_an_area_by_itself_steps_and_predicts() -> None:
    """By hand: u_hat = P h + b, e = u - u_hat, h' = (h + W_e e + W_h h + W_m m) / 2."""
    area = Area(Leaky(0.5, lambda x: x), [2], [1], {"down": [1]}, Predictor()).double()
    assert area.predictor is not None
    values = {
        "bias": [0.0, 1.0],
        "synapses.error.weight": [[1.0], [2.0]],
        "synapses.down.weight": [[0.0], [3.0]],
        "synapses.recurrent.weight": [[0.0, 1.0], [0.0, 0.0]],
        "predictor.bias": [0.5],
        "predictor.synapses.rate.weight": [[1.0, 0.0]],
        "predictor.synapses.down.weight": [[2.0]],
    }
    for name, parameter in area.named_parameters():
        parameter.data = torch.tensor(values.pop(name), dtype=torch.float64)
    assert not values
    state = area.cell.state(torch.tensor([[1.0, 4.0]], dtype=torch.float64))
    down, drive = torch.tensor([[0.25]]).double(), torch.tensor([[5.0]]).double()
    report, after = area.step(drive, {"down": down}, state)
    assert report.prediction.item() == 1.0 + 0.5 + 0.5 and report.error.item() == 3.0
    assert after.rate.tolist() == [[(1 + 3 + 4) / 2, (4 + 1 + 6 + 0.75) / 2]]
    assert area.predict(state.rate, {"down": down}).item() == 2.0


def test_an_area_without_a_predictor_predicts_nothing() -> None:
    area = Area(Leaky(), [2], [3], {}, None, ["drive"])
    assert area.predict(torch.ones(4, 2), {}).tolist() == [[0.0] * 3] * 4


def test_a_predictor_squashes_and_knows_its_slope() -> None:
    predictor = Predictor(torch.sigmoid)
    predictor.build([3], {"rate": [2]})
    predictor = predictor.double()
    potential = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    bar = torch.randn(4, 3, dtype=torch.float64)
    made = predictor.activate(potential)
    (expected,) = torch.autograd.grad(made, potential, bar)
    torch.testing.assert_close(predictor.slope(potential, bar), expected)
    torch.testing.assert_close(made, 1 / (1 + (-potential).exp()))
    identity = Predictor()
    assert identity.slope(potential, bar) is bar and identity.activate(potential) is potential


def test_a_predictor_may_begin_small() -> None:
    sources = {"rate": [3, 4, 4], "down": [2, 4, 4]}
    made = []
    for scale in (1.0, 0.1):
        torch.manual_seed(0)
        made.append(Predictor(scale=scale))
        made[-1].build([2, 4, 4], sources)
    usual, small = (predictor.synapses for predictor in made)
    assert torch.equal(small["rate"].weight, 0.1 * usual["rate"].weight)
    assert usual["rate"].weight.any() and not usual["down"].weight.any()
    for scale in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"predictor\.scale: need a number above 0"):
            Predictor(scale=scale)
