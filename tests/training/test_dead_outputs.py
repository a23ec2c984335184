"""Predictions that are 0 throughout are told where their drive is not."""

import pytest
import torch
from torch import Tensor

from brainmodel.data.window import Window
from brainmodel.training.dead_outputs import DeadOutputs, Loudest
from brainmodel.training.witness import Witness
from objectives import Activity

VALID = torch.ones(6, 2, dtype=torch.bool)


def activity(drive: Tensor, prediction: Tensor) -> Activity:
    moving = torch.rand(6, 2, 3)
    return Activity(drive, prediction, drive - prediction, moving, VALID)


def drawn(channels: int, maps: bool) -> Tensor:
    return 0.5 + torch.rand(6, 2, channels, *([4, 4] if maps else []))


@pytest.mark.parametrize("maps", [False, True])
def test_outputs_are_dead_where_drives_are_foretold_to_be_nothing(maps: bool) -> None:
    drive, prediction = drawn(8, maps), drawn(8, maps)
    assert Loudest.of(activity(drive, prediction)).dead() == 0
    prediction[:, :, :3] = 0
    assert Loudest.of(activity(drive, prediction)).dead() == 3 / 8
    prediction[4, 1, 0] = 0.1  # once, somewhere, is enough
    assert Loudest.of(activity(drive, prediction)).dead() == 2 / 8
    drive[:, :, 1:5] = 0  # what is not driven is rightly foretold
    assert Loudest.of(activity(drive, prediction)).dead() == 0
    assert Loudest.of(activity(0 * drive, 0 * prediction)).dead() == 0


def test_one_window_in_which_something_is_foretold_is_enough() -> None:
    drive, found = drawn(1, True), DeadOutputs()
    found.see({"A0": activity(drive, 0 * drive)})
    assert found.of_all_processes().words() == {"A0": "100% dead outputs"}
    ((name, sentence),) = found.sentences()
    assert name == "A0" and sentence.startswith("Area A0: 100% of its predictions are 0 throughout")
    for foretold in (drive, 0 * drive):
        found.see({"A0": activity(drive, foretold)})
    assert found.of_all_processes().words() == {} and found.sentences() == []


def test_areas_that_predict_nothing_are_asked_nothing() -> None:
    drive, told = drawn(2, False), {}
    for predicting in ([], ["V1"]):
        seen = Witness(predicting)
        seen.see(Window({"eye": drive}, ~VALID, {}), {"V1": activity(drive, 0 * drive)})
        told[len(predicting)] = seen.of_all_processes().words()
    assert told == {0: {}, 1: {"V1": "100% dead outputs"}}
