"""SnAp-n is RTRL under a mask, from each unit alone to everything."""

import logging

import pytest
import torch
from torch import Tensor

from areas import GRU, LSTM, Cell, Leaky
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RFLO, RTRL, EProp, Rule, SnAp
from brainmodel.learning.snap import reach
from brainmodel.scopes import Global
from tests import influence, lessons, toy

LENGTHS = ([5], [1], [2, 3])


def brain_of(cell: str, rule: Rule, afferents=("drive", "error")) -> Brain:
    return toy.lone(toy.CELLS[cell](), rule=rule, afferents=list(afferents))


def sparse(cell: str, n: int) -> Brain:
    """A chain 0 -> 1 -> 2 -> 3 -> 4 of units that do not feel an error."""
    plan = toy.plan(toy.CELLS[cell](), [5], SnAp(n), afferents=["drive"])
    brain = toy.brain({"V1": plan}, {"up": toy.Pathway("eye", "V1")}, {"eye": [4]})
    area = brain.area("V1")
    chain = torch.eye(5).roll(1, 0) + torch.eye(5)
    chain[0, 4] = 0
    weight = area.synapses["recurrent"].weight
    weight.data *= 2 * chain.repeat(weight.shape[0] // 5, 1)
    brain.rule("V1").build(area)
    return brain


def mask_of(brain: Brain, reached: Tensor):
    """Keeps what the units of a column reach; of the predictor nothing."""
    units = len(reached)

    def mask(name: str, kept: Tensor) -> Tensor:
        if name.startswith("predictor"):
            return 0 * kept
        rows, columns = kept.shape[1] // units, kept.shape[2] // units
        whole = reached.double().repeat(rows, columns)
        return kept * whole.view(*whole.shape, *[1] * (kept.dim() - 3))

    return mask


@pytest.mark.sampled(6)
@pytest.mark.parametrize("afferents", [["drive"], ["error"], ["drive", "error"]], ids=str)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_snap_1_is_the_influence_on_the_own_unit_moved_on_step_by_step(
    cell: str, afferents: list[str]
) -> None:
    brain = brain_of(cell, SnAp(1), afferents)
    inputs, reset = toy.stream(brain, steps=5)
    expected = influence.literally(brain, inputs, reset, mask_of(brain, torch.eye(3)))
    for lengths in LENGTHS:
        found = lessons.learn(brain, inputs, reset, lengths)
        lessons.assert_same(of_synapses(found), of_synapses(expected))
    cut = lessons.learn(brain_of(cell, EProp(), afferents), inputs, reset)
    cut, expected = of_synapses(cut), of_synapses(expected)
    if brain.area("V1").cell.autapses or "error" in afferents:
        assert lessons.distance(cut, expected) > 1e-4
    else:
        lessons.assert_same(cut, expected)


def of_synapses(found: lessons.Gradients) -> lessons.Gradients:
    """Without those of the predictor."""
    return {name: gradient for name, gradient in found.items() if "predictor" not in name}


def test_the_predictor_learns_from_its_own_error_alone() -> None:
    found = []
    for rule in (SnAp(1), EProp()):
        brain = brain_of("lstm", rule)
        inputs, reset = toy.stream(brain, steps=5)
        gradients = lessons.learn(brain, inputs, reset, [2])
        found.append({n: g for n, g in gradients.items() if "predictor" in n})
    lessons.assert_same(found[0], found[1])


def pace(cell: Cell) -> int:
    """Steps that a message takes from unit to unit: more than one where frames are held."""
    return cell.settling


@pytest.mark.sampled(6)
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_snap_n_is_the_masked_influence_moved_on_step_by_step(cell: str, n: int) -> None:
    brain = sparse(cell, n)
    rule, area = brain.rule("V1"), brain.area("V1")
    assert isinstance(rule, SnAp) and not rule.full
    inputs, reset = toy.stream(brain, steps=5 * pace(area.cell))
    reached = torch.eye(5)
    for far in range(1, n):
        reached += torch.diag(torch.ones(5 - far), -far)
    expected = influence.literally(brain, inputs, reset, mask_of(brain, reached))
    for lengths in LENGTHS:
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)
    wider = influence.literally(brain, inputs, reset, mask_of(brain, reach(area, n + 1)))
    assert lessons.distance(wider, expected) > 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_neighbourhoods_of_different_sizes_with_ways_around_do_not_leak(seed: int) -> None:
    """A unit that is not near may lead back to one that is: that way is not followed."""
    brain = sparse("lstm", 2)
    area, rule = brain.area("V1"), brain.rule("V1")
    generator = torch.Generator().manual_seed(seed)
    exists = (torch.rand(5, 5, generator=generator) < 0.35) | torch.eye(5, dtype=torch.bool)
    weight = area.synapses["recurrent"].weight
    weight.data = torch.randn(weight.shape, generator=generator).double() * exists.repeat(4, 1)
    rule.build(area)
    sizes = reach(area, 2).sum(0)
    assert not rule.full and sizes.min() < sizes.max()
    inputs, reset = toy.stream(brain, steps=5)
    expected = influence.literally(brain, inputs, reset, mask_of(brain, reach(area, 2)))
    lessons.assert_same(lessons.learn(brain, inputs, reset, [2]), expected)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_with_a_full_mask_it_is_rtrl_and_says_so(cell: str, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        brain = brain_of(cell, SnAp(2))
    assert "it is RTRL" in caplog.text
    rule = brain.rule("V1")
    assert isinstance(rule, SnAp) and rule.full
    inputs, reset = toy.stream(brain, steps=6)
    whole = lessons.learn(brain_of(cell, BPTT()), inputs, reset)
    for lengths in LENGTHS:
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_a_mask_that_is_saturated_through_sparse_synapses_is_rtrl(cell: str) -> None:
    """A chain closed to a ring: with n = 5 all is reached; with 4 not yet, but more than with 1."""
    found = {}
    for n in (1, 4, 5):
        brain = sparse(cell, n)
        area, rule = brain.area("V1"), brain.rule("V1")
        weight = area.synapses["recurrent"].weight.data.view(-1, 5, 5)
        weight[:, 0, 4] = 0.7
        rule.build(area)
        assert isinstance(rule, SnAp) and rule.full == (n == 5)
        inputs, reset = toy.stream(brain, steps=7 * pace(area.cell), resets=False)
        found[n] = lessons.learn(brain, inputs, reset, [3])
    exact = sparse(cell, 1)
    exact.area("V1").synapses["recurrent"].weight.data.view(-1, 5, 5)[:, 0, 4] = 0.7
    exact.rules["V1"] = RTRL()
    whole = lessons.learn(exact, inputs, reset)
    lessons.assert_same(found[5], whole)
    if not brain.area("V1").cell.surrogate:  # few steps of pseudo-derivatives end before the ring
        near, far = (lessons.distance(found[n], whole) for n in (4, 1))
        assert 1e-9 < near < 0.7 * far


def test_without_own_synapses_snap_1_on_leaky_units_is_rflo() -> None:
    for alpha in (0.4, 1.0):
        found = []
        for rule in (SnAp(1), RFLO()):
            brain = toy.lone(Leaky(alpha), rule=rule, afferents=["drive"])
            inputs, reset = toy.stream(brain, steps=6)
            found.append((brain, lessons.learn(brain, inputs, reset, [2])))
        assert lessons.distance(found[0][1], found[1][1]) > 1e-3
        for brain, _ in found:
            brain.area("V1").synapses["recurrent"].weight.data.fill_diagonal_(0)
        again = [lessons.learn(brain, inputs, reset, [2]) for brain, _ in found]
        lessons.assert_same(again[0], again[1])


def test_on_a_vanilla_network_snap_1_is_rflo_that_keeps_the_diagonal_of_the_weights() -> None:
    """p(t) = phi'(h) W_ii p(t-1) + phi'(h) (x) source, written out."""
    brain = toy.lone(Leaky(1.0, torch.tanh), rule=SnAp(1), afferents=["drive"])
    brain.objectives["V1"] = torch.nn.ModuleDict()
    area = brain.area("V1")
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    said = torch.randn(6, 2, 3, dtype=torch.float64)
    activities, _ = brain(inputs, reset)
    weight = area.synapses["recurrent"].weight
    (found,) = torch.autograd.grad((activities["V1"].rate * said).sum(), weight)
    rate, trace, expected = torch.zeros(2, 3).double(), torch.zeros(2, 3, 3).double(), 0
    with torch.no_grad():
        for t in range(6):
            slope = 1 - activities["V1"].rate[t] ** 2
            trace = slope[..., None] * (weight.diag()[:, None] * trace + rate[:, None])
            rate = activities["V1"].rate[t]
            expected = expected + (said[t][..., None] * trace).sum(0)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2])
def test_under_scope_global_the_kept_influences_reach_before_the_window(n: int) -> None:
    brain = toy.ladder(lambda name: SnAp(n), Global(), [GRU] * 3)
    inputs, reset = toy.stream(brain, steps=4, resets=False)
    found = lessons.learn(brain, inputs, reset, [2])
    bare, past = (
        lessons.learn_literally(brain, inputs, reset, [2], memory=lambda name, k=k: k)
        for k in (0, 99)
    )
    assert lessons.distance(found, bare) > 1e-4
    if n == 2:
        lessons.assert_same(found, past)
    else:
        assert lessons.distance(found, past) > 1e-4


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rule\.n: need 1 step or more, got 0"):
        SnAp(0)
    with pytest.raises(ValueError, match=r"areas\.V1: rule SnAp: needs dense.*use EProp"):
        toy.lone(LSTM(), maps=True, rule=SnAp())
