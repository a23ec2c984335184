"""Encoding: planted maps, scikit-learn, leave-one-out by hand, leakage, ranks."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from brainmodel.probing.metrics import (
    Metric,
    PLSEncoding,
    Procrustes,
    ReducedRankEncoding,
    Responses,
    RidgeEncoding,
    grouped_folds,
    refuse_leakage,
)
from brainmodel.probing.metrics.comparisons.ridge import (
    choose_penalties,
    decompose,
    leave_out,
    predict,
)
from brainmodel.probing.metrics.reduced_rank import communication, predict_ranks
from brainmodel.probing.metrics.ridge_encoding import predict_held_out


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def once(mean: np.ndarray) -> Responses:
    return Responses(mean[:, None], np.arange(len(mean)))


@pytest.mark.parametrize(("samples", "units"), [(60, 20), (40, 90)])
def test_predictions_are_those_of_scikit_learn(samples: int, units: int) -> None:
    features, targets = drawn(samples, units), drawn(samples, 7, seed=1)
    train, test = features[:-10], features[-10:]
    penalties = np.array([0.1, 1, 10, 100, 1, 2, 3.0])
    sklearn: Any = Ridge  # its stubs know of one penalty only
    expected = sklearn(alpha=penalties).fit(train, targets[:-10]).predict(test)
    found = predict(decompose(train, test), targets[:-10], penalties)
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("samples", "units"), [(60, 20), (40, 90)])
def test_penalties_are_those_that_leave_one_out_chooses(samples: int, units: int) -> None:
    features = drawn(samples, units)
    targets = features @ drawn(units, 6, seed=2) + np.geomspace(0.1, 100, 6) * drawn(samples, 6)
    grid = np.geomspace(1e-2, 1e4, 13)
    fitted = RidgeCV(alphas=grid, alpha_per_target=True).fit(features, targets)
    expected = np.asarray(fitted.alpha_, dtype=float)
    parts = decompose(features, features[:1])
    assert choose_penalties(
        parts, targets, leave_out(parts, np.arange(samples), grid), grid
    ) == pytest.approx(expected)
    assert len(np.unique(expected)) > 2  # the control: they differ


def test_penalties_of_groups_are_those_of_refitting_without_each_group() -> None:
    features, targets = drawn(48, 30), drawn(48, 5, seed=1)
    targets += features[:, :5] * np.array([0, 0.3, 1, 3, 9])
    groups = np.repeat(np.arange(8), [6, 6, 3, 9, 1, 6, 9, 8])
    grid = np.geomspace(0.1, 1e3, 9)
    errors = np.zeros((9, 5))
    for index, penalty in enumerate(grid):
        for group in range(8):
            out = groups == group
            fitted = Ridge(alpha=penalty).fit(features[~out], targets[~out])
            errors[index] += ((fitted.predict(features[out]) - targets[out]) ** 2).sum(0)
    parts = decompose(features, features[:1])
    found = choose_penalties(parts, targets, leave_out(parts, groups, grid), grid)
    assert found == pytest.approx(grid[errors.argmin(0)])


def test_a_planted_linear_map_scores_its_planted_correlation() -> None:
    features = drawn(3000, 20)
    signal = features @ drawn(20, 6, seed=1)
    share = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.95])  # r squared
    noise = drawn(3000, 6, seed=2) * signal.std(0) * np.sqrt(1 / share - 1)
    for metric in (RidgeEncoding(), PLSEncoding(10)):
        found = metric(features, once(signal + noise)).neurons
        assert found is not None
        assert found**2 == pytest.approx(share, abs=0.03)


def test_pls_does_not_depend_on_the_order_of_neurons_or_units() -> None:
    features = drawn(120, 60)
    targets = features @ drawn(60, 20, seed=1) / 8 + 2 * drawn(120, 20, seed=2)
    found = PLSEncoding()(features, once(targets))
    neurons = np.random.default_rng(0).permutation(20)
    other = PLSEncoding()(features[:, ::-1], once(targets[:, neurons]))
    assert found.neurons is not None and other.neurons is not None
    np.testing.assert_allclose(other.neurons, found.neurons[neurons], rtol=0, atol=1e-12)


def test_pls_of_units_that_repeat_each_other_is_that_of_each_once() -> None:
    """Components beyond the dimensions of the units would be fitted to rounding."""
    features, mixed = drawn(80, 6), np.linalg.qr(drawn(30, 30, seed=3))[0][:6]
    targets = features @ drawn(6, 4, seed=1) + 2 * drawn(80, 4, seed=2)
    expected = PLSEncoding(6)(features, once(targets)).value
    for more in (np.tile(features, 5), features @ mixed):
        assert PLSEncoding(20)(more, once(targets)).value == pytest.approx(expected, abs=1e-9)
    fewer = PLSEncoding(1)(features, once(targets)).value
    assert abs(expected - fewer) > 1e-3  # the control: components count


def test_independent_noise_scores_zero_on_average() -> None:
    values = [
        RidgeEncoding()(drawn(100, 40, seed=seed), once(drawn(100, 10, seed=seed + 500))).value
        for seed in range(40)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(40)
    shared = drawn(100, 40)
    found = RidgeEncoding()(shared, once(shared[:, :10] + 2 * drawn(100, 10, seed=1))).value
    assert found > 3 * np.std(values) / np.sqrt(40)  # the control: a weak relation is seen


def test_folds_keep_groups_together_and_are_of_like_size() -> None:
    groups = np.repeat(np.arange(20), 7)
    fold_of = grouped_folds(groups, 5)
    assert all(len(np.unique(fold_of[groups == group])) == 1 for group in range(20))
    assert np.bincount(fold_of).tolist() == [28] * 5
    assert not np.array_equal(fold_of, grouped_folds(groups, 5, seed=1))


def test_neighbouring_frames_leak_only_where_groups_are_not_told() -> None:
    paths = np.cumsum(drawn(20, 40, 1), axis=1)  # slow noise: neighbours are alike
    features = np.cumsum(drawn(20, 40, 60, seed=1), axis=1).reshape(800, 60)
    repeats = paths.reshape(800, 1, 1)
    grouped = RidgeEncoding()(features, Responses(repeats, np.repeat(np.arange(20), 40))).value
    leaking = RidgeEncoding()(features, Responses(repeats, np.arange(800))).value
    assert abs(grouped) < 0.35
    assert leaking > 0.7


def test_frames_shown_in_two_folds_are_refused() -> None:
    frames = drawn(10, 4, 4)
    fold_of = np.arange(10) % 5
    refuse_leakage(frames, fold_of)  # the control: no frame twice
    frames[7] = frames[1]
    refuse_leakage(frames, np.where(fold_of == 2, 1, fold_of))  # twice, in one fold
    with pytest.raises(ValueError, match=r"stimuli 1 and 7 are the same frame in folds 1 and 2"):
        refuse_leakage(frames, fold_of)


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(ValueError, match=r"folds is 5 and there are 3 groups"):
        RidgeEncoding()(drawn(30, 4), Responses(drawn(30, 1, 2), np.repeat(np.arange(3), 10)))


@pytest.mark.parametrize("metric", [RidgeEncoding(), PLSEncoding(2), Procrustes()])
def test_folds_of_one_or_two_stimuli_are_refused(metric: Metric[Any, Any]) -> None:
    """One does not correlate with anything, two always do."""
    for samples, left in ((5, 1), (8, 1), (14, 2)):
        with pytest.raises(ValueError, match=rf"5 and {samples} samples leave {left} in a fold"):
            metric(drawn(samples, 4), once(drawn(samples, 3)))
    assert np.isfinite(metric(drawn(15, 4), once(drawn(15, 3))).value)


def test_the_planted_rank_of_communication_is_found() -> None:
    source = drawn(600, 40)
    target = source @ drawn(40, 3, seed=1) @ drawn(3, 25, seed=2) + 3 * drawn(600, 25, seed=3)
    found = communication(source, target, range(1, 9))
    assert found.rank == 3
    full = source @ drawn(40, 25, seed=1) + drawn(600, 25, seed=3)
    assert communication(source, full, range(1, 9)).rank == 8  # the control


def test_a_rank_that_limits_nothing_changes_nothing() -> None:
    features, responses = drawn(120, 30), once(drawn(120, 6, seed=1) + drawn(120, 6))
    ridge = RidgeEncoding()
    model = ridge.model_side(features, responses.groups)
    plain = predict_held_out(model, responses.mean)
    assert predict_ranks(model, responses.mean, [6])[0] == pytest.approx(plain)
    assert ReducedRankEncoding(6)(features, responses).value == pytest.approx(
        ridge(features, responses).value
    )
    low = ReducedRankEncoding(1)(features, responses).value
    assert low != pytest.approx(ridge(features, responses).value, abs=1e-6)


def test_units_that_never_vary_are_refused() -> None:
    with pytest.raises(ValueError, match=r"none of the 4 model units varies"):
        RidgeEncoding()(np.ones((30, 4)), once(drawn(30, 2)))
