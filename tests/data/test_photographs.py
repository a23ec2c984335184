"""Photographs and eye movements against what optics and mechanics say they must do."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from brainmodel.data.eye_movements import (
    EyeMovements,
    Walls,
    fold,
    gaze,
    motion_of,
    ornstein_uhlenbeck,
    saccades,
)
from brainmodel.data.photograph_files import FREE, load_photograph, photograph_file, soften
from brainmodel.data.photograph_streams import OVERSAMPLING, PhotographStream, look_at
from brainmodel.data.photographs import Photographs
from brainmodel.data.streams import Part

STILL = EyeMovements(drift=0.0, saccade_rate=0.0, zoom=0.0)


@pytest.fixture
def picture() -> Tensor:
    """Noise [1, 80, 100]: 50 x 40 pixels of the eye."""
    return torch.rand(1, 80, 100)


def path(*steps: tuple[float, float, float]) -> Tensor:
    return torch.tensor(steps, dtype=torch.float64)


def stream(part: Part = Part.TRAINING, **changes: Any) -> PhotographStream:
    module = Photographs(batch_size=4, **changes)
    made = module.stream(module.share(part))
    assert isinstance(made, PhotographStream)
    return made


def test_an_eye_that_does_not_move_sees_the_same_frame_until_the_next_photograph() -> None:
    window = stream(movements=STILL, episode=50, window=40).window(0)
    eye, reset = window.inputs["eye"], window.reset
    same = (eye[1:] == eye[:-1]).flatten(2).all(dim=2)
    assert same[~reset[1:]].all()
    assert not same[reset[1:]].any() and reset[1:].any(), "a control: new photographs differ"


def test_a_view_is_the_samples_of_the_photograph(picture: Tensor) -> None:
    seen = look_at(picture, path((15.5, 13.5, 0.0)), 8)[0]
    left, top = 12 * OVERSAMPLING, 10 * OVERSAMPLING
    expected = picture[:, top : top + 16 : OVERSAMPLING, left : left + 16 : OVERSAMPLING]
    torch.testing.assert_close(seen, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (0, -2), (1, 4)])
def test_moving_by_whole_pixels_shifts_the_frame(picture: Tensor, dx: int, dy: int) -> None:
    first, second = look_at(picture, path((20.25, 18.5, 0.0), (20.25 + dx, 18.5 + dy, 0.0)), 10)
    shifted = torch.roll(first, (-dy, -dx), dims=(-2, -1))
    rows = slice(max(0, -dy), 10 - max(0, dy))
    columns = slice(max(0, -dx), 10 - max(0, dx))
    torch.testing.assert_close(
        second[:, rows, columns], shifted[:, rows, columns], atol=1e-4, rtol=0
    )
    assert not torch.allclose(second, shifted, atol=1e-2), "a control: new pixels come into view"


def test_half_a_pixel_lies_halfway_between_two_samples() -> None:
    ramp = torch.linspace(0, 1, 101).expand(1, 81, 101)
    first, second = look_at(ramp, path((20.0, 20.0, 0.0), (20.5, 20.0, 0.0)), 8)
    torch.testing.assert_close(second - first, torch.full_like(first, 0.5 * OVERSAMPLING / 100))


def test_zoom_spreads_the_view_around_its_centre() -> None:
    ramp = torch.linspace(0, 1, 101).expand(1, 81, 101)
    usual, wide = look_at(ramp, path((20.0, 20.0, 0.0), (20.0, 20.0, float(np.log(1.5)))), 8)
    torch.testing.assert_close(wide.mean(), usual.mean())
    torch.testing.assert_close(wide[..., -1] - wide[..., 0], 1.5 * (usual[..., -1] - usual[..., 0]))


def test_the_efference_copy_tells_the_shift(picture: Tensor) -> None:
    positions = path((20.0, 18.0, 0.1), (22.0, 17.0, 0.1), (22.0, 17.0, 0.3)).numpy()
    motion = motion_of(positions)
    np.testing.assert_allclose(motion[0], 0)
    np.testing.assert_allclose(motion[1], [2 / np.exp(0.1), -1 / np.exp(0.1), 0])
    np.testing.assert_allclose(motion[2], [0, 0, 0.2], atol=1e-12)


def test_motion_is_an_input_only_if_asked_for_and_zero_where_a_photograph_begins() -> None:
    silent, telling = Photographs(), Photographs(motion=True)
    assert set(silent.shapes) == {"eye"} and telling.shapes["motion"] == [3]
    window = stream(motion=True, episode=30).window(1)
    motion = window.inputs["motion"]
    assert window.reset.any() and (motion[window.reset] == 0).all()
    assert (motion[~window.reset] != 0).any()
    assert torch.equal(motion, window.labels["motion"])
    assert torch.equal(window.inputs["eye"], stream(episode=30).window(1).inputs["eye"])


def test_drift_has_the_speed_and_the_memory_that_were_asked_for() -> None:
    noise = np.random.default_rng(0).standard_normal((200_000, 1))
    velocity = ornstein_uhlenbeck(noise, 5.0)[:, 0]
    lagged = [np.mean(velocity[lag:] * velocity[: len(velocity) - lag]) for lag in (0, 5, 10)]
    np.testing.assert_allclose(lagged, np.exp([0, -1, -2]), atol=0.02)
    moving = EyeMovements(drift=24.0, saccade_rate=0.0, zoom=0.0)
    far = Walls((0, 0), (1e9, 1e9))
    positions = gaze(moving, 200_000, 30.0, far, np.random.default_rng(0)).path
    speed = np.diff(positions[:, :2], axis=0) * 30
    np.testing.assert_allclose(np.sqrt((speed**2).mean(axis=0)), 24, rtol=0.03)


def test_saccades_come_at_their_rate_and_go_their_whole_way() -> None:
    random = np.random.default_rng(0)
    jumps = saccades(100_000, 0.01, 6.0, 1, random)
    lengths = np.hypot(*jumps[jumps.any(axis=1)].T)
    assert abs(len(lengths) - 1000) < 100
    assert abs(lengths.mean() - 6) < 0.6
    slow = saccades(100_000, 0.01, 6.0, 3, np.random.default_rng(0))
    np.testing.assert_allclose(slow.sum(axis=0), jumps.sum(axis=0), atol=20)
    assert np.hypot(*slow.T).max() < np.hypot(*jumps.T).max(), "spread over three steps"


def test_saccades_are_told_of_where_the_eye_makes_them() -> None:
    """Without drift the eye moves in saccades only, and rests from the first step of an episode."""
    still = EyeMovements(drift=0.0, zoom=0.0, saccade_rate=3.0, saccade_duration=0.1)
    window = stream(movements=still, window=200, episode=50).window(0)
    saccade, moved = window.labels["saccade"], window.labels["motion"].abs().sum(-1) > 0
    assert torch.equal(saccade, moved) and saccade.dtype == torch.bool
    assert 0.1 < saccade.float().mean() < 0.5 and not saccade[window.reset].any()
    calm = stream(movements=EyeMovements(saccade_rate=0.0)).window(0)
    assert not calm.labels["saccade"].any() and calm.labels["motion"].any(), "a control"


def test_twins_see_one_scene_from_two_places() -> None:
    """Streams 2k and 2k + 1 look at one photograph, all the time as far apart as asked for unless
    a wall comes between, and move alike; other streams are other scenes."""
    twins = stream(twin_distance=4.0, window=60, episode=30, size=16)
    assert twins.siblings == 2
    window = twins.window(0)
    for k in (0, 2):
        assert torch.equal(window.reset[:, k], window.reset[:, k + 1])
        for name in ("photograph", "saccade"):
            assert torch.equal(window.labels[name][:, k], window.labels[name][:, k + 1])
    assert not torch.equal(window.reset[:, 0], window.reset[:, 2]), "other scenes"
    one, other = (twins._steps(number, 0)["gaze"] for number in (0, 1))
    apart = np.hypot(*(one - other)[:, :2].T)
    assert apart.max() < 4 + 1e-9 and np.mean(apart > 4 - 1e-9) > 0.5
    np.testing.assert_array_equal(one[:, 2], other[:, 2])
    eye = window.inputs["eye"]
    assert not torch.allclose(eye[:, 0], eye[:, 1], atol=0.01)

    def alike(a: int, b: int) -> float:
        pair = torch.stack([eye[:, a].flatten(), eye[:, b].flatten()])
        return float(pair.corrcoef()[0, 1])

    assert alike(0, 1) > 0.5 > alike(0, 2)
    assert stream().siblings == 1
    with pytest.raises(ValueError, match=r"^batch_size is 3: give an even number"):
        Photographs(twin_distance=4.0, batch_size=3)


def test_paths_are_reflected_at_the_walls() -> None:
    np.testing.assert_allclose(
        fold(np.array([-1.0, 0.0, 2.5, 4.0, 5.0, 9.0]), 0.0, 4.0), [1, 0, 2.5, 4, 3, 1]
    )
    wild = EyeMovements(drift=900.0, zoom=2.0)
    script = stream(movements=wild, size=16).script(np.random.default_rng(1))
    height, width = stream(size=16).photographs[script["photograph"][0]].shape[-2:]
    reach = 7.5 * np.exp(script["gaze"][:, 2])
    for axis, side in ((0, width), (1, height)):
        centre = script["gaze"][:, axis]
        assert (centre - reach >= 0).all()
        assert (centre + reach <= (side - 1) / OVERSAMPLING).all()


def test_blur_keeps_the_mean_and_spreads_a_point_as_a_gaussian() -> None:
    point = torch.zeros(1, 41, 41)
    point[0, 20, 20] = 1
    soft = soften(point, 2.0)
    torch.testing.assert_close(soft.sum(), torch.tensor(1.0))
    offsets = torch.arange(41.0) - 20
    assert abs(float((soft[0].sum(0) * offsets**2).sum()) - 4) < 0.15
    assert torch.equal(soften(point, 0), point), "a control"


@pytest.mark.parametrize("name", FREE)
def test_every_free_photograph_comes_with_scikit_image(name: str) -> None:
    gray = load_photograph(photograph_file(name), 1, 40)
    color = load_photograph(photograph_file(name), 3, 40)
    assert min(gray.shape[1:]) == 40 and gray.shape[0] == 1 and color.shape[0] == 3
    assert gray.min() >= 0 and gray.max() <= 1 and gray.std() > 0.02


def test_held_out_photographs_are_never_trained_on() -> None:
    module = Photographs()
    assert not set(module.photographs) & set(module.held_out)
    training, held_out = stream().photographs, stream(Part.TEST).photographs
    for picture in held_out:
        for other in training:
            assert picture.shape != other.shape or not torch.equal(picture, other)


def test_motion_can_be_predicted_and_saccades_cannot() -> None:
    """Going on at the velocity of the step before beats staying, but not at saccades."""
    script = stream().script(np.random.default_rng(3))
    calm = gaze(
        EyeMovements(saccade_rate=0),
        5000,
        30.0,
        Walls((0, 0), (1e6, 1e6)),
        np.random.default_rng(0),
    ).path
    velocity = np.diff(calm[:, :2], axis=0)
    assert np.mean(np.diff(velocity, axis=0) ** 2) < 0.2 * np.mean(velocity**2)
    wild = saccades(5000, 0.02, 6.0, 1, np.random.default_rng(0))
    assert np.mean(np.diff(wild, axis=0) ** 2) > 1.5 * np.mean(wild**2)
    assert script["motion"].std() > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": 2}, "size is 2: give a whole number, from 4 to 4096."),
        ({"channels": 2}, "channels is 2: give 1 for gray or 3 for RGB."),
        ({"field": 1.5}, "field is 1.5: give a fraction of the photograph's short side"),
        ({"blur": -1}, "blur is -1: give the width of the blur in pixels, from 0 to 10."),
        ({"frames_per_second": 0}, "frames_per_second is 0: give frames per second"),
        ({"photographs": []}, "photographs is empty: name at least one of astronaut.png"),
        ({"photographs": ["moon.png"]}, "photographs has 'moon.png': choose from astronaut.png"),
        ({"held_out": ["brick.png"]}, "held_out has 'brick.png', which is trained on"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Photographs(**change)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize("field", ["drift", "inertia", "saccade_rate", "saccade_amplitude", "zoom"])
def test_a_negative_movement_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} is -1: give "):
        EyeMovements(**{field: -1})


def test_a_photograph_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"^photograph 'nobody.png' is not in scikit-image"):
        photograph_file("nobody.png")


@pytest.mark.parametrize("lead", [0, 1, 3])
def test_the_efference_copy_comes_before_the_movement(lead: int) -> None:
    data = Photographs(
        size=8, window=5, batch_size=3, episode=20, validation_windows=8, motion=True, lead=lead
    )
    windows = list(data.val_dataloader())
    told = torch.cat([w.inputs["motion"] for w in windows])
    moved = torch.cat([w.labels["motion"] for w in windows])
    reset = torch.cat([w.reset for w in windows])
    for stream in range(3):
        begins = [*reset[:, stream].nonzero()[:, 0].tolist(), len(reset)]
        assert len(begins) > 2
        for first, end in zip(begins[:-1], begins[1:], strict=True):
            assert torch.equal(told[first : end - lead, stream], moved[first + lead : end, stream])
            if lead and end - first == data.episode:
                assert not told[end - lead : end, stream].any()
