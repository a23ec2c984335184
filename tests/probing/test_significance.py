"""Permutation p, false discovery rate, bootstrap weights."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chi2, false_discovery_control, kstest, norm

from brainmodel.probing.metrics import CKA, RSA, Metric, Responses, RidgeEncoding, SubjectMean
from brainmodel.probing.statistics import (
    false_discovery_rate,
    interval,
    orders,
    orders_there_are,
    p_value,
    stimulus_weights,
    tail_p,
)


@pytest.mark.parametrize("metric", [RSA("euclidean"), CKA(), RidgeEncoding(3, [0.01, 1.0])])
@pytest.mark.slow
def test_p_is_uniform_where_nothing_is_shared(metric: Metric[np.ndarray, np.ndarray]) -> None:
    random = np.random.default_rng(0)
    found = []
    for seed in range(200):
        model, brain = random.standard_normal((36, 8)), random.standard_normal((36, 5))
        comparison = metric(model, Responses(brain[:, None], np.arange(36)))
        null = comparison.permuted(orders(np.arange(36), 39, seed))
        found.append(p_value(comparison.value, null))
    assert kstest(np.array(found) - 1 / 80, "uniform").pvalue > 0.01
    assert 0.01 < np.mean(np.array(found) <= 0.05) < 0.1


def test_p_is_small_where_something_is_shared() -> None:
    random = np.random.default_rng(0)
    model = random.standard_normal((40, 8))
    brain = model[:, :5] + random.standard_normal((40, 5))
    comparison = CKA()(model, Responses(brain[:, None], np.arange(40)))
    assert p_value(comparison.value, comparison.permuted(orders(np.arange(40), 99, 0))) == 0.01


def test_frames_of_a_movie_move_together() -> None:
    groups = np.repeat(np.arange(6), 5)
    for order in orders(groups, 20, seed=0):
        assert sorted(order) == list(range(30))
        blocks = order.reshape(6, 5)
        assert (np.diff(blocks, axis=1) == 1).all()
        assert (blocks[:, 0] % 5 == 0).all()
    assert len(np.unique(orders(groups, 20, seed=0), axis=0)) > 10


@pytest.mark.parametrize(
    ("groups", "expected"),
    [([0, 1, 2], 6), ([0, 0, 1, 1, 2, 2, 2, 3, 3], 6), ([0, 0, 1, 1, 2, 3], 4)],
)
def test_p_is_no_smaller_than_one_of_the_orders_that_there_are(
    groups: list[int], expected: int
) -> None:
    """Movies of a length change places; the expected orders are written out."""
    names, sizes = np.unique(groups, return_counts=True)
    written = [o for o in permutations(names) if sizes[list(o)].tolist() == sizes.tolist()]
    assert orders_there_are(np.array(groups)) == pytest.approx(len(written)) == expected
    null = np.random.default_rng(0).standard_normal(1000)
    assert tail_p(5.0, null, orders_there_are(np.array(groups))) == pytest.approx(1 / expected)
    assert tail_p(5.0, null) < 1e-4  # the control
    assert tail_p(5.0, np.zeros(9), 2) == 0.5


def test_p_follows_the_tail_of_a_skewed_null() -> None:
    """Sums of squares are of Pearson's type III, so the tail is that of chi squared itself."""
    null = np.random.default_rng(0).chisquare(3, 20_000)
    for value in (15.0, 25.0):
        assert tail_p(value, null) == pytest.approx(chi2.sf(value, 3), rel=0.4)
        assert norm.sf((value - 3) / np.sqrt(6)) < 0.1 * chi2.sf(value, 3)  # without its skewness


def test_an_interval_lies_around_the_value_as_draws_do_around_their_mean() -> None:
    draws = 5 + np.arange(-100, 101) / 100
    assert interval(0.3, draws) == pytest.approx((0.3 - 0.95, 0.3 + 0.95))


def test_one_movie_cannot_be_permuted() -> None:
    with pytest.raises(ValueError, match=r"1 groups of sizes \[30\] cannot be permuted"):
        orders(np.zeros(30, int), 10, 0)


def test_q_is_that_of_scipy_and_leaves_gaps() -> None:
    p = np.random.default_rng(0).random(50) ** 3
    assert false_discovery_rate(p) == pytest.approx(false_discovery_control(p))
    gapped = np.insert(p, 4, np.nan)
    assert np.isnan(false_discovery_rate(gapped)[4])
    assert np.delete(false_discovery_rate(gapped), 4) == pytest.approx(false_discovery_control(p))


def test_bootstrap_draws_groups_whole() -> None:
    groups = np.repeat(np.arange(10), 3)
    weights = stimulus_weights(groups, 50, seed=0)
    assert (weights.sum(1) == 30).all()
    assert (weights.reshape(50, 10, 3) == weights[:, ::3, None]).all()
    assert weights.max() > 1


def test_the_spread_over_subjects_counts() -> None:
    random = np.random.default_rng(0)
    model = random.standard_normal((60, 8))
    alike, unlike = [], []
    for level in (1.0, 1.0, 1.0, 1.0), (0.1, 0.5, 2.0, 8.0):
        found = alike if level[0] == level[1] else unlike
        for noise in level:
            brain = model + noise * random.standard_normal((60, 8))
            found.append(CKA()(model, Responses(brain[:, None], np.arange(60))))
    same = np.ones((400, 60))
    spread, none = (SubjectMean(found, 0).reweighted(same).std() for found in (unlike, alike))
    assert spread > 5 * none
