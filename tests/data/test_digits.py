"""Moving digits: real handwriting, straight paths, walls that reflect, labels that are true."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from brainmodel.data.digits import DigitStream, MovingDigits, place_pictures
from brainmodel.data.streams import Part


def stream(part: Part = Part.TRAINING, **changes: Any) -> DigitStream:
    usual: dict[str, Any] = {"batch_size": 4, "window": 40, "episode": 60}
    module = MovingDigits(**(usual | changes))
    return module.stream(module.share(part))


def test_a_picture_is_placed_where_it_should_be() -> None:
    picture = torch.rand(1, 4, 4)
    frame = place_pictures(picture, torch.tensor([[3.0, 1.0]], dtype=torch.float64), 10)[0]
    torch.testing.assert_close(frame[1:5, 3:7], picture[0], atol=1e-5, rtol=0)
    assert abs(frame.sum() - picture.sum()) < 1e-4, "black elsewhere"


def test_a_digit_is_where_its_label_says() -> None:
    window = stream(speed=60.0).window(0)
    eye, position = window.inputs["eye"][:, :, 0], window.labels["position"]
    assert position.min() >= 0 and position.max() <= 1
    pixels = torch.arange(32.0)
    mass = eye.sum(dim=(2, 3))
    centre = torch.stack([(eye.sum(2) * pixels).sum(-1), (eye.sum(3) * pixels).sum(-1)], -1)
    corner = centre / mass[..., None] - 7.5
    assert (corner - position * 16).abs().max() < 2.5, "handwriting is not quite centred"
    assert (corner - position.flip(-1) * 16).abs().max() > 4, "a control"


@pytest.mark.parametrize("digits", [1, 2])
def test_reward_comes_while_a_rewarded_digit_is_seen(digits: int) -> None:
    module = MovingDigits(digits=digits, rewarded=[3, 8], episode=5, batch_size=8)
    assert module.shapes["reward"] == [1]
    window = module.stream(module.share(Part.TRAINING)).window(0)
    assert set(window.labels) == set(module.label_names or ())
    seen = torch.stack([v for name, v in window.labels.items() if name.startswith("identity")])
    expected = ((seen == 3) | (seen == 8)).any(0)
    assert torch.equal(window.inputs["reward"], expected[..., None].float())
    assert 0 < expected.float().mean() < 0.7, "a control"
    assert "reward" not in MovingDigits().shapes
    with pytest.raises(ValueError, match="rewarded is 10: give a whole number, from 0 to 9"):
        MovingDigits(rewarded=[3, 10])


def test_digits_move_at_their_speed_and_bounce() -> None:
    window = stream(speed=60.0).window(0)
    moved = (window.labels["position"][1:] - window.labels["position"][:-1]) * 16
    free = ~window.reset[1:]
    length = moved.norm(dim=-1)[free]
    assert length.max() <= 2 + 1e-4
    assert (length > 2 - 1e-4).float().mean() > 0.6, "two pixels per step except at walls"
    assert (moved[1:] * moved[:-1] < 0)[free[1:]].any(), "it does bounce"


def test_the_parts_show_different_handwriting_of_all_digits() -> None:
    training, held_out = stream().pictures, stream(Part.TEST).pictures
    assert len(training) == 1437 and len(held_out) == 360
    seen = {picture.numpy().tobytes() for picture in training}
    assert not any(picture.numpy().tobytes() in seen for picture in held_out)
    assert training[0].numpy().tobytes() in seen, "a control"
    assert set(stream(Part.TEST).identity.tolist()) == set(range(10))


def test_the_identity_belongs_to_the_handwriting() -> None:
    """Nearest neighbours of training handwriting name held-out handwriting."""
    training, held_out = stream(), stream(Part.TEST)
    distance = torch.cdist(held_out.pictures.flatten(1), training.pictures.flatten(1))
    named = training.identity[distance.argmin(dim=1).numpy()]
    assert np.mean(named == held_out.identity) > 0.9
    assert np.mean(named == np.roll(held_out.identity, 1)) < 0.3, "a control"


def test_two_digits_have_two_labels_and_the_brighter_one_shows() -> None:
    window = stream(digits=2).window(0)
    assert set(window.labels) == {"identity", "identity_2", "position", "position_2"}
    assert not torch.equal(window.labels["position"], window.labels["position_2"])
    assert window.inputs["eye"].max() <= 1 + 1e-6
    alone = stream(digits=1).window(0).inputs["eye"]
    assert window.inputs["eye"].mean() > 1.3 * alone.mean()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"digits": 3}, "digits is 3: give a whole number, from 1 to 2."),
        ({"digit": 32}, "digit is 32: give a whole number, from 4 to 31."),
        ({"speed": math.nan}, "speed is nan: give pixels per second, from 0 to 100000."),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        MovingDigits(**change)
    assert str(refusal.value) == sentence
