"""Synaptic scaling in training: rates reach their set points, and a run may be interrupted."""

from types import SimpleNamespace

import pytest
import torch

from areas import Leaky
from brainmodel.learning import NoLearning
from brainmodel.training.callbacks import SynapticScaling
from brainmodel.training.callbacks.synaptic_scaling import scale, unit_rates
from tests import toy
from tests.training.runs import EVERY_STEP, checkpoint, fit, learnt, same, saved


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
        scale(area, rates(), target=0.3, speed=0.1)
    assert ((first < 0.2) if start < 1 else (first > 0.4)).all()
    torch.testing.assert_close(rates(), torch.full_like(first, 0.3), rtol=1e-3, atol=0)
    for name, synapses in area.synapses.items():
        growth = (synapses.weight / before[name]).detach().flatten(1)
        torch.testing.assert_close(growth, growth[:, :1].expand_as(growth))
        assert (growth - 1).abs().min() > 0.05


def test_gated_cells_scale_all_currents_of_a_unit_alike() -> None:
    area = toy.lone().area("V1")  # subLSTM: several currents per unit
    before = area.synapses["recurrent"].weight.detach().clone()
    scale(area, torch.tensor([0.0, 0.5, 1.0]).double(), target=0.5, speed=0.1)
    ratio = (area.synapses["recurrent"].weight / before).view(-1, 3, 3)
    expected = torch.tensor([1.1, 1.0, 0.9]).double()[None, :, None]
    torch.testing.assert_close(ratio, expected.expand_as(ratio))


def scaled(speed: float = 0.1) -> dict:
    callback = {
        "class_path": "brainmodel.training.callbacks.SynapticScaling",
        "init_args": {"rates": {"PM": 0.2}, "speed": speed},
    }
    return {"trainer": {"callbacks": [callback]}}


def test_it_acts_in_training_and_remembers_the_rates_over_an_interruption() -> None:
    whole = fit(*EVERY_STEP, config=scaled(), folder="whole")
    without = fit(folder="without")
    key = "brain.areas.PM.synapses.recurrent.weight"
    assert not torch.equal(saved(whole)["state_dict"][key], saved(without)["state_dict"][key])
    resumed = fit(
        f"--ckpt_path={checkpoint(whole, 3)}", *EVERY_STEP, config=scaled(), folder="resumed"
    )
    assert same(learnt(saved(resumed)), learnt(saved(whole)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rates": {}}, "synaptic_scaling.rates: need set points > 0"),
        ({"rates": {"PM": -1.0}}, "synaptic_scaling.rates: need set points > 0"),
        ({"rates": {"PM": 1.0}, "speed": 1.0}, "synaptic_scaling.speed: need 0 < speed < 1"),
        ({"rates": {"PM": 1.0}, "windows": 0.5}, "synaptic_scaling.windows: need 1 or more"),
    ],
)
def test_scaling_that_makes_no_sense_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SynapticScaling(**wrong)


def test_an_area_that_is_not_there_is_refused() -> None:
    module = SimpleNamespace(brain=toy.lone())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brainmodel.training.callbacks.synaptic_scaling.brain_of", lambda m: m.brain)
        with pytest.raises(ValueError, match="rates: there is no 'MT'; there are V1"):
            SynapticScaling({"MT": 1.0}).on_train_start(None, module)  # type: ignore[arg-type]
