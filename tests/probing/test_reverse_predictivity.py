"""Reverse predictivity: planted dimensions, scikit-learn, literal permutations."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from brainmodel.probing.activity import Source
from brainmodel.probing.metrics import (
    Responses,
    ReversePredictivity,
    RidgeEncoding,
    grouped_folds,
)
from brainmodel.probing.recordings import Recording
from brainmodel.probing.scores import Scoring, score_models
from tests.probing.brains import known

SAMPLES = 300


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def once(mean: np.ndarray) -> Responses:
    return Responses(mean[:, None], np.arange(len(mean)))


def test_units_that_are_linear_in_neurons_score_one() -> None:
    neurons = drawn(SAMPLES, 12)
    found = ReversePredictivity()(neurons @ drawn(12, 30, seed=1), once(neurons))
    assert found.value == pytest.approx(1, abs=1e-6)
    assert found.units is not None and found.units.shape == (30,)  # type: ignore[attr-defined]
    unrelated = ReversePredictivity()(drawn(SAMPLES, 30, seed=2), once(neurons)).value
    assert abs(unrelated) < 0.1, "a control"


def test_dimensions_that_only_the_model_has_show_in_reverse_and_not_in_encoding() -> None:
    shared, own = drawn(SAMPLES, 6), drawn(SAMPLES, 14, seed=1)
    neurons = once(shared @ drawn(6, 25, seed=2))
    everything = np.concatenate([shared, own], axis=1)
    reverse = ReversePredictivity()(everything, neurons)
    assert RidgeEncoding()(everything, neurons).value == pytest.approx(1, abs=1e-3)
    assert reverse.value == pytest.approx(6 / 20, abs=0.04)  # the others: r of chance
    assert reverse.units[:6].min() > 0.999 and np.abs(reverse.units[6:]).max() < 0.25  # type: ignore[attr-defined]
    assert ReversePredictivity()(shared, neurons).value > 0.999, "a control"


def test_dimensions_that_only_the_brain_has_show_in_encoding_and_not_in_reverse() -> None:
    shared, own = drawn(SAMPLES, 6), drawn(SAMPLES, 6, seed=1)
    neurons = once(np.concatenate([shared, own], axis=1))
    assert ReversePredictivity()(shared, neurons).value > 0.999
    assert RidgeEncoding()(shared, neurons).value == pytest.approx(0.5, abs=0.06)  # likewise


def test_two_views_of_the_same_dimensions_are_as_good_both_ways() -> None:
    """As one monkey and another: the asymmetry is no property of the method."""
    hidden = drawn(SAMPLES, 8)
    one, other = (
        hidden @ drawn(8, 20, seed=k) + 0.7 * drawn(SAMPLES, 20, seed=k + 9) for k in (1, 2)
    )
    forward, reverse = RidgeEncoding()(one, once(other)), ReversePredictivity()(one, once(other))
    drawn_apart = 0.02  # r: two draws of 20 directions do not hold the 8 equally well
    assert forward.value == pytest.approx(reverse.value, abs=drawn_apart) and forward.value > 0.8


def test_scores_are_those_of_scikit_learns_ridge() -> None:
    neurons = drawn(SAMPLES, 12)
    units = neurons @ drawn(12, 5, seed=1) + 3 * drawn(SAMPLES, 5, seed=2)
    groups = np.repeat(np.arange(60), 5)
    found = ReversePredictivity(penalties=[0.3])(units, Responses(neurons[:, None], groups))
    penalty, fold_of = 0.3 * neurons.var(0).sum(), grouped_folds(groups, 5)
    expected = []
    for unit in units.T:
        for fold in range(5):
            test = fold_of == fold
            fit = Ridge(penalty).fit(neurons[~test], unit[~test])
            share = test.mean()
            guess = fit.predict(neurons[test])
            expected.append(share * np.corrcoef(guess, unit[test])[0, 1])
    assert found.value == pytest.approx(np.sum(expected) / 5)


def test_orders_are_those_of_the_brains_samples() -> None:
    """The literal way: the same metric of units in the order that makes the same pairs."""
    neurons = drawn(60, 6)
    units = neurons @ drawn(6, 4, seed=1) + drawn(60, 4, seed=2)
    order = np.random.default_rng(0).permutation(60)
    metric = ReversePredictivity()
    found = metric(units, once(neurons)).permuted(order[None])[0]
    paired = np.empty_like(units)
    paired[order] = units  # neuron order[i] is put beside unit i
    assert found == pytest.approx(metric(paired, once(neurons)).value)
    assert found != pytest.approx(metric(units[order], once(neurons)).value, abs=1e-3)


def test_units_that_do_not_vary_do_not_count_and_of_many_some_are_asked_about() -> None:
    neurons = drawn(SAMPLES, 12)
    units = neurons @ drawn(12, 40, seed=1) + 4 * drawn(SAMPLES, 40, seed=2)
    alive = ReversePredictivity()(units, once(neurons))
    with_dead = np.concatenate([np.full((SAMPLES, 9), 0.3), units], axis=1)
    assert ReversePredictivity()(with_dead, once(neurons)).value == pytest.approx(alive.value)
    some = ReversePredictivity(units=10)(units, once(neurons))
    assert len(some.units) == 10 and set(some.units.round(9)) < set(alive.units.round(9))  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="units is 0: give 1 or more"):
        ReversePredictivity(units=0)


def test_a_table_sets_trained_untrained_and_pixels_side_by_side_without_a_ceiling() -> None:
    shared, own = drawn(60, 1, 5), drawn(60, 1, 15, seed=1)
    values = (shared[:, 0] @ drawn(5, 8, seed=2))[:, None] + 0.3 * drawn(60, 3, 8, seed=3)
    names = np.array([f"image {k:02d}" for k in range(60)])
    recording = Recording(
        values.transpose(2, 0, 1)[..., None], np.array(["V4"] * 8), names, np.array([0, 0.1]), "Hz"
    )
    models = {
        Source("trained", "model", 5, "rate"): {"V1": shared},
        Source("untrained", "0", 0, "rate"): {"V1": np.concatenate([shared, own], axis=2)},
        Source("baseline", "pixels", None, "frames"): {"pixels": own},
    }
    scoring = Scoring([0, 0.1], bootstraps=50, permutations=19, halvings=5)
    rows = score_models(models, recording, {"reverse": ReversePredictivity()}, scoring)
    trained, untrained, pixels = rows
    assert trained.score > 0.9 > 0.5 > untrained.score > 0.1 > pixels.score
    assert trained.p == pytest.approx(0.05, abs=0.05) and trained.ceiling is None
    for row in rows:
        assert known(row.low) <= row.score <= known(row.high) and row.neurons == 8
        assert row.detail is not None and row.detail.neurons is None
