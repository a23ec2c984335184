"""Walks of path integration move as those of RatInABox do (George et al. 2024, eLife 13:e85274)."""

import warnings
from typing import Any

import numpy as np
import pytest

from brainmodel.data.tasks import PathIntegration
from tests.data.one_trial import made, trials

BOX = 100.0  # metres; no wall is met


@pytest.fixture(scope="module")
def box() -> Any:
    return pytest.importorskip("ratinabox", reason="the extra rats is not installed")


def their_walk(box: Any, step: float, steps: int) -> np.ndarray:
    """[step, 2] velocity in m/s."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.random.seed(0)  # theirs is the global generator
        agent = box.Agent(box.Environment(params={"scale": BOX}), params={"dt": step})
        for _ in range(steps):
            agent.update()
    return np.array(agent.history["vel"])


def our_walks(step: float, steps: int, streams: int) -> np.ndarray:
    """[step, stream, 2] velocity in m/s, of the steps that a brain is told."""
    window = trials(made(PathIntegration, streams, length=steps, box=BOX, step=step))
    told = window.inputs["stimulus"][1:, :, :2].double().numpy()
    return told * 0.08 * np.sqrt(np.pi / 2)


def correlation(values: np.ndarray, lag: int) -> float:
    centred = values - values.mean()
    return float((centred[:-lag] * centred[lag:]).mean() / centred.var())


@pytest.mark.slow
def test_speeds_have_the_same_law_and_are_forgotten_alike(box: Any) -> None:
    theirs = np.linalg.norm(their_walk(box, 0.1, 8000), axis=1)
    ours = np.linalg.norm(our_walks(0.1, 100, 400), axis=2)
    for measure in (np.mean, np.std, np.median, lambda v: np.quantile(v, 0.9)):
        assert measure(ours) == pytest.approx(measure(theirs), rel=0.08)
    for lag in (2, 7, 14):
        assert correlation(ours, lag) == pytest.approx(correlation(theirs, lag), abs=0.09)
    assert correlation(ours, 2) - correlation(ours, 7) > 0.25, "a control"


@pytest.mark.slow
def test_they_turn_as_fast_and_as_suddenly(box: Any) -> None:
    def turning(velocity: np.ndarray) -> np.ndarray:
        angle = np.unwrap(np.arctan2(velocity[..., 1], velocity[..., 0]), axis=0)
        return np.diff(angle, axis=0) / 0.01

    theirs, ours = turning(their_walk(box, 0.01, 8000)), turning(our_walks(0.01, 100, 200))
    assert np.rad2deg(ours.std()) == pytest.approx(120, rel=0.03)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.1)
    for lag in (4, 8, 16):
        assert correlation(ours, lag) == pytest.approx(correlation(theirs, lag), abs=0.1)
