"""The battery: estimates with their intervals, verdicts, and what blocking feedback takes away."""

import math

import numpy as np
import pytest
import torch

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
    compare,
    effect_size,
    estimate,
    feedback_of,
    measure,
    outcome,
)
from brainmodel.physiology.phenomena import SizeTuning
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


def test_several_brains_are_the_sample() -> None:
    """Units of a brain are alike, brains differ: the interval is as wide as brains tell."""
    random = np.random.default_rng(2)
    brains = [np.full(200, value) + random.normal(0, 1e-3, 200) for value in (0.0, 1.0, 2.0, 3.0)]
    found = estimate(brains)
    assert found is not None and found.value == pytest.approx(1.5, abs=1e-3)
    of_means = np.std([0, 1, 2, 3]) / 2  # standard error of a bootstrap over four
    assert found.high - found.low == pytest.approx(2 * 1.96 * of_means, rel=0.15)
    alone = estimate([np.concatenate(brains)])
    assert alone is not None and alone.high - alone.low < 0.2


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
        TRAINED: [shown(0.5, 0.7, math.nan), shown(0.6, 0.8, 0.7)],
        UNTRAINED: [shown(0.1, 0.0, 0.1)],
        BLOCKED: [shown(0.4, 0.6, math.nan), shown(0.5, 0.7, 0.6)],
    }
    (row,) = compare("size", SizeTuning(), found)
    assert (row.phenomenon, row.area, row.brains, row.samples) == ("size", "V1", 2, 5)
    assert row.trained.value == pytest.approx(0.65) and row.outcome == PRESENT
    assert row.fall is not None and row.fall == pytest.approx((0.1, 0.1, 0.1), abs=1e-6)
    assert row.untrained is not None and row.untrained.value == pytest.approx(0.2 / 3)


def test_every_brain_is_asked_and_one_without_feedback_has_none_blocked() -> None:
    brain, ticks = wired(torch.stack([gabor()]), 16, torch.relu), []
    found = measure(SizeTuning(cycles=(4,)), [brain, brain], [brain], lambda: ticks.append(1))
    assert list(found) == [TRAINED, UNTRAINED] and len(ticks) == 3
    assert feedback_of(brain) == {}
    assert torch.equal(*(own["V1"].strength for own in found[TRAINED]))
