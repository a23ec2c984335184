"""fix-subLSTM: a subLSTM whose forget gate nothing reaches, and what that saves."""

import pytest
import torch

from areas import Area, FixSubLSTM, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT
from brainmodel.scopes import Global
from tests import lessons, toy

GATES = ("input", "forget", "candidate", "output")


def rows(cell: type, units: int) -> dict[str, slice]:
    """Where the weights of each current lie."""
    return {name: slice(k * units, (k + 1) * units) for k, name in enumerate(cell.currents)}


def deafened(brain: Brain) -> Brain:
    """The subLSTM of the same weights, and none onto its forget gates."""
    area = brain.area("V1")
    other = toy.lone(SubLSTM(), len(area.units) > 1, BPTT(), afferents=list(area.afferents))
    given, taken = dict(area.named_parameters()), dict(other.area("V1").named_parameters())
    ours, theirs = rows(FixSubLSTM, area.units[0]), rows(SubLSTM, area.units[0])
    for name, weight in taken.items():
        if name.startswith("predictor"):
            weight.data = given[name].detach().clone()
            continue
        weight.data.zero_()
        for gate in GATES:
            if name == "bias" or gate != "forget":
                weight.data[theirs[gate]] = given[name].detach()[ours[gate]]
    return other


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [None, Global()])
def test_it_is_the_sublstm_whose_forget_gates_have_no_synapses(maps: bool, scope) -> None:
    brain = toy.lone(FixSubLSTM(), maps, BPTT(), scope, afferents=["drive", "error"])
    other = deafened(brain)
    inputs, reset = toy.stream(brain, steps=8)
    found, expected = brain(inputs, reset)[0]["V1"].rate, other(inputs, reset)[0]["V1"].rate
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    learnt, wanted = lessons.learn(brain, inputs, reset), lessons.learn(other, inputs, reset)
    units = brain.area("V1").units[0]
    ours, theirs = rows(FixSubLSTM, units), rows(SubLSTM, units)
    for name, gradient in learnt.items():
        if "predictor" in name:
            torch.testing.assert_close(gradient, wanted[name], rtol=1e-9, atol=1e-11)
            continue
        for gate in GATES if name.endswith("bias") else set(GATES) - {"forget"}:
            torch.testing.assert_close(
                gradient[ours[gate]], wanted[name][theirs[gate]], rtol=1e-9, atol=1e-11
            )
    assert learnt["areas.V1.bias"][ours["forget"]].all(), "the constant is learnt"
    hearing = lessons.learn(toy.lone(SubLSTM(), maps, BPTT(), afferents=["drive"]), inputs, reset)
    assert hearing["areas.V1.synapses.drive.weight"][theirs["forget"]].any()  # what it has not


@pytest.mark.parametrize("maps", [False, True])
def test_its_gradients_are_those_of_autograd_through_the_equations(maps: bool) -> None:
    brain = toy.lone(FixSubLSTM(), maps, BPTT(), afferents=["drive", "error"])
    inputs, reset = toy.stream(brain, steps=9)
    expected = lessons.learn_literally(brain, inputs, reset, local=True)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


def test_a_silent_memory_decays_by_the_constant_of_its_unit() -> None:
    """By hand: where z = i, c_t = f^t c_0."""
    cell, gates = FixSubLSTM(), torch.tensor([[0.2, 0.5, 0.9]], dtype=torch.float64)
    zero = torch.zeros_like(gates)
    state = cell.state(zero, torch.full_like(gates, 2.0))
    for k in range(1, 6):
        state = cell.step([zero, zero, zero, torch.logit(gates)], state)
        torch.testing.assert_close(state.memory, 2.0 * gates**k, rtol=1e-13, atol=0)


def test_it_has_three_quarters_of_the_synapses_and_all_of_the_biases() -> None:
    """By hand: n units that see m values have 3 n (n + m) synapses and 4 n biases."""
    units, drive = 7, 5
    areas = [Area(cell(), [units], [drive], {}, None, ["drive"]) for cell in (FixSubLSTM, SubLSTM)]
    fixed, hearing = (sum(p.numel() for p in area.parameters()) for area in areas)
    assert fixed == 3 * units * (units + drive) + 4 * units == 280
    assert hearing == 4 * units * (units + drive) + 4 * units == 364
