"""The battery: estimates with their intervals, verdicts, and what blocking feedback takes away."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from scipy import stats

from brainmodel.physiology.battery import (
    BEFORE,
    BLOCKED,
    CANNOT_TELL,
    PRESENT,
    REVERSED,
    TRAINED,
    UNTRAINED,
    Estimate,
    Measured,
    Subject,
    compare,
    effect_size,
    estimate,
    feedback_of,
    measure,
    outcome,
    over_halves,
)
from brainmodel.physiology.phenomena import SizeTuning, ViolatedSequences
from brainmodel.physiology.phenomena.phenomenon import Showing
from tests.physiology.hand_wired import gabor, wired


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Of 300 experiments with 40 units; the error of the share is 1.3 %."""
    random = np.random.default_rng(1)
    covered = 0
    for number in range(300):
        found = estimate([random.normal(0.3, 1, 40)], draws=300, seed=number)
        assert found is not None
        covered += found.low <= 0.3 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


@pytest.mark.parametrize("count", [2, 3, 8])
def test_intervals_over_few_brains_cover_the_truth_as_often_as_they_say(count: int) -> None:
    """Of 400 experiments with brains that differ and units that differ less; error 1.1 %."""
    random = np.random.default_rng(count)
    covered = 0
    for _ in range(400):
        own = random.normal(0.3, 1, count)
        found = estimate([random.normal(mean, 0.5, 40) for mean in own])
        assert found is not None
        covered += found.low <= 0.3 <= found.high
    assert 0.915 <= covered / 400 <= 0.985


def test_several_brains_are_the_sample() -> None:
    """Units of a brain are alike, brains differ: the interval is Student's, over brains."""
    random = np.random.default_rng(2)
    brains = [np.full(200, value) + random.normal(0, 1e-3, 200) for value in (0.0, 1.0, 2.0, 3.0)]
    found = estimate(brains)
    means = [own.mean() for own in brains]
    expected = stats.ttest_1samp(means, 0).confidence_interval()
    assert found == pytest.approx((np.mean(means), expected.low, expected.high), rel=1e-9)
    alone = estimate([np.concatenate(brains)])
    assert alone is not None and alone.high - alone.low < 0.2


def test_halves_of_brains_are_weighed_alike_with_welchs_interval() -> None:
    random = np.random.default_rng(3)
    one, other = random.normal(0.5, 0.2, 4), random.normal(-0.1, 0.6, 7)
    found = over_halves([np.append(one, math.nan), other])
    welch = stats.ttest_ind(one, -other, equal_var=False).confidence_interval()  # of their sum
    expected = ((one.mean() + other.mean()) / 2, welch.low / 2, welch.high / 2)
    assert found is not None and found == pytest.approx(expected, rel=1e-9)
    assert over_halves([one, other[:1]]) is None


def test_what_halves_differ_in_cancels_however_many_brains_there_are() -> None:
    """Planted: an effect of .1; of the pictures .7, one way in one half, the other in the other."""
    shown: list[Mapping[str, Showing]] = [
        {"V1": Showing(torch.tensor([0.1 + sign * 0.7 + jitter]), torch.zeros(1), half)}
        for half, sign, jitters in ((0, 1, (-0.01, 0.01)), (1, -1, (-0.02, 0.0, 0.0, 0.02)))
        for jitter in jitters
    ]
    (row,) = compare("violation", ViolatedSequences(), {TRAINED: shown})
    assert row.trained.value == pytest.approx(0.1) and row.outcome == PRESENT
    assert (row.brains, row.samples) == (6, 6) and row.trained.low > 0.05
    pooled = estimate([np.asarray(own["V1"].strength) for own in shown])
    assert pooled is not None and pooled.value < -0.05, "a control: brains alone would mislead"


def test_samples_that_tell_nothing_do_not_count() -> None:
    found = estimate([np.array([1.0, math.nan, 3.0]), np.array([math.nan])])
    assert found is not None and found.value == 2.0
    assert estimate([np.array([math.nan])]) is None


def test_the_effect_is_cohens() -> None:
    one, other = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0])
    pooled = (2 * 1.0 + 1 * 0.5) / 3
    assert effect_size([one], [other]) == pytest.approx((2 - 0.5) / math.sqrt(pooled))
    assert effect_size([one], [other[:1]]) is None
    assert effect_size([np.ones(3)], [np.ones(3)]) is None


@pytest.mark.parametrize(
    ("trained", "untrained", "expected"),
    [
        ((0.5, 0.4, 0.6), (0.1, 0.0, 0.2), PRESENT),
        ((0.5, 0.4, 0.6), (0.3, 0.2, 0.45), BEFORE),
        ((-0.5, -0.6, -0.4), (0.1, 0.0, 0.2), REVERSED),
        ((0.1, -0.1, 0.3), (0.1, 0.0, 0.2), CANNOT_TELL),
    ],
)
def test_verdicts(trained: tuple[float, ...], untrained: tuple[float, ...], expected: str) -> None:
    assert outcome(Estimate(*trained), Estimate(*untrained), 0.0) == expected
    assert outcome(Estimate(*trained), None, 0.7) == REVERSED  # all lie below


def test_a_row_holds_what_was_planted() -> None:
    def shown(*values: float) -> dict[str, Showing]:
        return {"V1": Showing(torch.tensor(values), torch.zeros(1))}

    found: Measured = {
        TRAINED: [shown(0.5, 0.78, math.nan), shown(0.6, 0.72, 0.66)],
        UNTRAINED: [shown(0.1, 0.0, 0.1)],
        BLOCKED: [shown(0.4, 0.68, math.nan), shown(0.5, 0.62, 0.56)],
    }
    (row,) = compare("size", SizeTuning(), found)
    assert (row.phenomenon, row.area, row.brains, row.samples) == ("size", "V1", 2, 5)
    assert row.trained.value == pytest.approx(0.65, abs=1e-6) and row.outcome == PRESENT
    assert row.fall is not None and row.fall == pytest.approx((0.1, 0.1, 0.1), abs=1e-6)
    assert row.untrained is not None and row.untrained.value == pytest.approx(0.2 / 3)


def test_every_brain_is_asked_and_one_without_feedback_has_none_blocked() -> None:
    brain, ticks = wired(torch.stack([gabor()]), 16, torch.relu), []
    own, size = Subject(brain), SizeTuning(cycles=(4,))
    found = measure(size, [own, own], [own], lambda: ticks.append(1))
    assert list(found) == [TRAINED, UNTRAINED] and len(ticks) == 3
    assert feedback_of(brain) == {}
    assert torch.equal(*(own["V1"].strength for own in found[TRAINED]))
