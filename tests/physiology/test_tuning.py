"""Orientation tuning and receptive fields of units that were wired by hand."""

import math

import pytest
import torch
from torch.nn import functional as F

from brainmodel import Brain
from brainmodel.data.gratings import drifting_grating
from brainmodel.physiology import OrientationTuning, orientation_tuning, receptive_fields
from tests import toy
from tests.physiology.hand_wired import PLACE, REACH, ROUND, wired


def three_units() -> Brain:
    """An upright Gabor, a centre with its surround, silence."""
    upright = ROUND * torch.cos(2 * math.pi * PLACE / 4)
    centre = ROUND**2 - ROUND * ROUND.square().sum() / ROUND.sum()
    return wired(torch.stack([upright, centre, 0 * upright]))


def test_selectivity_is_the_vector_sum() -> None:
    angle = torch.arange(8) * math.pi / 8
    tuned = 1 + torch.cos(2 * angle)  # |sum r exp(2 i theta)| / sum r = 1/2
    one = torch.eye(8)[3]
    responses = torch.stack([tuned, torch.ones(8), one, torch.zeros(8)], dim=1)
    weaker = 0.5 * torch.ones_like(responses)
    found = OrientationTuning(torch.stack([0.5 * weaker * (responses > 0), responses]))
    assert found.selectivity[:3].tolist() == pytest.approx([0.5, 0.0, 1.0], abs=1e-6)
    assert found.responsive.tolist() == [True, True, True, False]
    assert math.isnan(found.selectivity[3]) and found.median == pytest.approx(0.5)


def test_responses_are_those_of_the_filters() -> None:
    brain = three_units()
    found = orientation_tuning(brain, cycles=(2, 4), orientations=4, contrast=0.6)["V1"]
    weight = brain.area("V1").synapses["drive"].weight.detach()
    for k, cycles in enumerate((2, 4)):
        for j in range(4):
            phase = torch.arange(12) / 12
            angle, contrast = torch.full((12,), j * math.pi / 4), torch.full((12,), 0.6)
            frames = drifting_grating(angle, phase, contrast, cycles, 16)[:, None]
            gray = 0.5 * torch.ones(1, 1, 16, 16)
            rates = F.conv2d(torch.cat([frames, gray]), weight, padding=REACH).relu()[..., 8, 8]
            swing = (rates[:12] * torch.exp(-2j * math.pi * phase)[:, None]).mean(0).abs() * 2
            rise = rates[:12].mean(0) - rates[12]
            expected = torch.maximum(swing, rise)
            torch.testing.assert_close(found.responses[k, j], expected, rtol=1e-4, atol=1e-5)


def test_a_gabor_is_tuned_and_a_centre_with_its_surround_is_not() -> None:
    gabor, centre, silent = orientation_tuning(three_units())["V1"].selectivity.tolist()
    assert gabor > 0.5 and centre < 0.1 and math.isnan(silent)


def test_reverse_correlation_finds_the_filters() -> None:
    brain = three_units()
    fields = receptive_fields(brain, "V1", lags=2, reach=6, frames=3000)
    assert fields is not None and fields.shape == (2, 3, 13, 13)
    line = torch.exp(-(torch.arange(-6, 7.0) ** 2) / 4)  # of the noise: a Gaussian with itself
    weight = brain.area("V1").synapses["drive"].weight.detach()
    blurred = F.conv2d(weight, (line[:, None] * line)[None, None], padding=9)[:, 0]
    for unit in range(2):
        expected = blurred[unit].flatten()
        assert torch.corrcoef(torch.stack([fields[0, unit].flatten(), expected]))[0, 1] > 0.97
    assert fields[1, :2].abs().max() < 0.2 and not fields[:, 2].any()


def test_what_has_no_eye_or_no_maps_has_none() -> None:
    brain = toy.lone()
    (name,) = brain.areas
    assert orientation_tuning(brain) == {} and receptive_fields(brain, name) is None
