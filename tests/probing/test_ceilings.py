"""Ceilings of simulated repeats equal what the simulation's variances say."""

import numpy as np
import pytest

from brainmodel.probing.metrics import CKA, RSA, Metric, Responses, RidgeEncoding, WhitenedRSA
from brainmodel.probing.recordings import DissimilarityData
from brainmodel.probing.scores import explainable, ncsnr, split_half_ceiling, subject_ceiling
from brainmodel.probing.scores.ceilings.split_half import halves
from brainmodel.probing.scores.neurons import snr_ceiling

RATIO = np.array([0.3, 0.6, 1.0, 2.0])  # of the deviations of signal and noise


def simulated(samples: int, repeats: int, ragged: bool = False) -> tuple[np.ndarray, Responses]:
    random = np.random.default_rng(0)
    signal = random.standard_normal((samples, 4)) * RATIO
    values = signal[:, None] + random.standard_normal((samples, repeats, 4))
    if ragged:
        count = random.integers(2, repeats + 1, samples)
        values[np.arange(repeats) >= count[:, None]] = np.nan
    return signal, Responses(values, np.arange(samples))


@pytest.mark.parametrize("ragged", [False, True])
def test_ncsnr_is_the_ratio_of_deviations(ragged: bool) -> None:
    _, responses = simulated(4000, 6, ragged)
    assert ncsnr(responses) == pytest.approx(RATIO, abs=0.04)


def test_neurons_without_noise_and_without_signal_have_an_ncsnr_too() -> None:
    """A neuron that fired once, to a stimulus that was shown once, has no noise that is known."""
    _, responses = simulated(20, 3)
    values = responses.repeats.copy()
    values[5, 1:] = np.nan
    values[..., 1] = np.where(np.isnan(values[..., 1]), np.nan, 0)
    values[5, 0, 1] = 3
    values[..., 2] = np.where(np.isnan(values[..., 2]), np.nan, 7)
    found = ncsnr(Responses(values, responses.groups))
    assert found[1:3].tolist() == [np.inf, 0]
    assert explainable(found, 3)[1:3].tolist() == [1, 0]
    median, encoding = snr_ceiling([Responses(values[..., :3], responses.groups)])
    shares = explainable(found[:3], 1 / (1 / np.isfinite(values[..., 0]).sum(1)).mean())
    assert (median, encoding) == pytest.approx((found[0], np.sqrt(shares).mean()))
    assert snr_ceiling([Responses(values[..., 1:2], responses.groups)]) == (None, 1)


def test_split_halves_give_the_analytic_ceiling() -> None:
    _, responses = simulated(4000, 6)
    reliability = RATIO**2 / (RATIO**2 + 1 / 6)
    found = split_half_ceiling(RidgeEncoding(), responses)
    assert found.high == pytest.approx(np.sqrt(reliability).mean(), abs=0.01)
    assert found.low == pytest.approx((RATIO**2 / (RATIO**2 + 1 / 3)).mean(), abs=0.015)
    assert explainable(ncsnr(responses), 6) == pytest.approx(reliability, abs=0.02)


def test_a_model_unlike_the_neurons_stays_below_the_ceiling() -> None:
    signal, responses = simulated(500, 6)
    other = np.random.default_rng(5).standard_normal(signal.shape)
    for metric in (RidgeEncoding(), RSA("euclidean"), CKA()):
        ceiling = split_half_ceiling(metric, responses)
        half = metric(signal + 2 * RATIO * other, responses).value
        assert abs(metric(other, responses).value) < 0.1
        assert 0.1 < half < ceiling.high - 0.1


@pytest.mark.parametrize("counts", [(4, 4), (2, 6)])
def test_split_halves_of_ragged_repeats_give_the_analytic_ceiling(counts: tuple[int, int]) -> None:
    """Halves of n repeats have a noise of 1 / (n / 2): their covariance is the signal's."""
    _, responses = simulated(40_000, max(counts))
    values = responses.repeats.copy()
    values[::2, counts[0] :] = np.nan
    found = split_half_ceiling(RidgeEncoding(), Responses(values, responses.groups))
    half = RATIO**2 / (RATIO**2 + np.mean([2 / n for n in counts]))
    assert found.low == pytest.approx(half.mean(), abs=0.01)
    assert found.high == pytest.approx(np.sqrt(2 * half / (1 + half)).mean(), abs=0.01)


def test_ragged_halves_use_every_repeat_once_and_differ_by_one_at_most() -> None:
    values = np.full((5, 7, 1), np.nan)
    for sample, count in enumerate([2, 3, 4, 5, 7]):
        values[sample, :count] = 2.0 ** np.arange(count)[:, None]
    for first, second in halves(Responses(values, np.arange(5)), 10, seed=0):
        for sample, count in enumerate([2, 3, 4, 5, 7]):
            sizes = (count + 1) // 2, count // 2
            total = first[sample] * sizes[0] + second[sample] * sizes[1]
            assert total[0] == pytest.approx(2.0**count - 1)


@pytest.mark.parametrize("metric", [RidgeEncoding(), RSA("euclidean"), CKA()])
def test_a_model_equal_to_the_noiseless_neurons_scores_the_ceiling(
    metric: Metric[np.ndarray, np.ndarray],
) -> None:
    signal, responses = simulated(500, 6)
    ceiling = split_half_ceiling(metric, responses)
    assert metric(signal, responses).value == pytest.approx(ceiling.high, abs=0.03)
    assert ceiling.low < ceiling.high - 0.03


@pytest.mark.parametrize(
    ("metric", "snr"),
    [(RSA("euclidean"), 0.3), (WhitenedRSA(), 0.1)],
    ids=["euclidean", "whitened"],
)
def test_ceilings_of_matrices_are_right_on_average_where_noise_is_larger_than_signal(
    metric: Metric[np.ndarray, np.ndarray], snr: float
) -> None:
    """A halving that finds no signal, or less, counts as that and does not decide alone."""
    high, scores = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        signal = snr * random.standard_normal((60, 30))
        repeats = signal[:, None] + random.standard_normal((60, 6, 30))
        responses = Responses(repeats, np.arange(60))
        high.append(split_half_ceiling(metric, responses, draws=10).high)
        scores.append(metric(signal, responses).value)
    assert np.mean(high) == pytest.approx(np.mean(scores), abs=0.04)


def test_subjects_with_one_true_matrix_bound_its_score() -> None:
    random = np.random.default_rng(0)
    true = random.random((30, 30))
    noisy = [(m := true + random.standard_normal((30, 30))) + m.T for _ in range(6)]
    matrices = np.stack([m * (1 - np.eye(30)) for m in noisy])
    names = np.array([f"p{k}" for k in range(6)])
    stimuli = np.arange(30).astype(str)
    data = DissimilarityData(matrices, np.array(["IT"] * 6), stimuli, "r", subjects=names)
    low, high = subject_ceiling(data, "corr")
    upper = np.triu_indices(30, 1)
    score = np.mean([np.corrcoef((true + true.T)[upper], pairs)[0, 1] for pairs in data.pairs])
    assert low < score < high


def test_fewer_than_two_repeats_or_subjects_are_refused() -> None:
    _, responses = simulated(20, 1)
    with pytest.raises(ValueError, match=r"only 0 stimuli have 2 repeats or more"):
        split_half_ceiling(CKA(), responses)
    with pytest.raises(ValueError, match=r"4 neurons have no stimulus with 2 repeats"):
        ncsnr(responses)
    one = DissimilarityData(np.zeros((1, 3, 3)), np.array(["IT"]), np.arange(3), "r", "file.mat")
    with pytest.raises(ValueError, match=r"file.mat: 1 matrix, and a ceiling needs 2"):
        subject_ceiling(one)
