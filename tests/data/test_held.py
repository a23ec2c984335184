"""Held frames: the streams of before, each step several times, and a label at the last of them."""

import pytest
import torch

from brainmodel.data import MovingDigits
from brainmodel.data.streams import Part


def digits(window: int, episode: int, hold: int = 1) -> MovingDigits:
    return MovingDigits(
        window=window, episode=episode, hold=hold, batch_size=3, windows_per_epoch=2
    )


def windows(data, count: int = 3) -> list:
    return [data.windows(Part.TRAINING).window(index) for index in range(count)]


def test_each_frame_is_shown_for_so_many_steps() -> None:
    shown = windows(digits(4, 10))
    held = windows(digits(12, 30, 3))
    begun = 0
    for frames, steps in zip(shown, held, strict=True):
        for name, signal in frames.inputs.items():
            assert steps.inputs[name].shape[0] == 12
            for t in range(12):
                assert steps.inputs[name][t].equal(signal[t // 3])
        for name, label in frames.labels.items():
            assert steps.labels[name].equal(label[torch.arange(12) // 3])
        for t in range(12):
            began = frames.reset[t // 3] & (t % 3 == 0)
            assert steps.reset[t].equal(began)
            assert steps.labels["last"][t].tolist() == [t % 3 == 2] * 3
        begun += int(steps.reset[1:].sum())
    assert begun > 0, "a control: some stream began anew within a window"


def test_what_is_held_is_told() -> None:
    data = digits(8, 40, 4)
    plain = digits(8, 40)
    assert data.label_names == [*(plain.label_names or ()), "last"]
    (first, *_), (early, *_) = data.train_dataloader(), data.first_windows(1)
    assert first.inputs["eye"].equal(early.inputs["eye"]) and "last" in first.labels
    assert "last" in next(iter(data.val_dataloader())).labels
    assert "last" not in next(iter(plain.val_dataloader())).labels


@pytest.mark.parametrize("field", ["window", "episode"])
def test_frames_that_would_be_cut_are_refused(field: str) -> None:
    sizes = {"window": 12, "episode": 60} | {field: 13}
    with pytest.raises(ValueError, match=f"^{field} is 13: give a multiple of hold, 4 steps, so"):
        digits(**sizes, hold=4)
