"""Synaptic scaling in training: rates reach their set points, and a run may be interrupted."""

from types import SimpleNamespace

import pytest
import torch

from brainmodel.training.callbacks import SynapticScaling
from tests import toy
from tests.training.runs import EVERY_STEP, checkpoint, fit, learnt, same, saved


def scaled(speed: float = 0.1) -> dict:
    callback = {
        "class_path": "brainmodel.training.callbacks.SynapticScaling",
        "init_args": {"rates": {"PM": 0.2}, "speed": speed},
    }
    return {"trainer": {"callbacks": [callback]}}


@pytest.mark.slow
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
