"""The linearised step of an area is torch's Jacobian of `Area.step`."""

import pytest
import torch
from torch import Tensor

from areas import Predictor
from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.learning.credit.jacobian import identity, jacobian, linearise, pull, push
from brainmodel.roll_out.sweep import Sweep
from tests import toy

AFFERENTS = [["error"], ["drive"], ["drive", "error"]]


def recorded(brain: Brain, steps: int = 3) -> Record:
    inputs, reset = toy.stream(brain, steps=steps, resets=False)
    reset[1, 0] = True
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(2))
        sweep.run()
    return sweep.records()["V1"]


def by_autograd(brain: Brain, record: Record, t: int) -> Tensor:
    """ds(t)/ds(t-1) of each stream, by torch from the literal step."""
    area = brain.area("V1")
    names, units = area.dynamics.outputs, area.units[0]

    def step(flat: Tensor, drive: Tensor, keep: Tensor) -> Tensor:
        fields = dict(zip(names, (keep * flat).view(len(names), 1, units), strict=True))
        state = area.cell.state(**fields)
        after = area.step(drive[None], {}, state)[1]
        return torch.cat([getattr(after, name)[0] for name in names])

    assert record.keep is not None
    found = []
    for b in range(2):
        flat = torch.cat([record.fields[name][t, b] for name in names])
        drive, keep = record.sources["drive"][t, b], record.keep[t, b]
        made = torch.autograd.functional.jacobian(
            lambda x, drive=drive, keep=keep: step(x, drive, keep), flat
        )
        assert isinstance(made, Tensor)
        found.append(made)
    return torch.stack(found)


@pytest.mark.parametrize("afferents", AFFERENTS, ids=str)
@pytest.mark.parametrize("cell", ["leaky", "gru", "lstm", "sublstm"])
def test_the_jacobian_is_that_of_the_literal_step(cell: str, afferents: list[str]) -> None:
    predictor = Predictor(torch.tanh)
    brain = toy.lone(toy.CELLS[cell](), afferents=afferents, predictor=predictor)
    record, area = recorded(brain), brain.area("V1")
    linear = linearise(area, record)
    for t in range(3):
        expected = by_autograd(brain, record, t)
        with torch.no_grad():
            found = jacobian(area, linear, t)
            pushed = push(area, linear, t, identity(linear))
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(pushed.flatten(2).mT, expected, rtol=1e-9, atol=1e-12)
        assert expected[1].abs().max() > 1e-3
        assert t != 1 or not expected[0].any(), "nothing passes a reset"


@pytest.mark.parametrize("cell", ["leaky", "gru", "lstm", "sublstm"])
def test_the_immediate_influence_is_that_of_the_literal_step(cell: str) -> None:
    brain = toy.lone(toy.CELLS[cell](), afferents=["drive", "error"])
    record, area = recorded(brain), brain.area("V1")
    names, t = area.dynamics.outputs, 2
    state = area.cell.state(**{n: field[t] for n, field in record.fields.items()})
    after = area.step(record.sources["drive"][t], {}, state)[1]
    bars = torch.randn(2, 1, len(names), area.units[0], dtype=torch.float64)
    total = sum((getattr(after, n) * bars[:, 0, k]).sum() for k, n in enumerate(names))
    assert isinstance(total, Tensor) and area.predictor is not None
    weights = [area.synapses["error"].weight, area.predictor.synapses["rate"].weight]
    expected = torch.autograd.grad(total, weights)
    with torch.no_grad():
        back = pull(area, linearise(area, record), t, bars)
    assert back.potential is not None
    by_synapses = back.currents[:, 0, area.reached("error")].t() @ record.sources["error"][t]
    by_predictor = back.potential[:, 0].t() @ record.source("rate")[t]
    torch.testing.assert_close(by_synapses, expected[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(by_predictor, expected[1], rtol=1e-9, atol=1e-12)
    assert expected[1].abs().max() > 1e-3
