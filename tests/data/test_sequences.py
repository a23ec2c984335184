"""Sequences that are due, and others that come instead: exactly counterbalanced."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from brainmodel.data import GaborSequences, GratingSequences, SequenceModule
from brainmodel.data.gratings import drifting_grating
from brainmodel.data.streams import Part

PAIRS: dict[str, Any] = {"expected": ["AB", "CD"], "unexpected": ["AD", "CB"]}


def modules(kind: str) -> Sequence[SequenceModule]:
    """Under assignment 0 and 1."""
    if kind == "gabors":
        return [GaborSequences(size=12, shown=0.1, assignment=half) for half in (0, 1)]
    words = PAIRS if kind == "pairs" else {}
    return [GratingSequences(size=12, assignment=half, **words) for half in (0, 1)]


@pytest.mark.parametrize("kind", ["pairs", "first", "gabors"])
def test_what_is_due_under_one_assignment_comes_instead_under_the_other(kind: str) -> None:
    one, other = (module.trials(events=3) for module in modules(kind))
    assert one.due.sum() == (~one.due).sum() == len(one.names) / 2
    assert torch.equal(one.frames[:, one.due], other.frames[:, ~other.due])
    assert torch.equal(one.frames[:, ~one.due], other.frames[:, other.due])
    assert one.names == other.names and one.compared == other.compared
    assert not torch.equal(one.frames[:, one.due], one.frames[:, ~one.due]), "a control"


@pytest.mark.parametrize("kind", ["pairs", "first", "gabors"])
def test_a_trial_and_its_other_differ_in_what_is_compared_alone(kind: str) -> None:
    trials = modules(kind)[0].trials(events=3)
    apart = (trials.frames[:, trials.due] != trials.frames[:, ~trials.due]).any(3).any(2).all(1)
    steps = torch.arange(len(trials.frames))
    compared = (steps >= trials.compared.start) & (steps < trials.compared.stop)
    assert torch.equal(apart, compared) and compared.sum() == trials.shown
    assert (trials.frames[: trials.onset] == 0.5).all()
    assert (trials.frames[-trials.shown :] == 0.5).all()


def test_pairs_compare_the_same_pictures() -> None:
    """What comes second is as often each picture among what is due as among what is not."""
    trials = modules("pairs")[0].trials(events=2)
    second = trials.frames[trials.compared.start]
    due, others = second[trials.due].flatten(1), second[~trials.due].flatten(1)
    assert torch.equal(due[[0, 1, 2, 3]], others[[2, 3, 0, 1]])


def test_a_brain_learns_from_what_its_assignment_makes_due() -> None:
    """The other route: the lists themselves exchanged."""
    swapped: dict[str, Any] = {"expected": PAIRS["unexpected"], "unexpected": PAIRS["expected"]}
    usual: dict[str, Any] = {"size": 8, "share": 0.3, "window": 60, "batch_size": 4, "seed": 1}
    windows = [
        module.stream(module.share(Part.TRAINING)).window(0)
        for module in (
            GratingSequences(assignment=None, **PAIRS, **usual),  # of an odd seed
            GratingSequences(assignment=0, **swapped, **usual),
            GratingSequences(assignment=0, **PAIRS, **usual),
        )
    ]
    own, other, plain = (window.inputs["eye"] for window in windows)
    assert torch.equal(own, other) and not torch.equal(own, plain)
    assert torch.equal(windows[0].labels["expected"], windows[1].labels["expected"])


def test_letters_are_gratings_of_their_orientations_after_gray() -> None:
    module = GratingSequences(size=8, window=200, episode=200, batch_size=3, share=0.5)
    stream = module.stream(module.share(Part.TRAINING))
    eye, labels = stream.window(0).inputs["eye"][:, :, 0], stream.window(0).labels
    letter = labels["letter"]
    assert (eye[letter == -1] == 0.5).all()
    phase = torch.stack([torch.from_numpy(stream._steps(k, 0)["phase"]) for k in range(3)], 1)
    for number in range(5):
        here = letter == number
        angle = torch.full((int(here.sum()),), number * math.pi / 5)
        expected = drifting_grating(angle, phase[here].float(), torch.tensor([0.8]), 2.0, 8)
        torch.testing.assert_close(eye[here], expected)
    assert torch.equal(labels["expected"], letter != 4), "E alone is not due"


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_what_is_not_due_is_as_rare_as_asked_for(share: float) -> None:
    module = GratingSequences(size=4, window=4000, episode=4000, batch_size=2, share=share)
    letter = module.stream(module.share(Part.TRAINING)).window(0).labels["letter"]
    found = (letter == 4).sum() / ((letter == 4) | (letter == 0)).sum()
    assert float(found) == pytest.approx(share, abs=0.05 if 0 < share < 1 else 0)


@pytest.mark.parametrize(
    ("expected", "unexpected", "sentence"),
    [
        (["ABCD"], [], "give as many of each, all of one length"),
        (["ABCD"], ["EBC"], "all of one length"),
        ([], [], "give as many of each"),
        (["ABCD"], ["ABCD"], "has to differ from what comes instead in one letter"),
        (["ABCD"], ["EFCD"], "in one letter, in the same place"),
        (["AB", "CD"], ["AD", "ED"], "in the same place"),
        (["AB", "CD"], ["AD", "CE"], "'D' comes in the place of 'B' and of 'E'"),
        (["ABA"], ["EBA"], "exchanging A, E does not make 'EBA' of 'ABA'"),
    ],
)
def test_what_cannot_be_counterbalanced_is_refused(
    expected: Sequence[str], unexpected: Sequence[str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        GratingSequences(expected=expected, unexpected=unexpected)


def test_assignments_are_two() -> None:
    for kind in (GratingSequences, GaborSequences):
        assert [kind(assignment=None, seed=seed).assignment for seed in (4, 5)] == [0, 1]
        with pytest.raises(ValueError, match="assignment is 2: give 0 or 1, or null"):
            kind(assignment=2)
