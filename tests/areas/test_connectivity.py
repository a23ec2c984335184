"""Synapses that do not exist have no weight and learn none."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from areas import (
    LIF,
    LSTM,
    AllToAll,
    Area,
    Connectivity,
    FromMatrix,
    Near,
    NoAutapses,
    OneToOne,
    Sparse,
    SubLSTM,
    Synapses,
)
from brainmodel.learning import BPTT, EProp
from brainmodel.scopes import Global, Local
from tests import lessons, toy


def recurrent_of(connectivity: Connectivity, units: list[int], kernel: int = 3) -> Synapses:
    area = Area(LSTM(), units, units, {}, None, ["drive"], kernel, connectivity)
    return area.synapses["recurrent"]


def mask_of(connectivity: Connectivity, units: list[int], kernel: int = 3) -> Tensor:
    mask = recurrent_of(connectivity, units, kernel).mask
    assert mask is not None
    return mask


def test_a_unit_has_no_synapse_onto_itself() -> None:
    assert mask_of(NoAutapses(), [3]).equal((1 - torch.eye(3)).repeat(4, 1))
    maps = mask_of(NoAutapses(), [2, 8, 8], kernel=5)
    assert maps.shape == (8, 2, 5, 5) and (maps == 0).sum() == 8
    assert maps[0, 0, 2, 2] == maps[1, 1, 2, 2] == 0
    assert recurrent_of(AllToAll(), [3]).mask is None


def test_sparse_synapses_are_as_many_as_asked_for_and_the_same_for_the_same_seed() -> None:
    mask = mask_of(Sparse(0.1, seed=4), [200])
    assert mask.mean().item() == pytest.approx(0.1, abs=0.01)
    assert not mask.view(4, 200, 200).diagonal(dim1=1, dim2=2).any()
    assert mask.equal(mask_of(Sparse(0.1, seed=4), [200]))
    assert not mask.equal(mask_of(Sparse(0.1, seed=5), [200]))


def test_one_to_one_joins_each_with_its_own_and_near_a_disc() -> None:
    assert mask_of(OneToOne(), [3]).equal(torch.eye(3).repeat(4, 1))
    maps = mask_of(OneToOne(), [2, 4, 4]).view(4, 2, 2, 3, 3)
    assert maps[..., 1, 1].equal(torch.eye(2).expand(4, 2, 2)) and maps.sum() == 8
    disc = mask_of(Near(1.0), [2, 8, 8], kernel=5).view(4, 2, 2, 5, 5)
    cross = torch.tensor([[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]])
    assert disc[0, 0, 1, :4].equal(cross.float()) and disc[0, 0, 1, 4].sum() == 0
    assert disc[0, 0, 0, 2, 2] == 0, "no autapse"


@pytest.mark.parametrize("name", ["synapses.npy", "synapses.csv"])
def test_a_matrix_in_a_file_says_which_synapses_exist(name: str, tmp_path: Path) -> None:
    matrix = np.array([[0, 2.5, 0], [1, 1, 0], [0, 0, 0]])
    path = tmp_path / name
    np.save(path, matrix) if path.suffix == ".npy" else np.savetxt(path, matrix, delimiter=",")
    found = mask_of(FromMatrix(str(path)), [3]).view(4, 3, 3)
    assert found.equal(torch.from_numpy(matrix != 0).float().expand(4, 3, 3))
    with pytest.raises(ValueError, match=r"is \[3, 3\], but there are 4 targets and 4 sources"):
        recurrent_of(FromMatrix(str(path)), [4])


def test_what_no_synapses_can_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"connectivity\.path: cannot read nowhere\.npy: "):
        FromMatrix("nowhere.npy")
    np.save(tmp_path / "row.npy", np.ones(3))
    with pytest.raises(ValueError, match=r"need a matrix \[target, source\] .* got shape \[3\]"):
        FromMatrix(str(tmp_path / "row.npy"))
    with pytest.raises(ValueError, match="connectivity.radius: need 0 or more pixels, got -1"):
        Near(-1)
    with pytest.raises(ValueError, match="connectivity: Near is for maps"):
        recurrent_of(Near(2), [3])
    with pytest.raises(ValueError, match="connectivity: leaves none of these synapses"):
        recurrent_of(NoAutapses(), [1])


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
