"""Violation of learnt sequences: planted responses, and nothing where nothing is expected."""

import math

import pytest
import torch

from brainmodel.command_line.exposures import require_counterbalanced
from brainmodel.data import GratingSequences, Photographs, SequenceModule
from brainmodel.errors import Refused
from brainmodel.physiology.phenomena import ViolatedSequences
from brainmodel.physiology.phenomena.violated_sequences import violation
from brainmodel.probing import Trained
from tests.physiology.hand_wired import gabor, wired


def pairs(assignment: int) -> GratingSequences:
    return GratingSequences(
        size=16, expected=["AB", "CD"], unexpected=["AD", "CB"], assignment=assignment
    )


def test_an_index_is_that_of_the_planted_responses() -> None:
    """Units: .5, one that is suppressed (-1), one that does not tell (0), one that is silent."""
    trials = pairs(0).trials(events=2)
    course = torch.full((len(trials.frames), len(trials.names), 4), 0.25)
    planted = {True: (1.0, 2.0, 4.0, 0.0), False: (3.0, 0.0, 4.0, 0.0)}
    for k, due in enumerate(trials.due):
        course[trials.compared, k] += torch.tensor(planted[bool(due)])
    shown = violation(course, trials, half=1, sized=False)
    assert shown.strength.tolist() == pytest.approx([(0.5 - 1 + 0) / 3]) and shown.half == 1
    apart = [(3 - 1) / (3 + 1), -1.0, 0.0]
    course_of_index = [0.0] * trials.shown + [sum(apart) / 3] * trials.shown + [0.0] * trials.shown
    assert shown.curve.tolist() == pytest.approx(course_of_index)
    sized = violation(course[..., :1], trials, half=0, sized=True)  # gray counts in sizes
    assert sized.strength.tolist() == pytest.approx([(3.25 - 1.25) / (3.25 + 1.25)])
    assert math.isnan(violation(course[..., 3:], trials, 0, sized=False).strength)


def test_a_brain_that_expects_nothing_has_opposite_indices_under_both_assignments() -> None:
    """It remembers the first grating, so that the second is answered differently after each."""
    brain = wired(torch.stack([gabor(), gabor(0.6)]), 16, alpha=0.4)
    one, other = (
        ViolatedSequences(events=3).after(pairs(half)).measure(brain)["V1"] for half in (0, 1)
    )
    assert abs(float(one.strength)) > 1e-3, "a control: its memory tells"
    torch.testing.assert_close(one.strength, -other.strength, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(one.curve, -other.curve, rtol=1e-3, atol=1e-6)
    assert (one.half, other.half) == (0, 1)


@pytest.mark.parametrize(
    ("exposures", "sentence"),
    [
        ([pairs(0), pairs(0), pairs(0)], "3 brains learnt under assignment 0 and 0 under 1"),
        ([pairs(0), pairs(0), pairs(1)], "give 2 or more of each"),
        ([pairs(0), GratingSequences(assignment=1)], "sequences of 2 kinds"),
    ],
)
def test_brains_that_are_not_counterbalanced_are_refused(
    exposures: list[SequenceModule], sentence: str
) -> None:
    brain = wired(torch.stack([gabor()]))
    brains = [Trained(f"{k}.ckpt", 5, brain, k) for k in range(4)]
    with pytest.raises(Refused, match=sentence):
        require_counterbalanced("analyses", brains[: len(exposures)], exposures)
    halves = [pairs(0), pairs(1), pairs(1), pairs(0)]
    require_counterbalanced("analyses", brains, halves)
    with pytest.raises(Refused, match="the brain of seed 0 is there twice; give each brain once"):
        require_counterbalanced("analyses", [*brains[:3], brains[0]], halves)


def test_what_nobody_waits_for_cannot_be_violated() -> None:
    with pytest.raises(ValueError, match="learnt from Photographs, in which nothing is due"):
        ViolatedSequences().after(Photographs())
    with pytest.raises(ValueError, match="exposure is missing"):
        ViolatedSequences().points(16)
    with pytest.raises(ValueError, match="events is 0: give 1 or more"):
        ViolatedSequences(events=0)
