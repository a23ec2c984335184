"""RSA, CKA and Procrustes against rsatoolbox, closed forms and what is known of noise."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import ortho_group

from brainmodel.probing.metrics import (
    CKA,
    RSA,
    CrossnobisRSA,
    Metric,
    Procrustes,
    Responses,
    SpearmanRSA,
    WhitenedRSA,
)
from brainmodel.probing.metrics.crossnobis_rsa import _deal, crossnobis, noise_precision
from brainmodel.probing.metrics.procrustes import procrustes_distance
from brainmodel.probing.statistics import interval, stimulus_weights

data: Any = pytest.importorskip("rsatoolbox.data")
rdm: Any = pytest.importorskip("rsatoolbox.rdm")


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def once(mean: np.ndarray) -> Responses:
    return Responses(mean[:, None], np.arange(len(mean)))


@pytest.mark.parametrize(
    ("metric", "distance", "method"),
    [
        (RSA(), "correlation", "corr"),
        (RSA("euclidean"), "euclidean", "corr"),
        (SpearmanRSA(), "correlation", "spearman"),
        (WhitenedRSA(), "euclidean", "cosine_cov"),
    ],
)
def test_rsa_gives_the_numbers_of_rsatoolbox(
    metric: Metric[np.ndarray, np.ndarray], distance: str, method: str
) -> None:
    model, brain = drawn(40, 20), drawn(40, 15, seed=1)
    rdms = [rdm.calc_rdm(data.Dataset(side), method=distance) for side in (model, brain)]
    expected = rdm.compare(*rdms, method=method)[0, 0]
    comparison = metric(model, once(brain))
    assert comparison.value == pytest.approx(expected, abs=1e-12)
    # a second route: the matrix products that serve the bootstrap
    assert comparison.reweighted(np.ones((1, 40)))[0] == pytest.approx(expected, abs=1e-9)


def test_a_rotated_scaled_shifted_copy_has_cka_1_and_procrustes_0() -> None:
    model = drawn(80, 12)
    rotated = 3 * model @ ortho_group.rvs(12, random_state=0) + 5
    assert CKA()(model, once(rotated)).value == pytest.approx(1, abs=1e-9)
    assert Procrustes()(model, once(rotated)).value == pytest.approx(0, abs=1e-6)
    assert procrustes_distance(model, rotated) == pytest.approx(0, abs=1e-6)
    stretched = rotated * np.linspace(0.1, 3, 12)  # the control: no rotation
    assert CKA()(model, once(stretched)).value < 0.95
    assert procrustes_distance(model, stretched) > 0.1


def test_debiased_cka_of_noise_is_zero_where_the_biased_one_is_a_third() -> None:
    debiased, biased = [], []
    for seed in range(40):
        a, b = drawn(100, 50, seed=seed), drawn(100, 50, seed=seed + 1000)
        debiased.append(CKA()(a, once(b)).value)
        a, b = a - a.mean(0), b - b.mean(0)
        shared = np.linalg.norm(a.T @ b) ** 2
        biased.append(shared / np.linalg.norm(a.T @ a) / np.linalg.norm(b.T @ b))
    assert abs(np.mean(debiased)) < 3 * np.std(debiased) / np.sqrt(40)
    assert np.mean(biased) == pytest.approx(1 / 3, abs=0.02)


def test_procrustes_on_held_out_stimuli_does_not_rotate_noise_onto_noise() -> None:
    a, b = drawn(100, 50), drawn(100, 50, seed=1)
    assert Procrustes()(a, once(b)).value == pytest.approx(np.pi / 2, abs=0.15)
    assert procrustes_distance(a, b) < 1.1  # the control: not held out, noise looks alike


def test_crossnobis_distances_are_the_true_ones_where_naive_ones_are_inflated() -> None:
    true = drawn(12, 20)
    noise = drawn(12, 400, 20, seed=1) * 3
    found = crossnobis(Responses(true[:, None] + noise, np.arange(12)))
    differences = true[:, None] - true[None]
    expected = (differences**2).mean(2)[np.triu_indices(12, 1)] / 9  # noise variance 9
    assert found == pytest.approx(expected, abs=0.08)
    equal = crossnobis(Responses(noise, np.arange(12)))
    assert abs(equal.mean()) < 0.01


def test_crossnobis_is_the_product_of_differences_in_either_half() -> None:
    """d_ij = (a_i - a_j)' S^-1 (b_i - b_j) / neurons, repeats a, b; scored by rsatoolbox."""
    repeats = drawn(15, 1, 6) + 0.5 * drawn(15, 2, 6, seed=1)
    responses = Responses(repeats, np.arange(15))
    precision, rows = noise_precision(responses), np.triu_indices(15, 1)
    dealt = np.argsort(_deal(responses.shown, 2, 0), axis=1)
    halves = np.take_along_axis(repeats, dealt[:, :, None], axis=1)
    first, second = (halves[rows[0], k] - halves[rows[1], k] for k in (0, 1))
    expected = np.einsum("pi,ij,pj->p", first, precision, second) / 6
    assert crossnobis(responses) == pytest.approx(expected, abs=1e-10)
    model = drawn(15, 9, seed=2)
    sides = [rdm.calc_rdm(data.Dataset(model), method="euclidean"), rdm.RDMs(expected[None])]
    score = rdm.compare(*sides, method="cosine_cov")[0, 0]
    assert CrossnobisRSA()(model, responses).value == pytest.approx(score, abs=1e-9)


def test_crossnobis_of_one_neuron_is_refused() -> None:
    one = Responses(drawn(12, 4, 1), np.arange(12))
    with pytest.raises(ValueError, match=r"1 neuron has no noise that it shares.*: bring 2 or"):
        CrossnobisRSA()(drawn(12, 5), one)


def test_too_few_repeats_for_crossnobis_are_refused() -> None:
    with pytest.raises(ValueError, match=r"has 1 repeats and crossnobis needs 2"):
        crossnobis(once(drawn(10, 5)))


@pytest.mark.parametrize("metric", [RSA("euclidean"), CKA()])
def test_bootstrap_intervals_cover_the_true_score(metric: Metric[np.ndarray, np.ndarray]) -> None:
    mixing = drawn(10, 8, seed=7)
    big = drawn(3000, 10, seed=8)
    noise = drawn(3000, 8, seed=9)
    true = metric(big[:1500], once((big @ mixing + 2 * noise)[:1500])).value
    covered = 0
    for seed in range(60):
        model = drawn(80, 10, seed=100 + seed)
        brain = model @ mixing + 2 * drawn(80, 8, seed=500 + seed)
        comparison = metric(model, once(brain))
        draws = comparison.reweighted(stimulus_weights(np.arange(80), 300, seed))
        low, high = interval(comparison.value, draws)
        covered += low <= true <= high
    assert 49 <= covered <= 60  # 95 % of 60 is 57


def test_flat_patterns_are_refused_by_correlation_distance() -> None:
    model = drawn(20, 6)
    RSA()(model, once(drawn(20, 5)))  # the control
    model[3] = 1.0
    with pytest.raises(ValueError, match=r"1 patterns are flat"):
        RSA()(model, once(drawn(20, 5)))
