"""Milliseconds where seconds are meant are refused in a sentence that says so, wherever taken."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from brainmodel.probing import Presentation, Scoring
from brainmodel.probing.analyses.time_courses import within
from brainmodel.probing.baselines import MotionEnergy
from brainmodel.probing.recordings import Recording, Shown, Stimuli, covered_steps

QUARTER = np.linspace(0, 0.25, 6)  # s


def recording(edges: Any) -> Recording:
    responses = np.zeros((2, 3, 1, len(edges) - 1))
    return Recording(responses, np.array(["V1"] * 2), np.arange(3), edges, "spikes/s", "mouse")


@pytest.mark.parametrize(
    ("make", "field", "meant"),
    [
        (lambda: Presentation(warm_up=200.0), "warm_up", "0.2"),
        (lambda: Scoring(lags=[0.0, 50.0]), "lags", "0.05"),
        (lambda: Scoring(lags=[-40.0]), "lags", "-0.04"),
        (lambda: MotionEnergy(window=300.0), "window", "0.3"),
    ],
)
def test_options_of_a_probe_say_what_was_meant(
    make: Callable[[], Any], field: str, meant: str
) -> None:
    with pytest.raises(
        ValueError, match=rf"^{field} is .* s: give seconds, not milli.*\({meant}\)"
    ):
        make()


def test_what_is_no_time_is_refused_without_such_advice() -> None:
    for wrong in (-0.5, np.nan, np.inf, "soon"):
        with pytest.raises(ValueError, match=r"warm_up is .*: give seconds, from 0 to 30") as told:
            Presentation(warm_up=wrong)  # type: ignore[arg-type]
        assert "milliseconds" not in str(told.value)


@pytest.mark.parametrize(
    ("edges", "seconds", "culprit"),
    [
        (1000 * QUARTER, 0.2, "edges"),
        (np.array([70.0, 170.0]), 0.5, "edges"),
        (np.arange(251.0), 0.5, "edges"),
        (QUARTER, 200.0, "presentation.seconds"),
        (QUARTER, 10.0, "presentation.seconds"),
    ],
)
def test_a_recording_and_a_model_of_different_units_are_refused(
    edges: Any, seconds: float, culprit: str
) -> None:
    steps = Presentation(30.0, seconds).edges
    with pytest.raises(ValueError, match=rf"mouse: responses last .*: give {culprit} in seconds"):
        covered_steps(recording(edges), steps, 0.0)


@pytest.mark.parametrize(
    ("edges", "seconds"),
    [
        (QUARTER, 0.2),
        (np.arange(61.0), 0.5),  # the first half second of a minute
        (np.arange(0, 30, 2.0), 28.0),  # fMRI
        (np.array([0.0, 5.0]), 0.5),
        (QUARTER, 5.0),
    ],
)
def test_long_recordings_and_long_presentations_are_not_refused(edges: Any, seconds: float) -> None:
    assert len(covered_steps(recording(edges), Presentation(30.0, seconds).edges, 0.0)) > 0


def test_a_window_in_milliseconds_is_refused_though_all_bins_lie_in_it() -> None:
    with pytest.raises(ValueError, match=r"window: 0 to 300 s reaches far beyond .* milliseconds"):
        within([0.0, 300.0], QUARTER, "the model")
    assert within([0.0, 0.5], QUARTER, "the model").all()


def test_recordings_and_frames_at_hand_are_held_to_the_same_as_those_in_files() -> None:
    frames = np.zeros((3, 1, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match="mouse: responses last 250 s.*give edges in seconds"):
        Shown(recording(1000 * QUARTER), Stimuli(frames, np.array([0.0, 0.25]))).check()
    assert Shown(recording(QUARTER), Stimuli(frames, np.array([0.0, 0.25]))).check()
