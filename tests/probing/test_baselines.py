"""Baselines see what they are made to see: patches, orientations, directions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from brainmodel.probing.baselines import EdgeEnergy, MotionEnergy, Pixels
from brainmodel.probing.baselines.pixels import shrink
from tests.probing.test_laws import build

CONFIGS = sorted((Path(__file__).parents[2] / "configs/probing/baselines").glob("*.yaml"))


def grating(
    angle: float, frequency: float, speed: float = 0.0, frames: int = 1, size: int = 64
) -> np.ndarray:
    """[1, time, height, width, 1] with contrast along `angle`; speed in cycles per frame."""
    down, across = np.mgrid[:size, :size]
    along = across * np.cos(angle) + down * np.sin(angle)
    phase = 2 * np.pi * (frequency * along[None] - speed * np.arange(frames)[:, None, None])
    return (0.5 + 0.5 * np.cos(phase))[None, ..., None]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_each_baseline_gives_features_by_stimulus_and_time(path: Path) -> None:
    baseline: Callable[[np.ndarray], np.ndarray] = build(yaml.safe_load(path.read_text()))
    movies = np.random.default_rng(0).random((3, 4, 40, 48, 3))
    features = baseline(movies)
    assert features.shape[:2] == (3, 4)
    assert np.isfinite(features).all()
    assert features.var(0).min() > 0
    again = baseline(movies[1:])
    assert again == pytest.approx(features[1:], abs=1e-6)  # stimuli do not meet
    with pytest.raises(ValueError, match=r"give \[stimulus, time, height, width, channel\] in"):
        baseline(movies * 255)


def test_patches_are_means_even_where_borders_cut_pixels() -> None:
    movie = np.random.default_rng(0).random((1, 1, 6, 9, 2))
    expected = movie.reshape(1, 1, 3, 2, 3, 3, 2).mean((3, 5))
    assert shrink(movie, 3) == pytest.approx(expected)
    cut = movie[0, 0, :3, :4].sum(axis=(0, 1)) + movie[0, 0, :3, 4].sum(0) / 2
    assert shrink(movie, 2)[0, 0, 0, 0] == pytest.approx(cut / 13.5)
    assert Pixels(99)(movie).shape == (1, 1, 6 * 9 * 2)


def test_edge_energy_is_largest_at_the_grating_shown() -> None:
    bank = EdgeEnergy(size=64, orientations=8, octaves=4, grid=1)
    for octave in range(4):
        for orientation in range(8):
            shown = grating(orientation * np.pi / 8, 0.25 / 2**octave)
            found = bank(shown)[0, 0].reshape(4, 8)
            assert np.unravel_index(found.argmax(), found.shape) == (octave, orientation)


def test_edge_energy_does_not_depend_on_phase_and_pixels_do() -> None:
    shown, moved = (grating(0, 1 / 16, speed=s, frames=2)[:, 1:] for s in (0.0, 0.25))
    bank = EdgeEnergy(grid=1)
    assert bank(moved) == pytest.approx(bank(shown), rel=1e-3, abs=1e-4)
    assert not np.allclose(Pixels(16)(moved), Pixels(16)(shown), atol=0.1)


def test_motion_energy_tells_directions_apart() -> None:
    bank = MotionEnergy(30.0, (4.0,), size=64, orientations=1, octaves=1, grid=1, window=0.5)
    speeds = [4 / 30, -4 / 30, 0.0]  # cycles per frame
    one, other, still = (bank(grating(0, 0.25, speed, frames=40))[0, -1] for speed in speeds)
    assert max(one[0] / one[1], one[1] / one[0]) > 3
    assert one == pytest.approx(other[::-1], rel=1e-3)
    assert still[0] == pytest.approx(still[1], rel=1e-3)


def test_motion_energy_does_not_see_the_future() -> None:
    bank = MotionEnergy(size=32, octaves=2)
    movie = np.random.default_rng(0).random((1, 12, 32, 32, 1))
    changed = movie.copy()
    changed[:, 8:] = 0.5
    assert bank(changed)[:, :8] == pytest.approx(bank(movie)[:, :8], abs=1e-6)
    assert not np.allclose(bank(changed)[:, 8:], bank(movie)[:, 8:], atol=1e-3)


def test_impossible_banks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a size of at least 2 \*\* \(octaves \+ 1\) pixels"):
        EdgeEnergy(size=16, octaves=4)
    with pytest.raises(ValueError, match=r"from 0 to half of frames_per_second, 15 Hz"):
        MotionEnergy(30.0, temporal=(20.0,))
