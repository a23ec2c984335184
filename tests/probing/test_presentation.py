"""Stimuli in the model's steps: onsets, offsets, frame rates, gaze, and the eye's own shape."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from brainmodel.data import EyeMovements, Fixation
from brainmodel.probing.activity import Presentation, follow_gaze, to_eye
from brainmodel.probing.activity.presentation import in_steps
from brainmodel.probing.recordings import Stimuli, as_floats


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def literal(frames: np.ndarray, edges: list[float], steps: np.ndarray, gray: float) -> np.ndarray:
    """What a step sees, by looking at the screen 1,000 times while it lasts."""
    seen = []
    for start, end in zip(steps[:-1], steps[1:], strict=True):
        looks = start + (end - start) * (np.arange(1000) + 0.5) / 1000
        frame = np.searchsorted(edges, looks, side="right") - 1
        on = (frame >= 0) & (frame < frames.shape[1])
        values = np.where(on[:, None], frames[0, np.where(on, frame, 0)], gray)
        seen.append(values.mean(0))
    return np.array(seen)


@pytest.mark.parametrize("edges", [[0.0, 0.1], [0.013, 0.05, 0.08, 0.31]])
def test_a_step_sees_the_mean_of_what_was_on_the_screen(edges: list[float]) -> None:
    frames = noise(1, len(edges) - 1, 5)
    steps = np.arange(-2, 12) / 30
    found = in_steps(frames, np.array(edges), steps, 0.25)
    np.testing.assert_allclose(found[0], literal(frames, edges, steps, 0.25), atol=2e-3)
    assert np.ptp(found) > 0.3  # the control: there is something to see


def test_a_movie_in_the_models_own_steps_is_left_alone() -> None:
    movie = Stimuli(noise(3, 6, 4, 4, 1), np.arange(7) / 25)
    shown = Presentation(25.0, seconds=0.24).movies(movie, np.arange(3), eye=4)
    np.testing.assert_allclose(shown, movie.frames, atol=1e-6)


def test_warm_up_and_offset_show_the_background() -> None:
    still = Stimuli(np.zeros((2, 1, 4, 4, 3), np.uint8), np.array([0.0, 0.2]))
    presentation = Presentation(10.0, seconds=0.4, warm_up=0.3, background=0.75)
    shown = presentation.movies(still, np.array([1]), eye=4)
    assert shown.shape == (1, 7, 4, 4, 3)
    assert shown[0, :, 0, 0, 0].tolist() == [0.75, 0.75, 0.75, 0, 0, 0.75, 0.75]
    np.testing.assert_allclose(presentation.edges, [0, 0.1, 0.2, 0.3, 0.4])


def test_a_gaze_by_whole_pixels_shifts_the_picture() -> None:
    movie = noise(3, 6, 7, 2)
    seen = follow_gaze(movie, np.array([[0, 0], [2, 0], [0, -1]]), 0.5)
    np.testing.assert_allclose(seen[0], movie[0], atol=1e-5)
    np.testing.assert_allclose(seen[1, :, :-2], movie[1, :, 2:], atol=1e-5)
    np.testing.assert_allclose(seen[1, :, -2:], 0.5, atol=1e-5)
    np.testing.assert_allclose(seen[2, 1:], movie[2, :-1], atol=1e-5)


def test_a_fixating_eye_makes_a_movie_of_a_still_and_starts_in_its_middle() -> None:
    still = Stimuli(noise(2, 1, 24, 24, 1), np.array([0.0, 1.0]))
    eye = Presentation(30.0, seconds=0.5, gaze=Fixation(EyeMovements(), reach=2.0))
    shown = eye.movies(still, np.arange(2), eye=8)
    np.testing.assert_allclose(shown[:, 0], still.frames[:, 0], atol=1e-5)
    assert np.abs(np.diff(shown, axis=1)).max() > 0.1
    again = eye.movies(still, np.array([1]), eye=8)
    np.testing.assert_array_equal(again[0], shown[1])  # whatever else is in the batch
    other = replace(eye, seed=1).movies(still, np.array([1]), eye=8)
    assert not np.array_equal(other, again)
    path = Fixation(EyeMovements(), reach=2.0).path(500, 30.0, np.random.default_rng(0))
    assert np.abs(path).max() <= 2.0
    assert np.abs(path).max() > 1.5


def test_the_eye_sees_the_middle_in_its_own_proportions() -> None:
    movies = noise(2, 3, 8, 12, 3)
    seen = to_eye(movies, (3, 4, 4))
    assert seen.shape == (3, 2, 3, 4, 4)
    square = torch.from_numpy(movies[:, :, :, 2:10].transpose(1, 0, 4, 2, 3).copy())
    expected = torch.nn.functional.avg_pool2d(square.flatten(0, 1), 2).unflatten(0, (3, 2))
    assert (seen - expected).abs().mean() < 0.1 < (seen - expected.flip(4)).abs().mean()
    gray = to_eye(np.broadcast_to(noise(2, 3, 8, 8, 1), (2, 3, 8, 8, 3)), (1, 8, 8))
    np.testing.assert_allclose(
        gray[:, :, 0].transpose(0, 1), noise(2, 3, 8, 8, 1)[..., 0], atol=1e-5
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"frames_per_second": 0.0}, "frames_per_second is 0.0: give steps per second"),
        ({"frames_per_second": 0.0333}, "frames_per_second is 0.0333: give steps per second"),
        ({"seconds": 0.001}, r"seconds is 0.001: give at least one step, 0.0333"),
        ({"background": 2.0}, "background is 2.0: give a gray level from 0 to 1"),
    ],
)
def test_what_cannot_be_shown_is_refused(change: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Presentation(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize("blur", [0.5, 1.0, 2.5])
def test_blur_is_a_gaussian_of_so_many_pixels_of_the_eye(blur: float) -> None:
    """By scipy's filter, whose kernel is cut off as here, at three sigma."""
    still = noise(1, 1, 24, 24, 1)
    stimuli, first = Stimuli(still, np.array([0.0, 1.0])), np.array([0])
    seen = Presentation(10.0, 0.1, blur=blur).seen(stimuli, first, (1, 24, 24))
    expected = gaussian_filter(still[0, 0, ..., 0], blur, mode="mirror", truncate=3.0)
    np.testing.assert_allclose(seen[0, 0, 0], expected, atol=1e-6)
    sharp = Presentation(10.0, 0.1).seen(stimuli, first, (1, 24, 24))
    assert (sharp[0, 0, 0] - seen[0, 0, 0]).abs().mean() > 0.05


def test_blur_does_not_depend_on_the_pixels_of_the_file_nor_on_a_gaze() -> None:
    coarse = gaussian_filter(noise(1, 1, 24, 24, 1), (0, 0, 2, 2, 0))
    fine = coarse.repeat(4, 2).repeat(4, 3)
    first, edges = np.array([0]), np.array([0.0, 1.0])
    shown = Presentation(10.0, 0.1, blur=1.5)
    one, other = (shown.seen(Stimuli(f, edges), first, (1, 24, 24)) for f in (coarse, fine))
    assert (
        (one - other).abs().max()
        < 0.01
        < (one - torch.from_numpy(coarse[0, 0, ..., 0])).abs().max()
    )
    gaze = Presentation(
        10.0, 0.1, blur=1.5, gaze=Fixation(EyeMovements(drift=0, saccade_rate=0, zoom=0))
    )
    torch.testing.assert_close(gaze.seen(Stimuli(coarse, edges), first, (1, 24, 24)), one)


@pytest.mark.parametrize("blur", [-1.0, 10.5, np.nan, np.inf])
def test_a_blur_out_of_range_is_refused(blur: float) -> None:
    with pytest.raises(
        ValueError, match=r"blur is .*: give the sigma in pixels of the eye, 0 to 10"
    ):
        Presentation(blur=blur)


def test_stimuli_that_do_not_fit_are_refused() -> None:
    good = Stimuli(noise(4, 2, 3, 3, 1), np.array([0.0, 0.1, 0.2]))
    assert good.check("clip.npy", 4).frames is good.frames
    for stimuli, sentence in (
        (good._replace(frames=good.frames[0]), r"clip.npy: frames has shape \(2, 3, 3, 1\): give"),
        (good._replace(edges=good.edges[1:]), "clip.npy: 2 frames with 2 edges: give one more"),
        (good._replace(edges=good.edges[::-1]), "in rising seconds"),
    ):
        with pytest.raises(ValueError, match=sentence):
            stimuli.check("clip.npy", 4)
    with pytest.raises(ValueError, match="clip.npy: frames of 4 stimuli for a recording of 5"):
        good.check("clip.npy", 5)
    with pytest.raises(ValueError, match=r"frames run from 0 to 255: give floats in \[0, 1\]"):
        as_floats(np.array([0.0, 255.0]))
