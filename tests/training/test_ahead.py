"""What is told some steps ahead, against literal pairs of steps, one by one."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from areas import Leaky, Predictor
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.data.window import Window
from brainmodel.learning import EProp
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import BRAIN, LINEAR, REPEATING, ahead_table, errors_ahead
from objectives import SquaredError


def seeing(units: list[int], eye: list[int]) -> Brain:
    plan = AreaPlan(Leaky(0.3), units, EProp(), {"next": SquaredError()}, Predictor(), ["drive"])
    return Brain({"V1": plan}, {"eye_V1": Pathway("eye", "V1", signal="rate")}, {"eye": eye})


def streams(eye: list[int], steps: int, seed: int) -> tuple[Tensor, Tensor]:
    """Streams that wander, and begin anew now and then."""
    generator = torch.Generator().manual_seed(seed)
    walk = torch.randn(steps, 4, *eye, generator=generator).cumsum(0)
    reset = torch.rand(steps, 4, generator=generator) < 0.1
    reset[0] = True
    return torch.sin(walk / 4) + 0.1 * torch.randn(walk.shape, generator=generator), reset


def windows(frames: Tensor, reset: Tensor, length: int) -> list[Window]:
    parts = zip(frames.split(length), reset.split(length), strict=True)
    return [Window({"eye": x}, r, {}) for x, r in parts]


def pairs(brain: Brain, frames: Tensor, reset: Tensor, k: int) -> tuple[np.ndarray, ...]:
    """Rates, the last two drives, and what came, of each step that is k steps after another."""
    rate = brain({"eye": frames}, reset)[0]["V1"].rate.detach()
    known, drives, came = [], [], []
    for b in range(frames.shape[1]):
        for t in range(len(frames) - k):
            before = t if reset[t, b] else t - 1
            if t > 0 and not reset[t + 1 : t + k + 1, b].any():
                known.append(rate[t, b].numpy())
                drives.append(torch.cat([frames[t, b], frames[before, b]]).numpy())
                came.append(frames[t + k, b].numpy())
    return np.stack(known), np.stack(drives), np.stack(came)


@pytest.mark.parametrize("length", [5, 60])
@pytest.mark.parametrize("k", [1, 3])
def test_errors_are_those_of_regressions_on_pairs_of_steps(k: int, length: int) -> None:
    brain = seeing([4], [3])
    frames, reset = streams([3], 300, 1)
    held, anew = streams([3], 60, 2)
    found = errors_ahead(
        brain, windows(frames, reset, length), windows(held, anew, length), [k, 4]
    )["V1"]
    assert list(found) == [k, 4]
    known, drives, came = pairs(brain, frames, reset, k)
    held_known, held_drives, held_came = pairs(brain, held, anew, k)
    for name, x, seen in ((BRAIN, known, held_known), (LINEAR, drives, held_drives)):
        guess = Ridge(alpha=0.1).fit(x, came).predict(seen)
        assert found[k].error(name) == pytest.approx(np.mean((held_came - guess) ** 2), rel=1e-4)
    assert found[k].error(REPEATING) == pytest.approx(
        np.mean((held_came - held_drives[:, :3]) ** 2), rel=1e-5
    )
    assert found[k].steps() == len(held_came)


def test_what_is_farther_is_told_worse_and_on_maps_alike_everywhere() -> None:
    brain = seeing([3, 6, 6], [2, 6, 6])
    frames, reset = streams([2, 6, 6], 200, 3)
    seen = windows(frames, reset, 10)
    found = errors_ahead(brain, seen, seen, [1, 4])["V1"]
    assert found[1].error(LINEAR) < found[4].error(LINEAR)
    assert found[1].error(BRAIN) < found[4].error(BRAIN)
    text = ahead_table({"V1": found})
    assert text.splitlines()[0].split() == [
        "area",
        "steps",
        "ahead",
        "repeating",
        "rates",
        "linear",
    ]
    assert text.splitlines()[3].split()[:2] == ["V1", "4"]


def test_areas_driven_by_other_areas_are_left_out() -> None:
    plans = {
        name: AreaPlan(Leaky(), [3], EProp(), {"next": SquaredError()}, Predictor())
        for name in ("V1", "LM")
    }
    ways = {"eye_V1": Pathway("eye", "V1"), "V1_LM": Pathway("V1", "LM")}
    brain = Brain(plans, ways, {"eye": [3]})
    frames, reset = streams([3], 40, 0)
    seen = windows(frames, reset, 10)
    assert list(errors_ahead(brain, seen, seen, [2])) == ["V1"]


def test_no_step_ahead_is_refused() -> None:
    with pytest.raises(ValueError, match=r"report.ahead: need 1 or more, got 0"):
        Report(ahead=[4, 0])
