"""Gratings and Gabor sequences against their closed forms; torchvision's MovingMNIST."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brainmodel.data.gabors import UNEXPECTED, GaborSequences, gabor_frames
from brainmodel.data.gratings import DriftingGratings, drifting_grating
from brainmodel.data.oddball import DEVIANT, FIRST, GRAY, STANDARD, OddballGratings
from brainmodel.data.streams import Part
from brainmodel.data.torchvision_files import MovingMNIST
from brainmodel.data.window import Window


def window(module: Any, part: Part = Part.TRAINING, index: int = 0) -> Window:
    return module.stream(module.share(part)).window(index)


def test_a_growing_phase_moves_the_bars_in_their_direction() -> None:
    still, moved = drifting_grating(
        torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.25]), torch.ones(2), cycles=4.0, size=32
    )
    torch.testing.assert_close(moved, still.roll(2, dims=1))  # a quarter of 8 pixels, rightwards
    down = drifting_grating(
        torch.tensor(math.pi / 2), torch.tensor(0.25), torch.tensor(1.0), 4.0, 32
    )
    torch.testing.assert_close(down, moved.T)
    assert not torch.allclose(moved, still.roll(-2, dims=1), atol=0.1), "a control"


def test_contrast_scales_around_gray() -> None:
    frame = drifting_grating(torch.tensor(0.3), torch.tensor(0.1), torch.tensor(0.5), 3.0, 64)
    assert frame.min() == pytest.approx(0.25, abs=0.01)
    assert frame.max() == pytest.approx(0.75, abs=0.01)
    gray = drifting_grating(torch.tensor(0.3), torch.tensor(0.1), torch.tensor(0.0), 3.0, 64)
    assert torch.equal(gray, torch.full((64, 64), 0.5))


def test_phase_advances_at_the_temporal_frequency_and_gray_lies_between() -> None:
    module = DriftingGratings(temporal_frequency=3.0, shown=0.5, gray=0.2, window=80, batch_size=3)
    labels = window(module).labels
    direction, phase = labels["direction"], labels["phase"]
    for stream in range(3):
        changes = (direction[1:, stream] != direction[:-1, stream]).nonzero().flatten() + 1
        runs = [len(run) for run in np.split(np.arange(80), changes.tolist())[1:-1]]
        assert runs and all(run in (15, 6) or run % 3 == 0 for run in runs)
    steady = (direction[1:] == direction[:-1]) & (direction[1:] >= 0)
    advance = (phase[1:] - phase[:-1])[steady] % 1
    assert torch.isclose(advance, torch.tensor(0.1), atol=1e-5).float().mean() > 0.95
    eye = window(module).inputs["eye"]
    assert (eye[direction == -1] == 0.5).all() and (direction == -1).any()
    assert (eye[direction >= 0].flatten(1).std(dim=1) > 0.1).all(), "a control"


def test_frames_are_the_gratings_of_their_labels() -> None:
    module = DriftingGratings(directions=4, batch_size=2)
    seen = window(module)
    shown = seen.labels["direction"] >= 0
    angle = seen.labels["direction"][shown] * math.pi / 2
    phase = seen.labels["phase"][shown]
    expected = drifting_grating(angle, phase, torch.full_like(phase, 0.8), 3.0, 32)
    torch.testing.assert_close(seen.inputs["eye"][shown][:, 0], expected)


def test_held_out_directions_lie_halfway_between_the_trained_ones() -> None:
    module = DriftingGratings(directions=8)
    first = [module.stream(module.share(part)).grating.first for part in Part]
    assert first == pytest.approx([0, math.pi / 8, math.pi / 8])


def test_a_gabor_patch_is_its_closed_form() -> None:
    x, y, sigma, orientation = 0.4, 0.55, 0.1, 0.7
    patch = torch.tensor([[[x, y, sigma, orientation]]], dtype=torch.float64)
    place = (torch.arange(40, dtype=torch.float64) + 0.5) / 40
    across, down = place[None, :] - x, place[:, None] - y
    along = -across * math.sin(orientation) + down * math.cos(orientation)
    bell = torch.exp(-(across**2 + down**2) / (2 * sigma**2))
    expected = (1 + bell * torch.cos(2 * math.pi * 5 * along)) / 2
    torch.testing.assert_close(gabor_frames(patch, 5.0, 40)[0], expected)
    turned = torch.tensor([[[x, y, sigma, orientation + 0.5]]], dtype=torch.float64)
    assert not torch.allclose(gabor_frames(turned, 5.0, 40)[0], expected, atol=0.05), "a control"


def gabors(**changes: Any) -> GaborSequences:
    usual: dict[str, Any] = {"window": 300, "batch_size": 6, "episode": 300, "size": 16}
    return GaborSequences(**(usual | changes))


def test_frames_come_in_order_each_for_its_time() -> None:
    labels = window(gabors(unexpected=0.3)).labels
    reset = window(gabors(unexpected=0.3)).reset
    allowed = {(0, 1), (1, 2), (2, 3), (2, 5), (3, 4), (5, 4), (4, 0)}
    frame = labels["frame"]
    before, after = frame[:-1][~reset[1:]], frame[1:][~reset[1:]]
    pairs = set(zip(before.tolist(), after.tolist(), strict=True))
    assert {pair for pair in pairs if pair[0] != pair[1]} == allowed
    assert (before != after).float().mean() == pytest.approx(1 / 9, abs=0.01)


def test_unexpected_frames_are_as_rare_as_asked_for_and_turned() -> None:
    labels = window(gabors(unexpected=0.25, window=3000, episode=3000)).labels
    surprising = labels["frame"] == UNEXPECTED
    assert torch.equal(labels["expected"], ~surprising)
    share = surprising.sum() / (surprising.sum() + (labels["frame"] == 3).sum())
    assert share == pytest.approx(0.25, abs=0.06)
    arrives = surprising[1:] & ~surprising[:-1]
    turned = (labels["orientation"][1:] - labels["orientation"][:-1])[arrives] % 180
    assert arrives.any() and (turned == 90).all()
    assert window(gabors(unexpected=0.0)).labels["expected"].all(), "a control"


def test_places_stay_and_orientations_change_from_sequence_to_sequence() -> None:
    module = gabors(unexpected=0.5)
    training, held_out = (module.stream(module.share(part)) for part in (Part.TRAINING, Part.TEST))
    script = training.script(np.random.default_rng(0))
    for number in (*range(4), UNEXPECTED):
        places = script["patches"][script["number"] == number][..., :3]
        assert (places == places[0]).all()
        orientations = script["patches"][script["number"] == number][..., 3]
        assert len(np.unique(orientations, axis=0)) > 1
    assert (training.expected == held_out.expected).all(), "a brain can know what to expect"
    other = gabors(seed=1)
    assert (other.stream(other.share(Part.TRAINING)).expected != training.expected).any()


def test_pictures_belong_to_their_steps() -> None:
    """Each step drawn by itself is the picture that was shared by all steps of its frame."""
    module = gabors()
    stream = module.stream(module.share(Part.TRAINING))
    script = stream._steps(2, 0)
    alone = gabor_frames(torch.from_numpy(script["patches"]), module.gabors.cycles, 16)
    shown = script["number"] != 4
    seen = stream.window(0).inputs["eye"][:, 2, 0]
    torch.testing.assert_close(seen[shown], alone[shown])
    assert (seen[~shown] == 0.5).all()


def oddballs(**changes: Any) -> OddballGratings:
    options: dict[str, Any] = {"size": 16, "shown": 0.1, "gray": 0.1, "deviants": 0.2}
    return OddballGratings(**(options | {"episode": 120, "batch_size": 16} | changes))


def blocks(module: OddballGratings, count: int = 200) -> list[dict[str, np.ndarray]]:
    """Scripts of blocks, at the last step of each stimulus."""
    stream = module.stream(module.share(Part.TRAINING))
    scripts = [stream.script(np.random.default_rng(k)) for k in range(count)]
    return [{name: values[5::6] for name, values in script.items()} for script in scripts]


def test_deviants_are_as_rare_as_asked_for_and_come_after_standards() -> None:
    chains = np.stack([block["stimulus"] for block in blocks(oddballs())])
    assert chains.shape == (200, 20) and set(np.unique(chains)) == {STANDARD, DEVIANT}
    assert (chains[:, :FIRST] == STANDARD).all()
    after = chains[:, FIRST:][chains[:, FIRST - 1 : -1] == STANDARD]
    assert (after == DEVIANT).mean() == pytest.approx(0.2, abs=0.02)
    assert not ((chains[:, 1:] == DEVIANT) & (chains[:, :-1] == DEVIANT)).any()
    never = np.stack([block["stimulus"] for block in blocks(oddballs(deviants=0.0))])
    assert (never == STANDARD).all(), "a control"


def test_each_orientation_is_standard_and_deviant_and_these_lie_at_right_angles() -> None:
    found: dict[int, list[float]] = {STANDARD: [], DEVIANT: []}
    for block in blocks(oddballs()):
        kinds = {k: np.unique(block["orientation"][block["stimulus"] == k]) for k in found}
        assert len(kinds[STANDARD]) == 1
        if len(kinds[DEVIANT]):
            assert kinds[DEVIANT] == (kinds[STANDARD] + 90) % 180
        for kind, orientations in kinds.items():
            found[kind] += orientations.tolist()
    for orientations in found.values():
        values, counts = np.unique(orientations, return_counts=True)
        assert values.tolist() == [0, 45, 90, 135] and counts.min() > 25


def test_oddballs_are_gratings_that_begin_alike_with_gray_before_them() -> None:
    seen = window(oddballs(window=60))
    kind, eye = seen.labels["stimulus"], seen.inputs["eye"][:, :, 0]
    assert (eye[kind == GRAY] == 0.5).all() and (eye[kind != GRAY].flatten(1).std(1) > 0.1).all()
    angle = torch.deg2rad(seen.labels["orientation"])
    first = (kind != GRAY) & (kind.roll(1, 0) == GRAY)
    first[0] = False
    for later in range(3):
        shown = first.roll(later, 0)
        shown[:later] = False
        phase = torch.tensor(later * 2.0 / 30).expand(int(shown.sum()))
        contrast = torch.full_like(phase, 0.8)
        expected = drifting_grating(angle[shown], phase, contrast, 3.0, 16)
        torch.testing.assert_close(eye[shown], expected)


def test_moving_mnist_shows_the_clips_of_the_file(user_files: dict[str, dict[str, Any]]) -> None:
    root = user_files["moving_mnist"]["root"]
    original = np.load(root / "MovingMNIST" / "mnist_test_seq.npy")
    module = MovingMNIST(root, size=64, window=20, episode=20, batch_size=1)
    clips: dict[Part, set[int]] = {}
    for part in Part:
        seen = [window(module, part, index) for index in range(12)]
        clips[part] = {int(one.labels["clip"][5, 0]) for one in seen}
        clip = int(seen[0].labels["clip"][0, 0])
        expected = torch.from_numpy(original[:, clip]).float() / 255
        torch.testing.assert_close(seen[0].inputs["eye"][:, 0, 0], expected)
    assert not clips[Part.TRAINING] & (clips[Part.VALIDATION] | clips[Part.TEST])


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        (
            DriftingGratings,
            {"cycles": 17},
            "cycles is 17: give cycles per frame width, from 0 to 16.",
        ),
        (DriftingGratings, {"contrast": 2}, "contrast is 2: give a contrast, from 0 to 1."),
        (
            DriftingGratings,
            {"temporal_frequency": 20},
            "temporal_frequency is 20: give cycles per second, from 0 to 15.",
        ),
        (
            GaborSequences,
            {"unexpected": 7},
            "unexpected is 7: give a fraction of the sequences, from 0",
        ),
        (OddballGratings, {"orientations": 3}, "orientations is 3: give an even number."),
        (OddballGratings, {"deviants": -1}, "deviants is -1: give a fraction of the stimuli, from"),
        (GaborSequences, {"patches": 0}, "patches is 0: give a whole number, from 1 to 10000."),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(
    kind: type, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        kind(**change)
    assert str(refusal.value).startswith(sentence)


def test_a_missing_moving_mnist_is_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"^root is .*MovingMNIST/mnist_test_seq.npy, nothing"
    ):
        MovingMNIST(tmp_path)
