"""Predictions beside those that need no brain, against planted streams and literal sums."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from areas import Leaky, Predictor
from benchmarks import _training
from benchmarks.prediction import SHUFFLED, train
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.data import Photographs
from brainmodel.data.eye_movements import moved_frames
from brainmodel.data.window import Window
from brainmodel.learning import EProp
from brainmodel.training.held_out import (
    ALL,
    BRAIN,
    LINEAR,
    REPEATING,
    Tally,
    compare,
    error_table,
    fit_linear,
)
from objectives import SquaredError


def seeing(units: list[int], eye: list[int]) -> Brain:
    plan = AreaPlan(Leaky(), units, EProp(), {"next": SquaredError()}, Predictor(), ["drive"])
    return Brain({"V1": plan}, {"eye_V1": Pathway("eye", "V1", signal="rate")}, {"eye": eye})


def planted(eye: list[int], weights: tuple[Tensor, Tensor], steps: int) -> list[Window]:
    """Streams in which each frame is a linear function of the two before it, and of noise."""
    a, b = weights
    frames = [torch.randn(4, *eye, dtype=torch.float64) for _ in range(2)]
    for _ in range(steps - 2):
        if len(eye) == 1:
            new = F.linear(frames[-1], a) + F.linear(frames[-2], b)
        else:
            last, before = (F.pad(frame, [2] * 4, mode="replicate") for frame in frames[:-3:-1])
            new = F.conv2d(last, a) + F.conv2d(before, b)
        frames.append(new + torch.randn_like(new))
    whole = torch.stack(frames).float()
    reset = torch.zeros(steps, 4, dtype=torch.bool)
    reset[0] = True
    return [Window({"eye": x}, r, {}) for x, r in zip(whole.split(8), reset.split(8), strict=True)]


@pytest.mark.parametrize("eye", [[6], [2, 8, 8]], ids=["dense", "maps"])
def test_the_linear_predictor_finds_what_was_planted(eye: list[int]) -> None:
    shape = (eye[0], eye[0]) if len(eye) == 1 else (eye[0], eye[0], 5, 5)
    scale = 0.3 / math.prod(shape[1:]) ** 0.5
    a, b = (scale * torch.randn(shape, dtype=torch.float64) for _ in range(2))
    brain = seeing([3] if len(eye) == 1 else [3, *eye[1:]], eye)
    windows = planted(eye, (a, b), 800)
    found = fit_linear(brain, windows)["V1"]
    # 25,000 samples of unit noise tell a weight to 0.006, and the worst of 200 to 0.02.
    assert (found.last - a).abs().max() < 0.2 * a.abs().max()
    assert (found.before - b).abs().max() < 0.2 * b.abs().max()
    tally = compare(brain, windows, None, {"V1": found})["V1"]
    assert tally.error(LINEAR) == pytest.approx(
        1.0, rel=0.05
    )  # the noise, as far as so many samples tell
    assert tally.ratio(LINEAR) < 0.9 and tally.error(REPEATING) > tally.error(LINEAR)


def test_no_predictor_of_what_is_too_large_or_too_short() -> None:
    dense = seeing([3], [2600])  # 5,200 numbers
    window = Window({"eye": torch.rand(4, 2, 2600)}, torch.zeros(4, 2, dtype=torch.bool), {})
    assert fit_linear(dense, [window]) == {}
    brain = seeing([3], [4])
    windows = [
        Window({"eye": torch.rand(steps, 2, 4)}, torch.zeros(steps, 2, dtype=torch.bool), {})
        for steps in (1, 2)
    ]
    assert fit_linear(brain, windows) == {}
    assert set(compare(brain, windows, None, {})) == {"V1"}


def test_a_stream_that_begins_has_no_drive_before_its_last() -> None:
    torch.manual_seed(0)
    brain = seeing([3], [1])
    weights = (torch.zeros(1, 1, dtype=torch.float64), torch.eye(1, dtype=torch.float64))
    windows = planted([1], weights, 64)  # each frame is the one before the last
    linear = fit_linear(brain, windows)
    broken = [w._replace(reset=w.reset.clone()) for w in windows]
    broken[2].reset[0] = broken[3].reset[-1] = True  # at borders of windows
    for streams in (windows, broken):
        reset = torch.cat([w.reset for w in streams])
        drive = torch.cat([w.inputs["eye"] for w in streams])
        missed = []
        for t in range(1, len(drive)):
            before = drive[t - 1] if t == 1 else drive[t - 2]
            before = torch.where(reset[t - 1, :, None], drive[t - 1], before)
            guess = linear["V1"](drive[t - 1], before)
            missed += (drive[t] - guess).square()[~reset[t]].flatten().tolist()
        found = compare(brain, streams, None, linear)["V1"].error(LINEAR)
        assert found == pytest.approx(sum(missed) / len(missed), rel=1e-5)


def test_splits_add_up_to_the_whole() -> None:
    data = Photographs(size=16, window=8, batch_size=4, validation_windows=12, episode=20)
    tally = compare(seeing([3, 16, 16], [1, 16, 16]), data.val_dataloader(), data)["V1"]
    parts = [split for split in tally.splits if split != ALL]
    assert parts == ["drift", "slow drift", "saccades"]
    reset = torch.cat([w.reset for w in data.val_dataloader()])
    assert tally.steps() == float((~reset).sum()) == sum(map(tally.steps, parts))
    for prediction in (BRAIN, REPEATING, "last motion", "true motion"):
        total = sum(tally.error(prediction, split) * tally.steps(split) for split in parts)
        assert tally.error(prediction) == pytest.approx(total / tally.steps(), rel=1e-9)
    assert tally.ratio("true motion") < tally.ratio("last motion") < 1 < tally.ratio(BRAIN)


def test_slow_drift_is_told_by_the_step_before() -> None:
    data = Photographs(size=16, window=5, batch_size=4, validation_windows=20, episode=20)
    windows = list(data.val_dataloader())
    found = [data.splits(w, last) for w, last in zip(windows, [None, *windows[:-1]], strict=True)]
    motion, saccade = (torch.cat([w.labels[n] for w in windows]) for n in ("motion", "saccade"))
    reset = torch.cat([w.reset for w in windows])
    slow = torch.cat([split["slow drift"] for split in found])
    assert slow.any()
    for t in range(len(slow)):
        for stream in range(4):
            was = t > 0 and not reset[t - 1, stream] and motion[t - 1, stream, :2].norm() < 0.5
            assert slow[t, stream] == (bool(was) and not saccade[t, stream]), (t, stream)


def test_a_moved_eye_sees_the_frame_shifted() -> None:
    frame = torch.rand(1, 1, 12, 12, dtype=torch.float64)
    right = moved_frames(frame, torch.tensor([[2.0, 0.0, 0.0]]))
    torch.testing.assert_close(right[..., :-2], frame[..., 2:], rtol=1e-9, atol=1e-9)
    down = moved_frames(frame, torch.tensor([[0.0, 3.0, 0.0]]))
    torch.testing.assert_close(down[..., :-3, :], frame[..., 3:, :], rtol=1e-9, atol=1e-9)


def test_the_table_tells_all_of_it() -> None:
    tally, valid = Tally(), torch.tensor([[True, True], [True, False]])
    tally.see(
        {BRAIN: torch.full((2, 2), 3.0), REPEATING: torch.full((2, 2), 6.0)},
        {ALL: valid, "saccades": torch.zeros(2, 2, dtype=torch.bool)},
    )
    assert tally.splits == [ALL] and math.isnan(tally.error(BRAIN, "saccades"))
    brain = seeing([3], [1])
    text = error_table(brain, {"V1": tally}, {"V1": tally.held_out()}, {"V1": "still"})
    assert text.splitlines()[2].split() == ["V1", "1", "6", "0.50", "0.50", "0.50", "still"]


def test_the_control_out_of_order_differs_in_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []

    class BegunError(Exception):
        pass

    def begin(command: str, config: Any, _: Any) -> None:
        begun.append(config)
        raise BegunError

    monkeypatch.setattr(_training, "CommandLine", begin)
    for contender in ("local rules", SHUFFLED):
        with pytest.raises(BegunError):
            train("default", contender, 3, 5)
    plain, shuffled = begun
    assert shuffled["data"].pop("class_path") == "benchmarks.prediction.Shuffled"
    assert plain["data"].pop("class_path") == "brainmodel.data.Photographs"
    assert plain["data"]["init_args"]["seed"] == 3
    for config in begun:
        config["trainer"].pop("default_root_dir")  # each its own
    assert plain == shuffled


def test_a_table_of_what_never_changes_says_none_in_the_place_of_shares() -> None:
    brain = seeing([3], [4])
    still = Window({"eye": torch.ones(6, 2, 4)}, torch.zeros(6, 2, dtype=torch.bool), {})
    found = compare(brain, [still])
    before = {"V1": found["V1"].held_out()}
    row = error_table(brain, found, before, {}).splitlines()[2].split()
    assert row == ["V1", "4", "0", "-", "-", "-"]
