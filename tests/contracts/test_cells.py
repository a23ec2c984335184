"""What every cell promises: run over configs/areas and every cell that `areas` exports."""

from typing import Any

import pytest
import torch
from torch import Tensor

from areas import Area, Cell, Predictor
from areas.cell import State
from areas.gates.gated_cell import GatedCell
from brainmodel.brain import Brain
from brainmodel.learning import BPTT
from tests import toy

pytestmark = pytest.mark.parametrize("name", toy.CELLS)
maps = pytest.mark.parametrize("maps", [False, True])


def situation(cell: Cell, *shape: int, seed: int = 0) -> tuple[list[Tensor], Any]:
    """Random currents and a random state."""
    generator = torch.Generator().manual_seed(seed)

    def draw() -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    return [draw() for _ in cell.currents], cell.state(*(draw() for _ in cell.state._fields))  # type: ignore[attr-defined]


def push(cell: Cell, usual: float) -> float:
    """A change of an input that shows in the rates: a large one where only a spike would."""
    return -10 * usual if cell.surrogate else usual


def lone(name: str, maps: bool) -> Brain:
    return toy.lone(toy.CELLS[name](), maps, BPTT(), afferents=["drive", "error"])


def test_a_step_leaves_its_currents_and_its_state_alone(name: str) -> None:
    cell = toy.CELLS[name]()
    currents, state = situation(cell, 3, 4)
    kept = [tensor.clone() for tensor in (*currents, *state)]
    after = cell.step(currents, state)
    assert all(torch.equal(a, b) for a, b in zip(kept, (*currents, *state), strict=True))
    assert all(a is not b for a in after for b in state)
    again = cell.step(currents, state)
    assert all(torch.equal(a, b) for a, b in zip(after, again, strict=True))


def test_the_state_is_a_named_tuple_that_begins_with_the_rate_and_with_zeros(name: str) -> None:
    cell = toy.CELLS[name]()
    like = torch.randn(3, 4, dtype=torch.float64)
    state = cell.initial_state(like)
    assert cell.state._fields[0] == "rate"  # type: ignore[attr-defined]
    assert type(cell.step(situation(cell, 3, 4)[0], state)) is type(state) is cell.state
    for field in state:
        assert field.shape == like.shape and field.dtype == like.dtype and not field.any()


def test_what_is_carried_is_exactly_what_a_step_reads_back(name: str) -> None:
    cell = toy.CELLS[name]()
    currents, state = situation(cell, 3, 4)
    _, other = situation(cell, 3, 4, seed=1)
    usual = cell.step(currents, state)
    for field in cell.state._fields:  # type: ignore[attr-defined]
        changed: State = state._replace(**{field: getattr(other, field)})
        same = all(map(torch.equal, cell.step(currents, changed), usual))
        assert same == (field not in cell.carried), field
    recorded = set(cell.gates) if isinstance(cell, GatedCell) and cell.recorded else set()
    kept = {"rate", *cell.carried} | recorded
    assert set(cell.state._fields) == kept, "no field is for nothing"  # type: ignore[attr-defined]


def test_what_is_emitted_is_the_rate_or_carried(name: str) -> None:
    cell = toy.CELLS[name]()
    assert cell.emitted in ("rate", *cell.carried)


def test_currents_that_sources_reach_are_consecutive_and_others_tonic_or_constants(
    name: str,
) -> None:
    cell = toy.CELLS[name]()
    reached, last = set(), len(cell.currents) - len(cell.constants)
    assert cell.currents[last:] == cell.constants
    assert cell.currents[last - len(cell.tonic) : last] == cell.tonic
    for source, declared in (("recurrent", cell.recurrent), ("drive", cell.afferent)):
        names = declared or cell.currents[: last - len(cell.tonic)]
        assert cell.currents[cell.reach(source)] == names
    for source in ("recurrent", "drive", "error", "a message"):
        reached |= set(cell.currents[cell.reach(source)])
    assert set(cell.currents) - reached == {*cell.tonic, *cell.constants}
    assert cell.constant_values(10).shape == (len(cell.constants), 10)
    assert cell.constant_values(10).dtype == torch.float64
    assert set(cell.initial_bias) <= set(cell.currents[:last])


def test_every_current_moves_the_rate(name: str) -> None:
    cell = toy.CELLS[name]()
    currents, state = situation(cell, 8, 8)
    for k, current in enumerate(cell.currents):
        moved = [c + (push(cell, 0.1) if j == k else 0.0) for j, c in enumerate(currents)]
        assert not torch.equal(cell.step(moved, state)[0], cell.step(currents, state)[0]), current


def test_units_do_not_see_each_other(name: str) -> None:
    cell = toy.CELLS[name]()
    currents, state = situation(cell, 2, 3, 4)
    whole = cell.step(currents, state)
    part = cell.step(
        [c[:1, 1:2, 2:] for c in currents], type(state)(*(s[:1, 1:2, 2:] for s in state))
    )
    for a, b in zip(whole, part, strict=True):
        torch.testing.assert_close(a[:1, 1:2, 2:], b, rtol=1e-14, atol=0)


def test_a_step_is_differentiable(name: str) -> None:
    cell = toy.CELLS[name]()
    currents, state = situation(cell, 4, 6)
    inputs = [tensor.requires_grad_() for tensor in (*currents, *state)]

    def step(*tensors: Tensor) -> tuple[Tensor, ...]:
        count = len(cell.currents)
        return tuple(cell.step(tensors[:count], cell.state(*tensors[count:])))

    right = torch.autograd.gradcheck(step, inputs, raise_exception=not cell.surrogate)
    assert right != cell.surrogate, "finite differences see no pseudo-derivative, and all else"
    bars = torch.autograd.grad(step(*inputs)[0].sum(), inputs, allow_unused=True)
    assert bars[0] is not None and bars[0].isfinite().all() and bars[0].any()


@maps
def test_shapes_are_those_of_drive_and_units(name: str, maps: bool) -> None:
    brain = lone(name, maps)
    inputs, reset = toy.stream(brain, steps=5, batch=3)
    activities, state = brain(inputs, reset)
    area, did = brain.area("V1"), activities["V1"]
    assert did.drive.shape == did.prediction.shape == did.error.shape == (5, 3, *area.drive)
    assert did.rate.shape == (5, 3, *area.units)
    assert all(field.shape == (3, *area.units) for field in state.areas["V1"])
    assert did.rate.isfinite().all()
    torch.testing.assert_close(did.error, did.drive - did.prediction)
    torch.testing.assert_close(did.drive, inputs["eye"])
    assert did.valid.equal(~reset)


@maps
def test_the_future_does_not_change_the_past_and_the_past_changes_the_future(
    name: str, maps: bool
) -> None:
    brain = lone(name, maps)
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    usual = brain(inputs, reset)[0]["V1"]
    changed = inputs["eye"].clone()
    changed[3] += push(brain.area("V1").cell, 0.5)
    other = brain({"eye": changed}, reset)[0]["V1"]
    for a, b in zip(usual[1:4], other[1:4], strict=True):
        assert torch.equal(a[:3], b[:3])
    assert torch.equal(usual.prediction[3], other.prediction[3]), "made before the drive is seen"
    differs = (usual.rate != other.rate).flatten(2).any(2)
    differs = differs.any(1) if brain.area("V1").cell.surrogate else differs.all(1)
    assert differs.tolist() == [False] * 3 + [True] * 3
    assert not torch.equal(usual.prediction[4], other.prediction[4])


@maps
def test_samples_of_a_batch_do_not_meet(name: str, maps: bool) -> None:
    brain = lone(name, maps)
    inputs, reset = toy.stream(brain, steps=5, batch=3)
    usual = brain(inputs, reset)[0]["V1"]
    changed = inputs["eye"].clone()
    changed[:, 1] += push(brain.area("V1").cell, 0.5)
    other = brain({"eye": changed}, reset)[0]["V1"]
    differs = (usual.rate != other.rate).flatten(2).any(2).any(0)
    assert differs.tolist() == [False, True, False]


@maps
def test_a_clip_cut_in_two_gives_the_same_rates(name: str, maps: bool) -> None:
    brain = lone(name, maps)
    inputs, reset = toy.stream(brain, steps=6)
    whole = brain(inputs, reset)[0]["V1"]
    first, state = brain({"eye": inputs["eye"][:2]}, reset[:2])
    second, _ = brain({"eye": inputs["eye"][2:]}, reset[2:], state)
    for k, signal in enumerate(whole[:4]):
        halves = torch.cat([first["V1"][k], second["V1"][k]])
        torch.testing.assert_close(halves, signal, rtol=1e-12, atol=1e-14)
    forgetful, _ = brain({"eye": inputs["eye"][2:]}, torch.zeros_like(reset[2:]))
    assert not torch.allclose(forgetful["V1"].rate, second["V1"].rate)


@maps
def test_a_stream_that_is_reset_equals_a_fresh_one(name: str, maps: bool) -> None:
    brain = lone(name, maps)
    inputs, reset = toy.stream(brain, steps=6, batch=3, resets=False)
    reset[2, 1] = True
    did = brain(inputs, reset)[0]["V1"]
    late = {"eye": inputs["eye"][2:]}
    fresh = brain(late, reset[2:])[0]["V1"]
    for k in range(4):
        torch.testing.assert_close(did[k][2:, 1], fresh[k][:, 1], rtol=1e-12, atol=1e-14)
    assert not torch.allclose(did.rate[2:, 0], fresh.rate[:, 0])
    assert did.valid.sum() == did.valid.numel() - 1 and not did.valid[2, 1]


@maps
def test_all_weights_begin_within_bounds_and_gates_as_declared(name: str, maps: bool) -> None:
    cell = toy.CELLS[name]()
    units, drive = ([5, 4, 4], [2, 4, 4]) if maps else ([5], [2])
    area = Area(cell, units, drive, {"down": units}, Predictor(), ["drive", "error"], kernel=3)
    for source, synapses in area.synapses.items():
        share = 1.0 if synapses.mask is None else synapses.mask.mean().item()
        bound = 1.0001 * (share * synapses.weight[0].numel()) ** -0.5
        assert 0.5 * bound < synapses.weight.abs().max() <= bound, source
    felt = cell.currents[: len(cell.currents) - len(cell.constants)]
    first = dict(zip(felt, cell.biases(5), strict=True))
    for current, bias in zip(felt, area.bias.chunk(len(felt)), strict=True):
        assert bias.equal(first[current])
        assert current not in cell.initial_bias or (bias == cell.initial_bias[current]).all()
