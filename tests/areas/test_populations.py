"""Units of several kinds in one area: each does what its own cell does."""

import pickle
from itertools import cycle, pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from areas import LIF, Area, Cell, Leaky, Population, Populations
from areas.loops.compiled import find_compiler
from areas.loops.dynamics import Dynamics
from brainmodel.learning import BPTT, EProp
from brainmodel.scopes import Adjacent, Global, Local
from brainmodel.training.checkpoint import pack, unpack
from tests import lessons, toy
from tests.scopes.test_adjacent import by_definition

ALONE = [name for name in sorted(toy.POINTWISE) if name != "populations"]
UNITS = 7


def pair(first: str, second: str) -> Populations:
    kinds = {"E": Population(toy.CELLS[first](), 0.6), "I": Population(toy.CELLS[second](), 0.4)}
    return Populations(kinds)


def drawn(cell: Cell, units: int, seed: int) -> tuple[list[Tensor], Any]:
    """Currents, constants as the cell has them, and a state."""
    generator = torch.Generator().manual_seed(seed)

    def draw() -> Tensor:
        return torch.randn(3, units, generator=generator, dtype=torch.float64)

    felt = len(cell.currents) - len(cell.constants)
    constants = [row.expand(3, units) for row in cell.constant_values(units)]
    return [draw() for _ in range(felt)] + constants, cell.state(
        *(draw() for _ in cell.state._fields)  # type: ignore[attr-defined]
    )


def same(found: Tensor, expected: Tensor) -> None:
    """To rounding: sigmoids of a few numbers and of many are not taken by the same instructions."""
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("first", "second"), [*pairwise([*ALONE, ALONE[0]]), ("lstm", "lstm")])
def test_each_unit_does_what_its_own_cell_does(first: str, second: str) -> None:
    both = pair(first, second)
    currents, state = drawn(both, UNITS, 0)
    after = both.step(currents, state)
    for name, at in both.places(UNITS).items():
        cell = both.of[name].cell
        felt = len(cell.currents) - len(cell.constants)
        own = [c[:, at] for c in currents[:felt]]
        own += [row.expand(3, -1) for row in cell.constant_values(at.stop - at.start)]
        names = both._fields[both._kind[name]]
        before = cell.state(**{field: getattr(state, n)[:, at] for field, n in names.items()})
        expected = cell.step(own, before)
        for field, value in expected._asdict().items():
            same(getattr(after, names[field])[:, at], value)
        same(getattr(after, both.emitted)[:, at], getattr(expected, cell.emitted))
        others = set(after._fields) - set(names.values()) - {both.emitted}
        assert not any(getattr(after, field)[:, at].any() for field in others)


def test_populations_of_cells_that_are_alike_take_one_step_together() -> None:
    kinds = [Leaky(0.3), Leaky(0.7), Leaky(0.3)]
    three = Populations({f"P{k}": Population(cell, 1 / 3) for k, cell in enumerate(kinds)})
    assert three.constant_values(6)[-1].tolist() == [0, 0, 1, 1, 0, 0]
    currents, state = drawn(three, 6, 1)
    alpha = torch.tensor([0.3, 0.3, 0.7, 0.7, 0.3, 0.3], dtype=torch.float64)
    expected = (1 - alpha) * state.rate + alpha * torch.tanh(currents[0])
    same(three.step(currents, state).rate, expected)


class Times(torch.nn.Module):
    """An activation that prints as others do, and holds a number."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


def test_cells_that_only_print_alike_are_not_alike() -> None:
    kinds = {f"P{k}": Population(Leaky(1.0, Times(k)), 0.5) for k in (1.0, 10.0)}
    made = Populations({"A": kinds["P1.0"], "B": kinds["P10.0"]})
    currents, state = drawn(made, 2, 2)
    same(made.step(currents, state).rate, currents[0] * torch.tensor([1.0, 10.0]).double())


def test_what_is_too_much_for_another_cell_harms_nobody() -> None:
    """What an LSTM's gates bear is too much for the exponentials of a conductance-based unit."""
    made = pair("conductance_based", "lstm")
    currents, state = drawn(made, 5, 3)
    felt, lstm = len(made.currents) - len(made.constants), made.places(5)["I"]
    large = [c.clone() for c in currents]
    for current in large[:felt]:
        current[:, lstm] *= 1e4
        current.requires_grad_()
    rate = made.step(large, state).rate
    found = torch.autograd.grad(rate.sum(), large[:felt], allow_unused=True)
    assert all(g is None or g.isfinite().all() for g in found)


def test_autapses_are_those_of_each_population() -> None:
    kinds = {"E": Population(Leaky(), 0.5), "S": Population(LIF(), 0.5)}
    area = Area(Populations(kinds), [6], [2], {}, None, ["drive"])
    own = area.synapses["recurrent"].weight.detach().diagonal()
    assert own[:3].all() and not own[3:].any()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("second", ALONE)
def test_one_loop_is_compiled_for_all_of_them(second: str) -> None:
    dynamics = Dynamics(pair("lstm", second))
    if find_compiler() is None:
        pytest.skip("there is no compiler")
    assert dynamics.loops_in_use(torch.device("cpu"), torch.float64).missing is None


SCOPES: list[type] = [Local, Global, Adjacent]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("second", "scope"), list(zip(ALONE, cycle(SCOPES), strict=False)))
def test_gradients_are_those_of_autograd(second: str, scope: type) -> None:
    brain = toy.ladder(lambda area: BPTT(), scope(), [lambda: pair("sublstm", second)] * 3)
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    if scope is Adjacent:
        expected = lessons.existing(brain, by_definition(brain, inputs, reset))
    else:
        expected = lessons.learn_literally(brain, inputs, reset, local=scope is Local)
    lessons.assert_same(found, expected)


def test_no_synapse_ends_where_a_unit_has_no_current() -> None:
    area = Area(pair("leaky", "lstm"), [5], [2], {"down": [4]}, None, ["drive"])
    for source, synapses in area.synapses.items():
        exists = synapses.weight.detach().view(4, 5, -1).ne(0)
        assert exists[0].all() and exists[:, 3:].all(), source
        assert not exists[1:, :3].any(), "a leaky unit has one current"


def test_a_state_goes_through_pickles_and_checkpoints() -> None:
    state = pair("lif", "lstm").initial_state(torch.ones(2, 5))
    for again in (pickle.loads(pickle.dumps(state)), unpack(pack(state))):
        assert type(again) is type(state) and all(map(torch.equal, again, state))


def test_spikes_and_rates_leave_by_one_field() -> None:
    both = Populations({"P": Population(LIF(), 0.5), "I": Population(Leaky(), 0.5)})
    assert both.emitted == "spike" and both.surrogate and not both.autapses
    brain = toy.lone(both, rule=EProp(), units=[4])
    inputs, reset = toy.stream(brain, steps=20)
    record = brain(inputs, reset)[1].areas["V1"]
    assert torch.equal(record.spike[:, 2:], record.rate[:, 2:])
    assert set(record.spike[:, :2].unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ({}, "of: need shares > 0 that add up to 1, got none"),
        ({"E": (Leaky, 0.8)}, "of: need shares > 0 that add up to 1, got E 0.8"),
        ({"E": (Leaky, 1.5), "I": (Leaky, -0.5)}, "got E 1.5, I -0.5"),
        ({"E": (Leaky, float("nan")), "I": (Leaky, 0.5)}, "add up to 1, got E nan, I 0.5"),
        ({"E one": (Leaky, 1.0)}, "of: 'E one' is no name"),
        ({"drive": (Leaky, 1.0)}, "of: 'drive' is no name"),
    ],
)
def test_populations_that_cannot_be_are_refused(of: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Populations({name: Population(cell(), share) for name, (cell, share) in of.items()})


def test_a_population_without_units_and_one_of_populations_are_refused() -> None:
    some = Populations({"E": Population(Leaky(), 0.9), "I": Population(LIF(), 0.1)})
    with pytest.raises(ValueError, match=r"V1: cell\.of\.I: a share of 0\.1 of 4 units is none"):
        toy.lone(some, units=[4])
    with pytest.raises(ValueError, match="cell: populations cannot be made of populations"):
        Population(some, 1.0)
