"""Synapses that do not exist have no weight and learn none."""

import pytest
import torch

from areas import LIF, LSTM, AllToAll, Area, Connectivity, NoAutapses, Sparse, SubLSTM
from brainmodel.learning import BPTT, EProp
from brainmodel.scopes import Global, Local
from tests import lessons, toy


def test_a_unit_has_no_synapse_onto_itself() -> None:
    mask = NoAutapses().mask(3, ())
    assert mask.equal(1 - torch.eye(3))
    maps = NoAutapses().mask(2, (3, 5))
    assert maps.shape == (2, 2, 3, 5) and (maps == 0).sum() == 2
    assert maps[0, 0, 1, 2] == maps[1, 1, 1, 2] == 0
    assert AllToAll().mask(3, ()) is None


def test_sparse_synapses_are_as_many_as_asked_for_and_the_same_for_the_same_seed() -> None:
    mask = Sparse(0.1, seed=4).mask(200, ())
    assert mask.mean().item() == pytest.approx(0.1, abs=0.01) and not mask.diagonal().any()
    assert mask.equal(Sparse(0.1, seed=4).mask(200, ()))
    assert not mask.equal(Sparse(0.1, seed=5).mask(200, ()))


def test_all_currents_have_the_same_partners_and_keep_their_variance() -> None:
    area = Area(LSTM(), [100], [4], {}, None, ["drive"], connectivity=Sparse(0.2))
    rows = area.synapses["recurrent"].weight.detach().view(4, 100, 100)
    assert (rows != 0).all(0).equal((rows != 0).any(0)) and (rows != 0).any()
    assert rows.square().sum(2).mean().item() == pytest.approx(1 / 3, rel=0.1)


def test_spiking_units_have_no_autapses_unless_asked_for() -> None:
    for cell, wanted, some in ((LIF, None, 0), (LIF, AllToAll(), 4), (LSTM, None, 16)):
        area = Area(cell(), [4], [4], {}, None, ["drive"], connectivity=wanted)
        own = area.synapses["recurrent"].weight.view(-1, 4, 4).diagonal(dim1=1, dim2=2)
        assert (own != 0).sum() == some
    alone = Area(LIF(), [1], [4], {}, None, ["drive"])
    assert alone.synapses["recurrent"].weight.item() == 0


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("rule", [BPTT, EProp])
def test_absent_synapses_stay_away_and_others_learn_as_ever(rule, scope, maps: bool) -> None:
    connectivity: Connectivity = Sparse(0.5, seed=1)
    brain = toy.lone(SubLSTM(), maps, rule(), scope(), connectivity=connectivity)
    whole = toy.lone(SubLSTM(), maps, rule(), scope())
    recurrent = brain.area("V1").synapses["recurrent"]
    whole.area("V1").synapses["recurrent"].weight.data = recurrent.weight.data.clone()
    inputs, reset = toy.stream(brain)
    (name,) = brain.masks()
    found, other = (lessons.learn(b, inputs, reset, [2, 3]) for b in (brain, whole))
    absent = brain.masks()[name] == 0
    assert absent.any() and other[name][absent].any() and not found[name][absent].any()
    lessons.assert_same(found, other | {name: other[name] * ~absent})
    optimizer = torch.optim.Adam(lessons.learnt(brain), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        lessons.total(brain, brain(inputs, reset)[0]).backward()
        optimizer.step()
    assert not recurrent.weight[absent].any() and recurrent.weight[~absent].any()


@pytest.mark.parametrize("density", [0.0, -0.1, 1.01])
def test_densities_out_of_range_are_refused(density: float) -> None:
    with pytest.raises(ValueError, match="connectivity.density: need above 0 and at most 1, got"):
        Sparse(density)


def test_a_density_that_leaves_nothing_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"areas\.V1: connectivity\.density: 0\.001 leaves none"):
        toy.lone(connectivity=Sparse(0.001))
