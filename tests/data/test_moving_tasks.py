"""Patterns, reaches and walks against their closed forms."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from brainmodel.data.streams import Part
from brainmodel.data.tasks import (
    CentreOutReaching,
    PathIntegration,
    PatternGeneration,
)
from brainmodel.data.tasks.path_integration import ornstein_uhlenbeck
from brainmodel.environments.two_link_arm import TwoLinkArm
from tests.data.one_trial import about, made, onsets, share, trials


def test_patterns_are_sums_of_sines_and_the_same_in_all_parts() -> None:
    module = made(PatternGeneration, 300, patterns=3, outputs=2, length=40, sines=3, seed=4)
    assert isinstance(module, PatternGeneration)
    courses = torch.from_numpy(module.patterns.courses).double()
    assert courses.shape == (3, 40, 2)
    assert courses.mean(1).abs().max() < 1e-6
    torch.testing.assert_close(courses.var(1, correction=0), torch.ones(3, 2).double())
    power = torch.fft.rfft(courses, dim=1).abs()
    assert power[:, 4:].max() < 1e-5 and power[:, 1:4].min() > 1, "one to three cycles"
    for part in Part:
        window = trials(module, part)
        asked, labels = window.labels["response"], window.labels
        assert (asked.sum(0) == 40).all()
        for b in range(20):
            course = labels["answer"][asked[:, b], b]
            assert torch.equal(course.double(), courses[labels["condition"][0, b]])
            cue = window.inputs["stimulus"][:, b]
            assert cue.sum() == 3 and cue[:, labels["condition"][0, b]].sum() == 3
            assert int(cue.sum(1).nonzero()[-1]) + 1 == int(asked[:, b].nonzero()[0])
    other = made(PatternGeneration, 2, patterns=3, outputs=2, seed=5)
    assert isinstance(other, PatternGeneration)
    assert not np.allclose(other.patterns.courses, module.patterns.courses)


def test_the_arm_brings_the_hand_where_its_angles_say() -> None:
    arm = TwoLinkArm(0.3, 0.33)
    random = np.random.default_rng(0)
    angles = np.stack([random.uniform(-1, 2, 500), random.uniform(0.05, 3.0, 500)], axis=1)
    np.testing.assert_allclose(arm.angles(arm.hand(angles)), angles, atol=1e-9)
    straight = arm.hand(np.array([np.pi / 2, 0.0]))
    np.testing.assert_allclose(straight, [0, 0.63], atol=1e-12)
    square = arm.angles(np.array([0.33, 0.3]))  # a right angle at the elbow
    np.testing.assert_allclose(arm.hand(square), [0.33, 0.3], atol=1e-12)
    right = TwoLinkArm(3.0, 4.0).angles(np.array([0.0, 5.0]))
    assert right[1] == pytest.approx(np.pi / 2), "3, 4, 5"


def test_reaches_are_straight_smooth_and_what_the_arm_can_do() -> None:
    module = made(CentreOutReaching, 800)
    assert isinstance(module, CentreOutReaching)
    window = trials(module)
    labels, told = window.labels, window.inputs["stimulus"]
    hand, since = labels["hand"].double(), labels["since"]
    on = labels["trial"] >= 0
    target = labels["condition"][0]
    assert all(share(target == k) == about(1 / 8, 800, 0.33) for k in range(8))
    direction = 2 * np.pi * target / 8
    way = hand - torch.tensor([0.0, 0.4])
    across = way[..., 0] * -direction.sin() + way[..., 1] * direction.cos()
    assert across[on].abs().max() < 1e-7, "straight"
    along = way[..., 0] * direction.cos() + way[..., 1] * direction.sin()
    u = (since.double() / 0.4).clamp(0, 1)
    expected = 0.08 * (10 * u**3 - 15 * u**4 + 6 * u**5)
    torch.testing.assert_close(along[on], expected[on], atol=1e-7, rtol=0)
    assert labels["answer"][on].abs().max() == pytest.approx(1, abs=1e-6)
    assert not labels["answer"][(since < 0) & on].any(), "at rest until the movement"
    asked = (since >= -0.1001) & on
    assert torch.equal(labels["response"], asked)
    mirrored = np.array(module.reaches.arm.angles((hand[on] * torch.tensor([-1.0, 1.0])).numpy()))
    rest = module.reaches.arm.angles(np.array([0.0, 0.4]))
    scaled = mirrored - rest
    answer = labels["answer"][on].double().numpy()
    for joint in (0, 1):
        slope = (scaled[:, joint] @ answer[:, joint]) / (answer[:, joint] @ answer[:, joint])
        np.testing.assert_allclose(scaled[:, joint], slope * answer[:, joint], atol=1e-5)
    hold = told[..., 2]
    go = hold.sum(0)
    begin = (since.abs() < 1e-4).int().argmax(0)
    assert torch.equal(begin - go, torch.full((800,), 15.0)), "the reaction"
    size = told[..., :2].square().sum(2).sqrt()
    assert size.max() == pytest.approx(np.sin(np.pi * 9.5 / 20) ** 2, abs=1e-6)
    assert torch.equal((size > 0).sum(0), torch.full((800,), 20))
    shown = onsets(size > 0)
    preparation = go - shown
    assert preparation.min() >= 30 and preparation.max() <= 70
    assert share(preparation) == about(50, 800, 12) and share(shown) == about(20, 800, 6.1)
    peak = size.argmax(0)
    seen = told[peak, torch.arange(800)]
    angle = torch.atan2(seen[:, 0], seen[:, 1])
    assert torch.cos(angle - direction).min() > 1 - 1e-6


@pytest.mark.skipif(
    "BRAINMODEL_RECORDINGS" not in os.environ, reason="needs the recordings: BRAINMODEL_RECORDINGS"
)
def test_angles_are_like_those_of_the_recorded_arm() -> None:
    folder = Path(os.environ["BRAINMODEL_RECORDINGS"]) / "motor_cortex_reaching"
    with np.load(next(folder.glob("*.npz"))) as held:
        recorded = [held[f"{joint}_angle"][:, -1] for joint in ("shoulder", "elbow")]
    module = CentreOutReaching()
    direction = 2 * np.pi * np.arange(8) / 8
    ours = module.reaches.angles(np.full(8, module.reaches.movement), direction)
    for joint, least in ((0, 0.9), (1, 0.98)):
        assert np.corrcoef(ours[:, joint], recorded[joint])[0, 1] > least
        turned = np.roll(recorded[joint], 2)
        assert np.corrcoef(ours[:, joint], turned)[0, 1] < 0.5, "a control"


def test_the_steps_of_a_walk_add_up_to_the_place() -> None:
    module = made(PathIntegration, 100, length=80)
    window = trials(module)
    told, place = window.inputs["stimulus"].double(), window.labels["answer"].double()
    start = told[0, :, 2:4]
    assert torch.equal(start.float(), window.labels["answer"][0]) and (told[0, :, 4] == 1).all()
    assert not told[1:, :, 2:].any()
    moved = told[..., :2] * 0.08 * (np.pi / 2) ** 0.5 * 0.1 / 0.5  # mean steps to half sides
    torch.testing.assert_close(place, start + moved.cumsum(0), atol=1e-5, rtol=0)
    assert window.labels["response"][1:].all() and not window.labels["response"][0].any()


def test_an_animal_keeps_to_its_box_and_walks_like_a_rat() -> None:
    module = made(PathIntegration, 1000, length=100)
    window = trials(module)
    place, told = window.labels["answer"], window.inputs["stimulus"].double()
    assert place.abs().max() <= 1
    for axis in (0, 1):  # uniform: a mean of 0, a variance of 1/3
        assert share(place[0, :, axis]) == about(0, 1000, 0.577)
        assert place[-1, :, axis].var().item() == pytest.approx(1 / 3, rel=0.12)
    inside = (place[1:].abs().amax(2) < 0.95) & (place[:-1].abs().amax(2) < 0.95)
    speed = told[1:, :, :2].square().sum(2).sqrt()
    assert speed[inside].mean() == pytest.approx(1, rel=0.05), "in mean steps"
    rayleigh = (4 / np.pi - 1) ** 0.5
    assert speed[inside].std() == pytest.approx(rayleigh, rel=0.05)
    corner = trials(made(PathIntegration, 500, length=400, box=0.2)).labels["answer"]
    assert corner.abs().max() <= 1 and corner[-1].var().item() == pytest.approx(1 / 3, rel=0.15)


def test_the_heading_is_that_of_the_step_walls_or_not() -> None:
    window = trials(made(PathIntegration, 200, length=200, box=0.3))
    way, place = window.labels["heading"].double(), window.labels["answer"]
    told = window.inputs["stimulus"].double()[1:, :, :2]
    assert torch.allclose(way.square().sum(2), torch.ones(200, 200, dtype=torch.float64))
    reflected = (place[1:].abs().amax(2) > 0.85) | (place[:-1].abs().amax(2) > 0.85)
    length = told.square().sum(2).sqrt()
    along = (told * way[1:]).sum(2) / length
    kept = ~reflected & (length > 0.05)
    assert along[kept].min() > 0.999 and kept.double().mean() > 0.3
    assert (place.abs().amax(2) > 0.85).any(0).double().mean() > 0.9, "they do meet walls"


def test_place_and_direction_cells_say_where_and_which_way() -> None:
    options = {"place_cells": 30, "width": 0.2, "direction_cells": 12, "seed": 4}
    module = made(PathIntegration, 20, length=30, **options)
    assert isinstance(module, PathIntegration)
    labels = {name: value.double() for name, value in trials(module).labels.items()}
    centres = torch.from_numpy(np.random.default_rng(4).uniform(0, 1, (30, 2)))
    place = (labels["answer"] + 1) / 2
    apart = (place[:, :, None] - centres).square().sum(3)
    expected = (-apart / (2 * 0.2**2)).softmax(2)
    torch.testing.assert_close(labels["place_cells"], expected, atol=1e-5, rtol=0)
    angle = torch.atan2(labels["heading"][..., 1], labels["heading"][..., 0])
    preferred = 2 * torch.pi * torch.arange(12) / 12
    expected = (20 * torch.cos(angle[..., None] - preferred)).softmax(2)
    torch.testing.assert_close(labels["direction_cells"], expected, atol=1e-5, rtol=0)
    assert set(module.chance) == {"answer", "heading", "place_cells", "direction_cells"}
    assert "place_cells" not in made(PathIntegration, 2).label_kinds


def test_the_process_is_stationary_and_forgets_at_its_rate() -> None:
    normal = np.random.default_rng(0).standard_normal((60, 20_000))
    course = ornstein_uhlenbeck(normal, 0.25)
    assert course.var(axis=1) == pytest.approx(1, abs=0.04)
    for lag in (1, 4, 12):
        both = (course[:-lag] * course[lag:]).mean()
        assert both == pytest.approx(np.exp(-0.25 * lag), abs=0.02)
