"""Each cell's step is the published equation, and torch.nn's modules are areas of these cells."""

import pytest
import torch
from torch import Tensor, nn

from areas import GRU, LSTM, Cell, Leaky, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT
from brainmodel.pathways.pathway import Pathway
from tests import toy
from tests.literal_cells import equation

STEPS, BATCH = 7, 3


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 4, 4)], ids=["dense", "maps"])
@pytest.mark.parametrize("cell", toy.CELLS)
def test_a_step_is_the_equation_written_out(cell: str, shape: tuple[int, ...]) -> None:
    made = toy.CELLS[cell]()
    currents = [torch.randn(shape, dtype=torch.float64) for _ in made.currents]
    state = made.state(*(torch.randn(shape, dtype=torch.float64) for _ in made.state._fields))  # type: ignore[attr-defined]
    expected = equation(made, dict(zip(made.currents, currents, strict=True)), state._asdict())
    for name, value in made.step(currents, state)._asdict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-13, atol=1e-15)


def number(value: float) -> Tensor:
    return torch.full((1, 1), value, dtype=torch.float64)


def test_sublstm_gates_subtract() -> None:
    """By hand: c = f c' + z - i = .5 * 2 + .75 - .25, h = sigma(1.5) - .9."""
    logit = [torch.logit(number(p)) for p in (0.25, 0.5, 0.75, 0.9)]  # i, f, z, o
    rate, memory = SubLSTM().step(logit, SubLSTM.state(number(0.0), number(2.0)))
    assert memory.item() == pytest.approx(1.5, rel=1e-14)
    assert rate.item() == pytest.approx(0.8175744761936437 - 0.9, rel=1e-13)


def test_lstm_gates_multiply() -> None:
    """By hand: c = f c' + i g = .5 * 2 + .25 * .6, h = .9 tanh(1.15)."""
    currents = [torch.logit(number(0.25)), number(0.0), torch.atanh(number(0.6)), number(2.0)]
    rate, memory = LSTM().step(currents, LSTM.state(number(0.0), number(2.0)))
    assert memory.item() == pytest.approx(1.15, rel=1e-14)
    assert rate.item() == pytest.approx(0.8807970779778823 * 0.8177540779702877, rel=1e-13)


def test_an_update_gate_that_is_shut_keeps_the_rate() -> None:
    currents = [number(0.3), number(0.1), number(800.0), number(0.2)]
    assert GRU().step(currents, GRU.state(number(0.7))).rate.item() == 0.7


def test_leaky_units_relax_with_their_time_constant() -> None:
    cell = Leaky(alpha=0.25, activation=torch.relu)
    state = Leaky.state(number(1.0))
    for k in range(1, 5):
        state = cell.step([number(-3.0)], state)
        assert state.rate.item() == pytest.approx(0.75**k, rel=1e-14)
    assert Leaky(alpha=1.0).step([number(0.5)], state).rate.item() == pytest.approx(
        0.46211715726000975, rel=1e-14
    )


@pytest.mark.parametrize("alpha", [0.0, -0.5, 1.0001])
def test_a_leak_outside_its_range_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha: need 0 < alpha <= 1"):
        Leaky(alpha=alpha)


def twin(cell: Cell, module: nn.LSTM | nn.GRU) -> Brain:
    """A brain of one area with the weights of a module of torch.nn."""
    made = toy.brain(
        {"V1": toy.plan(cell, [5], BPTT(), predictor=None, afferents=["drive"])},
        {"up": Pathway("eye", "V1")},
        {"eye": [4]},
    )
    weights = dict(made.area("V1").named_parameters())
    for name, rows in arranged(module, dict(module.named_parameters())).items():
        weights[name].data = rows.detach().clone()
    return made


def arranged(module: nn.LSTM | nn.GRU, values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a module, or anything of their shapes, in the order of an area's currents."""
    w, u = values["weight_ih_l0"], values["weight_hh_l0"]
    b, c = values["bias_ih_l0"], values["bias_hh_l0"]
    if isinstance(module, nn.LSTM):  # input, forget, candidate, output: the same order
        return {"synapses.drive.weight": w, "synapses.recurrent.weight": u, "bias": b + c}
    (wr, wz, wn), (br, bz, bn), (cr, cz, cn) = w.chunk(3), b.chunk(3), c.chunk(3)
    return {  # candidate, reset, update, recall, of which the last is recurrent
        "synapses.drive.weight": torch.cat([wn, wr, wz]),
        "synapses.recurrent.weight": u,
        "bias": torch.cat([bn, br + cr, bz + cz, cn]),
    }


@pytest.mark.parametrize("cell", [LSTM, GRU])
def test_an_area_is_the_module_of_torch_with_the_same_weights(cell: type[Cell]) -> None:
    module = (nn.LSTM if cell is LSTM else nn.GRU)(4, 5).double()
    brain = twin(cell(), module)
    inputs = torch.randn(STEPS, BATCH, 4, dtype=torch.float64)
    reset = torch.zeros(STEPS, BATCH, dtype=torch.bool)
    expected, last = module(inputs)
    activities, state = brain({"eye": inputs}, reset)
    rates = activities["V1"].rate
    torch.testing.assert_close(rates, expected, rtol=1e-12, atol=1e-14)
    ends = last if isinstance(last, tuple) else (last,)
    for field, end in zip(state.areas["V1"], ends, strict=True):
        torch.testing.assert_close(field, end[0].detach(), rtol=1e-12, atol=1e-14)

    signal = torch.randn_like(rates)
    found = torch.autograd.grad((signal * rates).sum(), list(brain.areas.parameters()))
    own = dict(zip(dict(brain.area("V1").named_parameters()), found, strict=True))
    parameters = dict(module.named_parameters())
    made = torch.autograd.grad((signal * expected).sum(), list(parameters.values()))
    theirs = dict(zip(parameters, made, strict=True))
    expected = arranged(module, theirs)
    doubled = slice(None) if cell is LSTM else slice(5, 15)  # where torch has two biases for one
    expected["bias"][doubled] /= 2
    for name, gradient in expected.items():
        torch.testing.assert_close(own[name], gradient, rtol=1e-10, atol=1e-12)


def test_the_order_of_gates_matters() -> None:
    module = nn.LSTM(4, 5).double()
    brain = twin(LSTM(), module)
    inputs = torch.randn(STEPS, BATCH, 4, dtype=torch.float64)
    reset = torch.zeros(STEPS, BATCH, dtype=torch.bool)
    weights = brain.area("V1").synapses["drive"].weight
    weights.data = weights.data.roll(5, dims=0)
    rates = brain({"eye": inputs}, reset)[0]["V1"].rate
    assert not torch.allclose(rates, module(inputs)[0])
