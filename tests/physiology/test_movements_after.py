"""Postdiction, and a halt that the eye's own movement does not explain."""

import math

import pytest
import torch

from areas import Leaky, Predictor
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.data.eye_movements import moved_frames
from brainmodel.learning import NoLearning
from brainmodel.pathways.gain_fields import GainFields
from brainmodel.physiology.phenomena import MismatchOfOwnMovement, Postdiction, flash_lag
from brainmodel.physiology.phenomena import mismatch_of_own_movement as own_movement
from brainmodel.physiology.phenomena.mismatch import AFTER, DIRECTIONS
from objectives import SquaredError

SIZE = 32
ALONG_AXES = torch.tensor([a % (math.pi / 2) < 1e-9 for a, _, _ in flash_lag.bars()])


def test_bars_are_at_one_place_at_the_flash_and_then_go_their_ways() -> None:
    frames = Postdiction(speed=1.5).frames(SIZE)
    assert frames.shape == (flash_lag.STEPS + 2, 4 * len(ALONG_AXES) + 1, SIZE, SIZE)
    ways = frames[:, :-1].unflatten(1, (4, -1))
    assert all(torch.equal(ways[:-2, 0], ways[:-2, k]) for k in (1, 2, 3))
    assert (frames[-1] == 0.5).all() and (frames[:, -1] == 0.5).all()
    assert (ways[-2, 0] == 0.5).all() and torch.equal(ways[-2, 1], ways[-3, 1])
    assert torch.allclose(ways[-2, 2], ways[-4, 2], atol=1e-6)  # turned back
    for k, (angle, place, _) in enumerate(flash_lag.bars()):
        if ALONG_AXES[k]:
            bar = (ways[-2, 3, k].double() - 0.5).abs()
            at = (bar * flash_lag.along(angle, SIZE)).sum() / bar.sum()
            assert float(at) == pytest.approx(place + 1.5, abs=1e-5)


def test_the_index_is_what_is_said_of_four_who_foresee() -> None:
    """0: who knows the time before the flash alone; 1: who repeats; 2: who carries on."""
    phenomenon = Postdiction(speed=1.0)
    frames = phenomenon.frames(SIZE)
    flash, last = frames[-3], frames[-2]
    on = last.clone().unflatten(0, (1, -1))[0]
    carried = torch.stack(
        [
            0.5 + 0.4 * sign * flash_lag.bar(angle, place + 2.0 * moved, SIZE)
            for moved in (0, 0, -1, 1)
            for angle, place, sign in flash_lag.bars()
        ]
    )
    on[:-1] = carried
    for predicted, expected in ((flash, 0.0), (last, 1.0), (on, 2.0)):
        shown = phenomenon._shown(predicted[:, None])
        assert torch.allclose(shown.strength[ALONG_AXES], torch.full((24,), expected), atol=1e-5)
    courses = phenomenon._shown(last[:, None]).curve
    assert courses[1:].tolist() == pytest.approx([0, -1, 1], abs=0.1) and courses[0].isnan()
    assert phenomenon._shown(frames[-1][:, None]).strength.isnan().all()


def test_the_copy_tells_how_the_eye_moves_over_what_it_sees() -> None:
    """Frames that follow are the frames before, seen by an eye that moved as it is told."""
    lead = 2
    frames, moved, halt = MismatchOfOwnMovement(cycles=3, lead=lead).stimuli(SIZE)
    still = torch.zeros(DIRECTIONS, 1)
    told = moved[:, DIRECTIONS:]
    for t in range(lead, len(frames)):
        before = frames[t - 1, DIRECTIONS:, None]
        seen = moved_frames(before, torch.cat([told[t - lead], still], 1))[:, 0]
        expected = frames[t, DIRECTIONS:]
        assert float((seen - expected)[:, 4:-4, 4:-4].abs().max()) < 0.03, t
    assert (frames[halt:] == frames[halt - 1]).all()
    going, told = moved.unflatten(1, (2, -1)).unbind(1)
    assert torch.equal(frames[:, :DIRECTIONS], frames[:, DIRECTIONS:])
    assert (going.norm(dim=2) > 0).all()
    assert torch.equal(told[: halt - lead], going[: halt - lead]) and not told[halt - lead :].any()


def told_of_movement() -> Brain:
    """A brain whose predictions hear of how the eye moves; of weights that were drawn."""
    plan = AreaPlan(
        Leaky(1.0, torch.relu),
        [2, 16, 16],
        NoLearning(),
        {"e": SquaredError()},
        Predictor(),
        ["drive"],
    )
    gain = GainFields("motion", reach=1, spacing=1.0)
    ways = {
        "eye_V1": Pathway("eye", "V1", signal="rate"),
        "remapped": Pathway(
            "eye", "V1", "lateral", "rate", onto=["predictor"], kernel=3, gain=gain
        ),
    }
    brain = Brain({"V1": plan}, ways, {"eye": [1, 16, 16], "motion": [3]})
    generator = torch.Generator().manual_seed(0)
    for parameter in brain.parameters():
        parameter.data.normal_(0, 0.2, generator=generator)
    return brain


def test_who_does_not_hear_the_copy_misses_nothing_by_it() -> None:
    brain, phenomenon = told_of_movement(), MismatchOfOwnMovement(cycles=2)
    phenomenon.require(brain)
    hears = phenomenon.measure(brain)["V1"].strength
    deaf = phenomenon.measure(brain, {"remapped": 0.0})["V1"].strength
    assert float(hears.abs().min()) > 1e-4
    assert torch.equal(deaf, torch.zeros_like(deaf))


def test_the_index_is_that_of_the_planted_errors() -> None:
    halt = 20
    error = torch.ones(30, 8, 2)
    error[halt : halt + AFTER, :4, 0] = 3
    shown = own_movement._shown(error, halt)
    assert shown.strength.tolist() == pytest.approx([0.5, 0.0])
