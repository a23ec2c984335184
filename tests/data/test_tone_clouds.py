"""Tone clouds: how often which octave sounds, what that means, and how right one can be."""

import numpy as np
import pytest
import torch

from brainmodel.data.streams import Part
from brainmodel.data.tasks import ToneClouds
from brainmodel.data.tasks.tone_clouds import EACH, KILOHERTZ, LASTS
from tests.data.one_trial import MANY, about, made, share, trials


def onsets_of(window: torch.Tensor, clouds: ToneClouds) -> torch.Tensor:
    """[step of the cloud, trial] which frequency begins, from how many sound at each step."""
    before, shown = clouds.clouds.before, clouds.clouds.shown
    sounding, begun = window[before : before + shown, :, :-1].clone(), []
    for step in range(shown):
        began = sounding[step] - sum(begun[-(LASTS - 1) :])  # type: ignore[arg-type]
        assert torch.equal(began.sum(1), torch.ones(len(began))), "one tone begins at each step"
        begun.append(began)
    return torch.stack(begun).argmax(2)


def test_frequencies_lie_in_three_octaves_of_six() -> None:
    assert (KILOHERTZ[0], KILOHERTZ[-1]) == (5.0, pytest.approx(40.0))
    for octave in range(3):
        own = KILOHERTZ[octave * EACH : (octave + 1) * EACH]
        assert (own >= 5 * 2**octave).all() and (own <= 10 * 2**octave + 1e-9).all()
    assert np.allclose(np.diff(np.log(KILOHERTZ)), np.log(8) / 17)


def test_tones_are_of_the_target_octave_as_often_as_the_strength_says() -> None:
    module = made(ToneClouds, strengths=(0.4, 0.7), shown=20)
    assert isinstance(module, ToneClouds)
    window = trials(module)
    octave = onsets_of(window.inputs["stimulus"], module) // EACH
    condition = window.labels["condition"][0]
    target, strength = 2 * (condition % 2), torch.tensor([0.4, 0.7])[condition // 2]
    for k, r in enumerate((0.4, 0.7)):
        mine = condition // 2 == k
        there, count = octave[:, mine], 20 * int(mine.sum())
        assert share(there == target[mine]) == about((1 + 2 * r) / 3, count)
        assert share(there == 1) == about((1 - r) / 3, count)
        assert share(there == 2 - target[mine]) == about((1 - r) / 3, count)
    assert share(condition % 2 == 1) == about(0.5, MANY) and strength.min() < strength.max()
    assert not window.inputs["stimulus"][:2].any()
    assert torch.equal(window.labels["response"][:, 0], window.inputs["stimulus"][:, 0, -1] > 0)


def test_whoever_counts_is_as_right_as_is_possible() -> None:
    module = made(ToneClouds, strengths=(0.1, 0.3), shown=9)
    assert isinstance(module, ToneClouds)
    window = trials(module)
    octave = onsets_of(window.inputs["stimulus"], module) // EACH
    more = (octave == 2).sum(0) - (octave == 0).sum(0)
    answer = window.labels["answer"][0]
    right = share((more > 0) & (answer == 1)) + share((more < 0) & (answer == 0))
    assert right + share(more == 0) / 2 == about(module.best, MANY)
    one = made(ToneClouds, strengths=(0.4,), shown=1)
    assert isinstance(one, ToneClouds)
    assert one.best == pytest.approx(0.6 + 0.2 / 2)  # right, or of the middle octave


def test_after_the_reversal_tones_mean_the_opposite_and_in_held_out_trials_throughout() -> None:
    plain, reversed_ = (
        ToneClouds(reversal=k, aligned=True, batch_size=4, strengths=(1.0,)) for k in (None, 2)
    )
    for index, differs in ((0, False), (1, False), (2, True), (5, True)):
        first, second = (trials(module, index=index) for module in (plain, reversed_))
        assert torch.equal(first.inputs["stimulus"], second.inputs["stimulus"])
        same = first.labels["answer"][-1] == second.labels["answer"][-1]
        assert bool(same.all()) is not differs and bool(same.any()) is not differs
    for part in (Part.VALIDATION, Part.TEST):
        one, other = (m.stream(m.share(part)).window(0) for m in (plain, reversed_))
        assert torch.equal(one.labels["answer"][-1], 1 - other.labels["answer"][-1])
        assert torch.equal(one.labels["condition"], other.labels["condition"])
    left = ToneClouds(high_right=False, aligned=True, batch_size=4, strengths=(1.0,))
    assert torch.equal(trials(left).labels["answer"][-1], 1 - trials(plain).labels["answer"][-1])


def test_a_cloud_between_trials_is_silent() -> None:
    window = trials(ToneClouds(window=50, batch_size=3, aligned=True), index=1)
    assert not window.inputs["stimulus"][window.labels["trial"] < 0].any()
