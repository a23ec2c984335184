"""Dead and latched units and areas that ring are told in words and sentences."""

import pytest
import torch
from torch import Tensor

from brainmodel.data.window import Window
from brainmodel.training.ailments import Ailments
from objectives import Activity

STEPS, STREAMS, UNITS = 40, 3, 8


def seen(rate: Tensor, drive: Tensor, reset: Tensor | None = None) -> Ailments:
    """Of one area, [time, batch, unit] each, in windows of 10 steps."""
    found = Ailments()
    whole = torch.zeros(STEPS, STREAMS, dtype=torch.bool) if reset is None else reset
    for r, d, valid in zip(rate.split(10), drive.split(10), (~whole).split(10), strict=True):
        window = Window({}, ~valid, {})
        found.see(window, {"V1": Activity(d, d, d, r, valid)})
    return found.of_all_processes()


def smooth(units: int = UNITS) -> Tensor:
    torch.manual_seed(0)
    return torch.randn(STEPS, STREAMS, units).cumsum(0).abs()


def test_what_is_well_is_not_told() -> None:
    found = seen(smooth(), smooth())
    assert found.words() == {} and found.sentences() == []


@pytest.mark.parametrize(("share", "word"), [(3, "38% dead"), (2, "")])
def test_dead_units(share: int, word: str) -> None:
    rate = smooth()
    rate[:, :, :share] = 0
    assert seen(rate, smooth()).words() == ({"V1": word} if word else {})


def test_a_map_is_dead_only_where_all_its_places_are() -> None:
    rate = smooth(UNITS * 4).unflatten(2, (UNITS, 2, 2))
    rate[:, :, :, 0] = 0
    assert seen(rate, smooth()).words() == {}
    rate[:, :, 2:6] = 0
    assert seen(rate, smooth()).words() == {"V1": "50% dead"}


def test_latched_units() -> None:
    rate = smooth()
    rate[:, :, 4:] = 1 - 0.01 * torch.rand(STEPS, STREAMS, 4)
    found = seen(rate, smooth())
    assert found.words() == {"V1": "50% latched"}
    ((name, sentence),) = found.sentences()
    assert name == "V1" and sentence.startswith("Area V1: 50% of its units are latched; a smaller")


def test_an_area_rings_only_where_its_drive_does_not() -> None:
    swings = torch.tensor([1.0, -1.0]).repeat(STEPS // 2)[:, None, None]
    assert seen(smooth() + 9 * swings, smooth()).words() == {"V1": "rings"}
    assert seen(smooth() + 9 * swings, smooth() + 9 * swings).words() == {}


def test_beginnings_of_streams_are_no_swings() -> None:
    level = torch.tensor([0.0, 9.0]).repeat_interleave(STEPS // 2)[:, None, None]
    reset = torch.zeros(STEPS, STREAMS, dtype=torch.bool)
    swings = torch.tensor([0.0, 9.0]).repeat(STEPS // 2)[:, None, None]
    assert seen(smooth() + swings, smooth(), ~reset).words() == {}  # each step begins a stream
    assert seen(smooth() + level, smooth(), reset).words() == {}
