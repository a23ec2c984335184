"""The numbers of a study against scipy, closed forms and numbers worked out by hand."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from brainmodel.study.analysis import (
    REST,
    SEEDS,
    by_seed,
    over_seeds,
    paired,
    sums_of_squares,
    variance_shares,
    verdict,
)

BY_HAND = np.array([[[1.0, 3.0], [5.0, 7.0]], [[2.0, 4.0], [6.0, 8.0]]])  # [seed, rule, cell]


def random_scores(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape)


def test_a_mean_has_the_interval_of_students_t() -> None:
    values = np.array([0.2, 0.5, 0.9, 0.4])
    found = over_seeds(values)
    ends = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert found is not None and (found.low, found.high) == pytest.approx(ends)
    assert found.value == pytest.approx(0.5) and found.brains == 4


def test_a_level_is_the_mean_of_its_cells_in_each_seed() -> None:
    assert by_seed(BY_HAND, 1, 0).tolist() == [2.0, 3.0]
    assert by_seed(BY_HAND, 2, 1).tolist() == [5.0, 6.0]


def test_levels_are_compared_seed_by_seed() -> None:
    scores = random_scores(5, 3, 2)
    found = paired(scores, 1, 2, 0)
    one, other = scores[:, 2].mean(1), scores[:, 0].mean(1)
    expected: Any = stats.ttest_rel(one, other)
    assert found is not None and found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    loose: Any = stats.ttest_ind(one, other)
    assert found.p != pytest.approx(loose.pvalue), "the control: without pairs it is another"


def test_a_seed_that_lacks_a_cell_does_not_count_where_the_cell_would() -> None:
    scores = random_scores(4, 2, 2)
    holed = scores.copy()
    holed[1, 0, 1] = np.nan
    whole, missing = scores[[0, 2, 3]], over_seeds(by_seed(holed, 1, 0))
    assert missing == over_seeds(by_seed(whole, 1, 0)) and missing is not None
    assert over_seeds(by_seed(holed, 1, 1)) == over_seeds(by_seed(scores, 1, 1))
    assert paired(holed, 1, 0, 1) == paired(whole, 1, 0, 1)
    assert variance_shares(holed, 50) == variance_shares(whole, 50)
    assert over_seeds(np.full(3, np.nan)) is None


def test_sums_of_squares_are_those_worked_out_by_hand() -> None:
    # means 2.5, 6.5 of rules; 3.5, 5.5 of cells; 4, 5 of seeds; nothing interacts
    found = sums_of_squares(BY_HAND)
    assert found[(1,)] == pytest.approx(8 * 2.0**2)
    assert found[(2,)] == pytest.approx(8 * 1.0**2)
    assert found[(1, 2)] == pytest.approx(0)
    assert found[SEEDS] == pytest.approx(8 * 0.5**2)
    assert found[REST] == pytest.approx(0)


def test_sums_of_squares_are_those_of_nested_least_squares() -> None:
    scores = random_scores(4, 3, 2)
    seed, rule, cell = (axis.ravel() for axis in np.indices(scores.shape))

    def dummies(*labels: np.ndarray) -> np.ndarray:
        joint = np.sum([label * 10**k for k, label in enumerate(labels)], axis=0)
        return (joint[:, None] == np.unique(joint)).astype(float)

    def left(*designs: np.ndarray) -> float:
        design = np.hstack(designs)
        fitted = design @ np.linalg.lstsq(design, scores.ravel(), rcond=None)[0]
        return float(np.square(scores.ravel() - fitted).sum())

    seeds, rules, cells = dummies(seed), dummies(rule), dummies(cell)
    found = sums_of_squares(scores)
    assert found[(1,)] == pytest.approx(left(seeds, cells) - left(seeds, rules, cells))
    assert found[(1, 2)] == pytest.approx(
        left(seeds, rules, cells) - left(seeds, dummies(rule, cell))
    )
    assert found[REST] == pytest.approx(left(seeds, dummies(rule, cell)))
    assert sum(found.values()) == pytest.approx(float(np.square(scores - scores.mean()).sum()))


def test_with_two_levels_the_test_of_a_share_is_the_paired_t_test() -> None:
    scores = random_scores(6, 2)
    shares = {share.effect: share for share in variance_shares(scores, 50)}
    expected: Any = stats.ttest_rel(scores[:, 0], scores[:, 1])
    assert shares[(1,)].p == pytest.approx(expected.pvalue)
    assert sum(share.share for share in shares.values()) == pytest.approx(1)


def test_the_interval_of_a_share_is_that_of_whole_seeds_drawn_anew() -> None:
    scores = random_scores(3, 2, 2)
    (share,) = [s for s in variance_shares(scores, 4000) if s.effect == (1,)]
    every = [scores[[i, j, k]] for i in range(3) for j in range(3) for k in range(3)]
    shares = []
    for drawn in every:  # the 27 draws of three seeds, each as likely
        effect = drawn.mean((0, 2)) - drawn.mean()
        shares.append(6 * np.square(effect).sum() / np.square(drawn - drawn.mean()).sum())
    ends = np.quantile(np.repeat(shares, 1000), [0.025, 0.975])
    assert (share.low, share.high) == pytest.approx(tuple(ends), abs=0.02)


def test_without_variance_or_seeds_nothing_is_claimed() -> None:
    assert variance_shares(np.ones((3, 2))) == []
    assert over_seeds(np.full(3, 0.1 + 0.2)) == over_seeds(np.array([0.3, 0.1 + 0.2, 0.3]))
    single = variance_shares(random_scores(1, 2, 2))
    assert all(share.low is None and share.p is None for share in single)
    one = paired(random_scores(1, 2), 1, 0, 1)
    assert verdict(one, "a", "b") == "cannot tell"


def test_what_is_measured_may_be_as_small_as_it_likes() -> None:
    """Squared distances of a millionth are told as those of a metre are."""
    scores = random_scores(4, 3, 2)
    plain, small = (variance_shares(scale * scores, 50) for scale in (1.0, 1e-7))
    assert [share.p for share in small] == [pytest.approx(share.p) for share in plain]
    assert sum(share.p is not None for share in small) == 3


def test_a_verdict_needs_an_interval_without_zero() -> None:
    base = np.array([0.0, 0.1, -0.1, 0.05])
    shown = {
        shift: verdict(over_seeds(base + shift), "above", "below") for shift in (1.0, 0.0, -1.0)
    }
    assert shown == {1.0: "above", 0.0: "cannot tell", -1.0: "below"}
