"""Phenomena in units whose answer is known: filters, planted non-linearities, planted rates."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from brainmodel.data import GratingSequences
from brainmodel.physiology.phenomena import (
    ContrastResponse,
    CrossOrientation,
    DirectionSelectivity,
    FlashLag,
    IllusoryContours,
    LengthTuning,
    Mismatch,
    MissingFlash,
    OrientationSelectivity,
    PathStraightening,
    Phenomenon,
    Postdiction,
    RepetitionSuppression,
    RotatedControl,
    SizeTuning,
    StimulusSpecificAdaptation,
    Transience,
    flash_lag,
    illusory_contours,
    mismatch,
    missing_flash,
    stimulus_specific_adaptation,
)
from brainmodel.physiology.phenomena.length_tuning import strip
from brainmodel.physiology.phenomena.size_tuning import disc
from brainmodel.physiology.phenomena.transience import BEFORE, SHOWN
from brainmodel.physiology.responses import CYCLE
from tests.physiology.hand_wired import PLACE, REACH, ROUND, gabor, wired

SIZE = 24
CENTRE = ROUND**2 - ROUND * ROUND.square().sum() / ROUND.sum()


def linear(x: Tensor) -> Tensor:
    """Rates may be negative."""
    return x


def strength(
    phenomenon: Phenomenon, *filters: Tensor, activation: Callable[[Tensor], Tensor] = linear
) -> list[float]:
    """What it says of filters."""
    brain = wired(torch.stack(filters), SIZE, activation)
    return phenomenon.measure(brain)["V1"].strength.tolist()


# ---------------------------------------------------------------------------------------- stimuli


@pytest.mark.parametrize("diameter", [6, 8, 15.5])
def test_a_disc_has_its_area_and_is_round(diameter: float) -> None:
    shown = disc(diameter, 32)
    assert float(shown.sum()) == pytest.approx(math.pi * diameter**2 / 4, rel=0.02)
    assert torch.equal(shown, shown.T) and torch.equal(shown, shown.flip(0))


@pytest.mark.parametrize("direction", [0.0, math.pi / 4, math.pi / 2])
def test_a_strip_has_its_area_and_lies_along_the_bars(direction: float) -> None:
    shown = strip(direction, 12, 5, 32)
    assert float(shown.sum()) == pytest.approx(60, rel=0.02)
    place = torch.arange(32) - 15.5
    across = math.cos(direction) * place + math.sin(direction) * place[:, None]
    along = math.cos(direction) * place[:, None] - math.sin(direction) * place
    spread = [(shown * way.square()).sum() / shown.sum() for way in (along, across)]
    assert spread[0] == pytest.approx(12, rel=0.05)  # of a uniform law: length^2 / 12
    assert spread[1] == pytest.approx(25 / 12, rel=0.15)  # edges are a pixel wide


def test_illusory_edges_are_not_there() -> None:
    size = 32
    free = (
        round((0.5 - illusory_contours.FREE) * size),
        round((0.5 + illusory_contours.FREE) * size),
    )
    shown = {kind: illusory_contours.stimulus(kind, 0, size) for kind in illusory_contours.KINDS}
    for kind in ("illusory", "amodal", "rotated"):
        assert (shown[kind][slice(*free)] == 0.5).all(), kind
    assert shown["line"][slice(*free)].min() == 0.0
    assert shown["illusory"].sum() == pytest.approx(float(shown["rotated"].sum()), abs=1e-4)
    assert shown["amodal"].sum() < shown["illusory"].sum()  # a rim more
    turned = illusory_contours.stimulus("illusory", 1, size)
    assert torch.equal(turned, torch.rot90(shown["illusory"]))


def test_movies_move_as_fast_as_they_are_told_to() -> None:
    still, fast = PathStraightening(2, speed=1e-9), PathStraightening(2, speed=1.0)
    assert (still.frames(16).diff(dim=0).abs() < 1e-6).all()
    assert fast.frames(16).diff(dim=0).abs().mean() > 0.005


def test_bars_move_as_fast_as_they_are_told_to_and_flashes_are_where_they_are() -> None:
    size, speed = 32, 1.5
    frames = FlashLag(speed, contrast=1.0).frames(size)
    moving, flashed = frames[:, :-1].unflatten(1, (2, -1)).unbind(1)
    assert torch.equal(moving[-2], flashed[-2]) and (flashed[:-2] == 0.5).all()
    assert (frames[-1] == 0.5).all() and (frames[:, -1] == 0.5).all()
    for k, (angle, place, sign) in enumerate(flash_lag.bars()):
        bar = 2 * sign * (moving[:, k].double() - 0.5)
        assert float(bar.min()) >= 0 and float(bar[-2].max()) == pytest.approx(1)
        if angle % (math.pi / 2) < 1e-9:  # along an axis: the bar goes from edge to edge
            along = flash_lag.along(angle, size)
            at = (bar * along).sum((1, 2)) / bar.sum((1, 2)).clamp_min(1e-9)
            assert float(bar[-2].sum()) == pytest.approx(size * flash_lag.WIDTH)
            assert float(at[-2]) == pytest.approx(place, abs=1e-5)
            assert float(at[-2] - at[-3]) == pytest.approx(speed, abs=1e-5)


def test_every_oddball_has_its_like_among_its_standards() -> None:
    odd, same = StimulusSpecificAdaptation(cycles=(4,)).frames(16).unflatten(1, (2, -1)).unbind(1)
    last = stimulus_specific_adaptation.ON + stimulus_specific_adaptation.OFF
    assert torch.equal(odd[-last:], same[-last:])
    assert not (odd[:-last] == same[:-last]).flatten(2).all(2).all(0).any()
    turned = odd[BEFORE].unflatten(0, (8, 4)).roll(4, dims=0).flatten(0, 1)
    assert torch.allclose(turned, same[BEFORE], atol=1e-6)  # each orientation is the oddball once


# ---------------------------------------------------------------------------------- known answers


def test_a_linear_unit_is_not_suppressed() -> None:
    """What lies beyond its filter changes nothing."""
    for phenomenon in (SizeTuning(cycles=(6,)), LengthTuning(cycles=(6,))):
        (found,) = strength(phenomenon, gabor())
        assert found == pytest.approx(0, abs=0.02)


def test_suppression_is_that_of_the_filter() -> None:
    """Of a filter with a surround against the literal sum over each window."""
    surround = -torch.ones(7, 7) / 49
    surround[REACH, REACH] += 1.2
    phenomenon = SizeTuning(cycles=(2,))
    (found,) = strength(phenomenon, surround)
    phase = torch.arange(CYCLE) / CYCLE
    place = (torch.arange(SIZE) - (SIZE - 1) / 2) / SIZE
    curves = []
    for angle in torch.arange(8) * math.pi / 8:
        along = angle.cos() * place + angle.sin() * place[:, None]
        wave = 0.4 * torch.sin(2 * math.pi * (2 * along - phase[:, None, None]))
        seen = wave[:, None] * phenomenon.windows(SIZE)  # [phase, window, size, size]
        rate = F.conv2d(seen.flatten(0, 1)[:, None], surround[None, None], padding=REACH)
        middle = rate[:, 0, SIZE // 2, SIZE // 2].unflatten(0, seen.shape[:2])
        turned = middle * torch.exp(-2j * math.pi * phase)[:, None]
        curves.append(2 * turned.mean(0).abs())
    best = max(curves, key=lambda curve: float(curve.max()))
    expected = float(1 - best[-1] / best.max())
    assert expected > 0.1
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("power", "expected"), [(1.0, 0.0), (2.0, -2.0), (0.5, 1 - (1 - 0.5**0.5) / 0.5**0.5)]
)
def test_contrast_saturates_as_the_units_do(power: float, expected: float) -> None:
    """Of r = c^p: 1 - (1 - 2^-p) / 2^-p."""

    def powered(x: Tensor) -> Tensor:
        return x.sign() * (x.abs() + 1e-12) ** power

    (found,) = strength(ContrastResponse(cycles=(6,)), gabor(), activation=powered)
    assert found == pytest.approx(expected, abs=1e-3)


def test_a_mask_adds_to_a_linear_unit_and_takes_nothing() -> None:
    blind, round_one = strength(CrossOrientation(cycles=(6,)), gabor(), CENTRE)
    assert blind == pytest.approx(0, abs=0.02)
    assert round_one == pytest.approx((0.4 - 0.9) / (0.4 + 0.9), abs=0.01)  # it sees both alike


def test_shares_have_no_unit_and_nothing_is_told_of_who_sees_nothing() -> None:
    brain, phenomenon = wired(torch.stack([gabor()]), SIZE, torch.relu), SizeTuning(cycles=(6,))
    intact = phenomenon.measure(brain)["V1"].strength
    scaled = phenomenon.measure(brain, {"eye_V1": 0.5})["V1"].strength
    torch.testing.assert_close(intact, scaled, atol=1e-4, rtol=1e-4)
    assert phenomenon.measure(brain, {"eye_V1": 0.0})["V1"].strength.isnan().all()


def test_a_unit_without_memory_is_neither_directional_nor_transient() -> None:
    direction, transience = DirectionSelectivity(cycles=(6,)), Transience(cycles=(6,))
    repeated, missing = RepetitionSuppression(cycles=(6,)), MissingFlash(cycles=6)
    for phenomenon in (
        direction,
        transience,
        repeated,
        missing,
        StimulusSpecificAdaptation(cycles=(6,)),
    ):
        (found,) = strength(phenomenon, gabor(), activation=torch.relu)
        assert found == pytest.approx(0, abs=1e-4), phenomenon.title


def test_a_gabor_is_selective_and_its_curve_peaks_in_the_middle() -> None:
    shown = OrientationSelectivity().measure(wired(torch.stack([gabor()]), SIZE))["V1"]
    assert float(shown.strength[0]) > 0.5
    assert shown.curve.argmax() == len(shown.curve) // 2 and shown.curve.max() == pytest.approx(1)


def test_paths_of_pixels_are_as_curved_as_those_of_who_copies_them() -> None:
    copy = torch.zeros(7, 7)
    copy[REACH, REACH] = 1
    shown = PathStraightening(movies=4).measure(wired(copy[None], SIZE, linear))["V1"]
    assert torch.allclose(shown.strength, torch.zeros(4), atol=1e-3)
    assert shown.curve[0] > 20


# ---------------------------------------------------------------------------------- planted rates


def test_transience_is_what_has_fallen_off() -> None:
    course = torch.zeros(BEFORE + SHOWN, 1, 1)
    course[BEFORE:, 0, 0] = 0.25 + 0.75 * torch.exp(-torch.arange(float(SHOWN)))
    from brainmodel.physiology.phenomena.transience import _shown

    late = course[-SHOWN // 4 :].mean()
    assert float(_shown(course + 3).strength[0]) == pytest.approx(float(1 - late), abs=1e-5)


def test_illusory_responses_are_compared_with_their_controls() -> None:
    before, rate = torch.zeros(BEFORE, 16, 2), torch.zeros(10, 16, 2)
    for kind, value in enumerate((4.0, 3.0, 1.0, 2.0)):
        rate[5, 4 * kind + 2, 0] = value  # the third edge
        rate[5, 4 * kind + 1, 0] = 0.5 * value
    shown = illusory_contours._shown(torch.cat([before, rate]), 2)
    assert float(shown.strength[0]) == pytest.approx((3 - 1) / (3 + 1))
    beside_rotated = illusory_contours._shown(torch.cat([before, rate]), RotatedControl.control)
    assert float(beside_rotated.strength[0]) == pytest.approx((3 - 2) / (3 + 2))
    assert math.isnan(shown.strength[1])  # no line drives it
    assert shown.curve.tolist() == pytest.approx([1, 0.75, 0.25, 0.5])


def test_a_halt_is_missed_by_as_much_as_errors_grow() -> None:
    error = torch.ones(3 * CYCLE, 4, 2)
    error[2 * CYCLE : 2 * CYCLE + mismatch.AFTER, :, 0] = 3
    shown = mismatch._shown(error, 2 * CYCLE)
    assert shown.strength.tolist() == pytest.approx([0.5, 0.0])


def test_who_carries_motion_on_leads_by_a_step_and_who_repeats_by_none() -> None:
    phenomenon, size = FlashLag(), 32
    frames = phenomenon.frames(size)
    moving = frames.shape[1] // 2
    on = torch.stack([flash_lag.bar(a, p + 1.0, size) for a, p, _ in flash_lag.bars()])
    carried = frames[-2].clone()
    carried[:moving] = 0.5 + 0.3 * on
    (repeats, leads) = (phenomenon._shown(f[:, None]).strength for f in (frames[-2], carried))
    assert torch.allclose(repeats, torch.zeros(moving), atol=1e-6)
    along_axes = torch.tensor([a % (math.pi / 2) < 1e-9 for a, _, _ in flash_lag.bars()])
    assert torch.allclose(leads[along_axes], torch.ones(24), atol=1e-6)
    assert torch.allclose(leads, torch.ones(moving), atol=0.1)  # corners cut oblique bars off
    assert phenomenon._shown(frames[-1][:, None]).strength.isnan().all()


def test_an_oddball_is_weighed_against_the_same_as_a_standard() -> None:
    period = stimulus_specific_adaptation.ON + stimulus_specific_adaptation.OFF
    rate = torch.zeros(BEFORE + stimulus_specific_adaptation.SHOWINGS * period, 4, 2)
    rate[-period + 2, :, 0] = torch.tensor([3.0, 1.0, 1.0, 1.5])  # two as oddballs, then the same
    shown = stimulus_specific_adaptation._shown(rate + 0.5)
    assert float(shown.strength[0]) == pytest.approx((3 - 1) / (3 + 1))
    assert math.isnan(shown.strength[1])


def test_an_omission_is_answered_by_who_rings() -> None:
    period = missing_flash.ON + missing_flash.OFF
    steps = BEFORE + period * (missing_flash.FLASHES + missing_flash.LATER)
    course = torch.zeros(steps, 1, 1)
    for k in range(missing_flash.FLASHES + 1):  # once more than it is shown
        course[BEFORE + k * period : BEFORE + k * period + missing_flash.ON] = 2.0
    assert float(missing_flash._shown(course + 1).strength[0]) == pytest.approx(1.0)


def test_who_does_not_predict_misses_nothing_and_foresees_nothing() -> None:
    for phenomenon in (Mismatch(), FlashLag(), Postdiction()):
        assert phenomenon.measure(wired(torch.stack([gabor()]), SIZE)) == {}


def test_units_that_do_not_respond_tell_nothing() -> None:
    silent = 0 * PLACE * ROUND
    for phenomenon in (SizeTuning(cycles=(6,)), Transience(cycles=(6,)), IllusoryContours()):
        found = strength(phenomenon, gabor(), silent, activation=torch.relu)
        assert math.isnan(found[1]), phenomenon.title


def test_every_phenomenon_says_what_it_is() -> None:
    from brainmodel.physiology import phenomena

    kinds = [v for v in vars(phenomena).values() if isinstance(v, type)]
    kinds = [k for k in kinds if issubclass(k, Phenomenon) and k is not Phenomenon]
    assert len(kinds) >= 14
    brain = wired(torch.stack([gabor(), CENTRE]), 32, torch.relu)
    learnt = GratingSequences(size=32)
    for kind in kinds:
        if kind.needs_motion:
            continue  # see test_movements_after
        phenomenon = kind().after(learnt)
        for words in ("title", "index", "published", "axis", "samples"):
            assert getattr(phenomenon, words), (kind, words)
        points = phenomenon.points(32)
        for shown in phenomenon.measure(brain).values():
            assert shown.curve.shape == (len(points),), kind
            assert np.isfinite(np.asarray(shown.curve)).all(), kind


def test_what_is_measured_leaves_the_brain_as_it_was() -> None:
    brain = wired(torch.stack([gabor()]), SIZE)
    before = {name: value.clone() for name, value in brain.state_dict().items()}
    first = SizeTuning(cycles=(6,)).measure(brain)["V1"].strength
    SizeTuning(cycles=(6,)).measure(brain, {"eye_V1": 0.1})
    again = SizeTuning(cycles=(6,)).measure(brain)["V1"].strength
    assert torch.equal(first, again)
    assert all(torch.equal(before[name], value) for name, value in brain.state_dict().items())
