"""Synaptic scaling: rates reach their set points, and ratios of a unit's synapses stay."""

import pytest
import torch

from areas import Leaky
from brainmodel.learning import NoLearning
from brainmodel.synaptic_scaling import RateSetPoints, scale_area, scale_synapses, unit_rates
from tests import toy


@pytest.mark.parametrize("start", [0.1, 5.0])
def test_synaptic_scaling_reaches_the_set_point_and_keeps_ratios(start: float) -> None:
    incoming = torch.tensor([0.5, 1.0, 2.0]).double()
    weight = start * torch.tensor([[1.0, 2.0, 0.5], [0.3, 0.3, 3.0]]).double()
    ratios = weight[:, :1] / weight
    assert ((weight @ incoming - 1.0).abs() > 0.1).all()
    for _ in range(300):
        weight = scale_synapses(weight, weight @ incoming, target=1.0, speed=0.1)
    torch.testing.assert_close(weight @ incoming, torch.ones(2).double())
    torch.testing.assert_close(weight[:, :1] / weight, ratios)


def test_one_step_of_scaling_is_the_one_worked_out_by_hand_and_never_turns_signs() -> None:
    weight = torch.tensor([[1.0, -2.0]] * 3).view(3, 2, 1)
    scaled = scale_synapses(weight, torch.tensor([0.0, 0.25, 99.0]), target=0.5, speed=0.5)
    factors = torch.tensor([1.5, 1.25, 0.5]).view(3, 1, 1)
    torch.testing.assert_close(scaled, weight * factors)


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("start", [0.2, 3.0])
def test_rates_reach_the_set_point_from_below_and_above_and_ratios_stay(
    start: float, maps: bool
) -> None:
    cell = Leaky(0.5, torch.relu)
    brain = toy.lone(cell, maps, NoLearning(), predictor=None, afferents=["drive"])
    area, (inputs, reset) = brain.area("V1"), toy.stream(brain, steps=12, resets=False)
    for _, synapses in area.synapses.items():
        synapses.weight.data.abs_().mul_(start)
    area.synapses["recurrent"].weight.data.mul_(0.1)
    before = {name: s.weight.detach().clone() for name, s in area.synapses.items()}

    def rates() -> torch.Tensor:
        return unit_rates(brain(inputs, reset)[0]["V1"])

    first = rates()
    for _ in range(300):
        scale_area(area, rates(), target=0.3, speed=0.1)
    assert ((first < 0.2) if start < 1 else (first > 0.4)).all()
    torch.testing.assert_close(rates(), torch.full_like(first, 0.3), rtol=1e-3, atol=0)
    for name, synapses in area.synapses.items():
        growth = (synapses.weight / before[name]).detach().flatten(1)
        torch.testing.assert_close(growth, growth[:, :1].expand_as(growth))
        assert (growth - 1).abs().min() > 0.05


def test_gated_cells_scale_all_currents_of_a_unit_alike() -> None:
    area = toy.lone().area("V1")  # subLSTM: several currents per unit
    before = area.synapses["recurrent"].weight.detach().clone()
    scale_area(area, torch.tensor([0.0, 0.5, 1.0]).double(), target=0.5, speed=0.1)
    ratio = (area.synapses["recurrent"].weight / before).view(-1, 3, 3)
    expected = torch.tensor([1.1, 1.0, 0.9]).double()[None, :, None]
    torch.testing.assert_close(ratio, expected.expand_as(ratio))


def test_synapses_that_are_frozen_are_not_scaled() -> None:
    brain = toy.lone(plastic={"recurrent": False}, afferents=["drive"])
    area = brain.area("V1")
    before = {source: s.weight.detach().clone() for source, s in area.synapses.items()}
    silent = {"V1": torch.zeros(3, dtype=torch.float64)}
    RateSetPoints({"V1": 0.1}, 0.5, 1).scale(brain, silent)
    moved = {s: not torch.equal(area.synapses[s].weight, before[s]) for s in before}
    assert moved == {"drive": True, "recurrent": False}
